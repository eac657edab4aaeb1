/** One audit event that a detector reports on its own: a component of Auto Mode impersonated. */
export function impersonation({
  auditID = "11111111-2222-4333-8444-555555555555",
  at = Date.UTC(2026, 10, 22, 10),
} = {}): string {
  return JSON.stringify({
    ...{ kind: "Event", apiVersion: "audit.k8s.io/v1", level: "Metadata", auditID, stage: "ResponseComplete" },
    ...{ requestURI: "/api/v1/services", verb: "list", sourceIPs: ["203.0.113.9"] },
    user: { username: "mallory", groups: ["system:authenticated"] },
    impersonatedUser: { username: "eks-auto:coredns", groups: ["system:authenticated"] },
    objectRef: { resource: "services", apiVersion: "v1" },
    responseStatus: { code: 200 },
    requestReceivedTimestamp: new Date(at).toISOString(),
    annotations: { "authorization.k8s.io/decision": "allow" },
  });
}
