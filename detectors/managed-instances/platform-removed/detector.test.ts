import { describe, expect, it } from "vitest";
import type { AuditEvent } from "../../../schemas/events/k8s-audit/wire.ts";
import { auditEvent, hitOf, users } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const GROUPS: Readonly<Record<string, string>> = {
  customresourcedefinitions: "apiextensions.k8s.io",
  mutatingwebhookconfigurations: "admissionregistration.k8s.io",
  validatingwebhookconfigurations: "admissionregistration.k8s.io",
};
const CRD = "customresourcedefinitions";
const HOOK = "mutatingwebhookconfigurations";
const BINDING = "clusterrolebindings";

function write(verb: string, resource: string, name: string, more: Partial<AuditEvent> = {}, subresource?: string) {
  const apiGroup = GROUPS[resource] ?? "rbac.authorization.k8s.io";
  const objectRef = { resource, apiGroup, ...(name && { name }), ...(subresource && { subresource }) };
  return auditEvent({ verb, requestURI: "/apis/x", objectRef, responseStatus: { code: 200 }, ...more });
}

const argo = users.serviceAccount("argocd", "argocd-application-controller");

describe("managed-instances/platform-removed finds", () => {
  it.each<[string, string, string, string, string]>([
    ["a definition of Auto Mode deleted", "delete", CRD, "nodeclaims.karpenter.sh", "high"],
    ["a definition changed", "patch", CRD, "nodediagnostics.eks.amazonaws.com", "medium"],
    ["a definition of the network deleted", "delete", CRD, "cninodes.vpcresources.k8s.aws", "high"],
    ["all definitions deleted", "deletecollection", CRD, "", "high"],
    ["the webhook of load balancers deleted", "delete", HOOK, "eks-load-balancing-webhook", "high"],
    ["the webhook of Pod Identity changed", "update", HOOK, "pod-identity-webhook", "medium"],
    ["all webhooks deleted", "deletecollection", HOOK, "", "high"],
    ["a binding of EKS deleted", "delete", BINDING, "eks:addon-cluster-admin", "high"],
    ["a role of EKS changed", "patch", "clusterroles", "eks:node-manager", "medium"],
  ])("%s", (_, verb, resource, name, severity) => {
    expect(hitOf(detector, write(verb, resource, name))).toMatchObject({ severity, on: `${resource}/${name || "*"}` });
  });

  it("reads as what it is", () => {
    expect(hitOf(detector, write("delete", HOOK, "pod-identity-webhook"))?.sentence).toBe(
      "alice (role ClusterAdmin) deleted MutatingWebhookConfiguration pod-identity-webhook",
    );
    expect(hitOf(detector, write("deletecollection", HOOK, ""))?.reasons).toEqual(["EKS's own went with all others"]);
  });

  it.each<[string, Partial<AuditEvent>, string]>([
    ["refused", { responseStatus: { code: 403 } }, "medium"],
    ["a dry run", { requestURI: "/x?dryRun=All" }, "medium"],
    ["by GitOps", { user: argo }, "low"],
    [
      "by a certificate in the name of EKS",
      {
        user: {
          ...users.component("eks:x"),
          extra: { "authentication.kubernetes.io/credential-id": ["X509SHA256=00"] },
        },
      },
      "low",
    ],
    ["by a service account", { user: users.serviceAccount() }, "high"],
  ])("a removal %s", (_, more, severity) => {
    const hit = hitOf(detector, write("delete", CRD, "nodepools.karpenter.sh", more));
    expect(hit).toMatchObject({ severity, on: `${CRD}/nodepools.karpenter.sh` });
  });

  it("a webhook that the site lists", () => {
    const event = write("delete", HOOK, "istio-sidecar-injector");
    expect(hitOf(detector, event)).toBeUndefined();
    expect(hitOf(detector, event, { params: { webhooks: ["istio-sidecar-injector"] } })).toMatchObject({
      severity: "high",
    });
  });
});

describe("managed-instances/platform-removed stays quiet on", () => {
  it.each<[string, string, string, string, Partial<AuditEvent>]>([
    ["EKS that keeps its own", "patch", HOOK, "pod-identity-webhook", { user: users.component("eks:addon-manager") }],
    ["EKS that takes its own away", "delete", CRD, "nodepools.karpenter.sh", { user: users.serviceLinkedRole() }],
    ["a definition that is made", "create", CRD, "nodepools.karpenter.sh", { responseStatus: { code: 201 } }],
    [
      "one that is made by server-side apply",
      "patch",
      CRD,
      "nodepools.karpenter.sh",
      { responseStatus: { code: 201 } },
    ],
    ["somebody else's definition", "delete", CRD, "applications.argoproj.io", {}],
    ["a definition that only ends alike", "delete", CRD, "things.not-karpenter.sh", {}],
    ["somebody else's webhook", "delete", HOOK, "kyverno-resource-validating-webhook-cfg", {}],
    ["a role of the site's own", "patch", "clusterroles", "platform-admin", {}],
    ["a new binding, whatever its name", "create", BINDING, "eks:new", { responseStatus: { code: 201 } }],
    ["a read", "get", CRD, "nodepools.karpenter.sh", {}],
    [
      "GitOps that asks what an apply would change",
      "patch",
      CRD,
      "nodepools.karpenter.sh",
      { user: argo, requestURI: "/x?dryRun=All" },
    ],
    [
      "Kubernetes that fills an aggregated role",
      "update",
      "clusterroles",
      "eks:aggregated",
      { user: users.serviceAccount("kube-system", "clusterrole-aggregation-controller") },
    ],
  ])("%s", (_, verb, resource, name, more) => {
    expect(hitOf(detector, write(verb, resource, name, more))).toBeUndefined();
  });

  it("the API server that keeps a definition's status", () => {
    const user = users.component("system:apiserver");
    expect(hitOf(detector, write("update", CRD, "nodepools.karpenter.sh", { user }, "status"))).toBeUndefined();
    expect(hitOf(detector, write("update", CRD, "nodepools.karpenter.sh", { user }))).toMatchObject({
      severity: "medium",
    });
  });

  it("but not on the aggregation controller that removes a role", () => {
    const user = users.serviceAccount("kube-system", "clusterrole-aggregation-controller");
    expect(hitOf(detector, write("delete", "clusterroles", "eks:aggregated", { user }))).toMatchObject({
      severity: "high",
    });
  });
});
