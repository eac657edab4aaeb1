import { describe, expect, it } from "vitest";
import { refOfPath } from "../../../schemas/events/k8s-audit/uri.ts";
import type { AuditEvent } from "../../../schemas/events/k8s-audit/wire.ts";
import { auditEvent, hitOf, users } from "../../../test/support/events.ts";
import { flow } from "../../../test/support/sample.ts";
import { detector } from "./detector.ts";

const NODE = "i-0a1b2c3d4e5f60001";
const OTHER = "i-0a1b2c3d4e5f60002";
const kubelet = "kubelet/v1.33.4-eks-0000000 (linux/amd64) kubernetes/0000000";

/** A request by a node; `resource` may be `resource/subresource`, after its group and a blank. */
function request(verb: string, what: string, name = "", more: Partial<AuditEvent> = {}) {
  const [kind = "", apiGroup] = what.split(" ").reverse();
  const [resource = "", subresource] = kind.split("/");
  const objectRef = {
    resource,
    ...(name && { name }),
    ...(subresource && { subresource }),
    ...(apiGroup && { apiGroup }),
  };
  return auditEvent({ verb, user: users.node(NODE), userAgent: kubelet, requestURI: "/x", objectRef, ...more });
}

const code = (value: number) => ({ responseStatus: { code: value } });
/** Refused by admission, NodeRestriction for one: the authorizer allowed. */
const refused = { ...code(403), annotations: { "authorization.k8s.io/decision": "allow" } };
const RBAC = "rbac.authorization.k8s.io";

describe("managed-instances/node-acts finds", () => {
  it.each<[string, string, string, string, string]>([
    ["a command in a container", "get", "pods/exec", "shell-0", "high"],
    ["a way through the API server to a kubelet", "get", "nodes/proxy", OTHER, "high"],
    ["an ephemeral container", "patch", "pods/ephemeralcontainers", "shell-0", "high"],
    ["all Secrets", "list", "secrets", "", "high"],
    ["all ConfigMaps watched", "watch", "configmaps", "", "high"],
    ["a Secret written", "create", "secrets", "x", "high"],
    ["a binding", "create", `${RBAC} clusterrolebindings`, "x", "high"],
    ["a webhook", "delete", "admissionregistration.k8s.io mutatingwebhookconfigurations", "x", "high"],
    ["a workload", "patch", "apps daemonsets", "x", "high"],
    ["a pod changed", "patch", "pods", "x", "high"],
    ["a pool", "patch", "karpenter.sh nodepools", "x", "high"],
    ["another node's status", "patch", "nodes/status", OTHER, "high"],
    ["another node deleted", "delete", "nodes", OTHER, "high"],
    ["a certificate approved", "update", "certificates.k8s.io certificatesigningrequests/approval", "x", "high"],
    ["an eviction", "create", "pods/eviction", "x", "medium"],
    ["its own node deleted", "delete", "nodes", NODE, "low"],
    ["all pods", "list", "pods", "", "low"],
    ["all nodes", "list", "nodes", "", "low"],
    ["who has which rights", "list", `${RBAC} clusterroles`, "", "low"],
    ["all workloads", "list", "apps deployments", "", "low"],
  ])("%s: %s %s %s", (_, verb, what, name, severity) => {
    expect(hitOf(detector, request(verb, what, name))).toMatchObject({ severity });
    const on = hitOf(detector, request(verb, what, name))?.on;
    const tried = hitOf(detector, request(verb, what, name, code(403)));
    expect(tried?.on).toBe(on);
    expect(tried?.severity).toBe({ high: "medium", medium: "low", low: "low" }[severity]);
  });

  it("reads as what became of it", () => {
    expect(hitOf(detector, request("list", "secrets"))?.sentence).toBe(`node ${NODE} was allowed to list secrets`);
    expect(hitOf(detector, request("list", "secrets", "", code(403)))?.sentence).toBe(
      `node ${NODE} asked to list secrets and got 403`,
    );
    expect(hitOf(detector, request("get", "pods/exec", "shell-0", code(101)))?.sentence).toContain("does not prove");
  });

  const certificate = "certificates.k8s.io certificatesigningrequests";
  it.each([
    ["a named Secret", request("get", "secrets", "x", code(403)), "low"],
    ["the status of a pod that is another node's", request("patch", "pods/status", "x", refused), "low"],
    [
      "a label of its own that nodes may not set",
      request("patch", "nodes", NODE, { ...refused, requestObject: {} }),
      "low",
    ],
    ["a certificate for another", request("create", certificate, "x", refused), "medium"],
  ])("what was refused only: %s", (_, event, severity) => {
    expect(hitOf(detector, event)).toMatchObject({ severity });
  });

  it("its own taints written", () => {
    expect(
      hitOf(detector, request("patch", "nodes", NODE, { requestObject: { spec: { taints: null } } })),
    ).toMatchObject({
      severity: "low",
      confidence: "low",
    });
  });

  it("pods by a selector that is not its own node's", () => {
    const of = (node: string) => ({ requestURI: `/api/v1/pods?fieldSelector=spec.nodeName%3D${node}` });
    expect(hitOf(detector, request("list", "pods", "", of(OTHER)))).toMatchObject({ severity: "low" });
    expect(hitOf(detector, request("list", "pods", "", of(NODE)))).toBeUndefined();
  });

  it("a node that is not known to be Auto Mode's: one step lower, and it says so", () => {
    const user = users.node("ip-10-0-0-137.ec2.internal", "workers");
    const hit = hitOf(detector, request("list", "secrets", "", { user }));
    expect(hit).toMatchObject({ severity: "medium" });
    expect(hit?.reasons?.[0]).toContain("no instance id");
  });

  it("a client that does not call itself a kubelet is told, one that does is not let off", () => {
    const hit = hitOf(detector, request("list", "secrets", "", { userAgent: "curl/8.14.1" }));
    expect(hit?.reasons).toEqual(["the client does not call itself a kubelet: curl/8.14.1"]);
    expect(hitOf(detector, request("list", "secrets"))).toMatchObject({ severity: "high", reasons: [] });
  });
});

describe("managed-instances/node-acts stays quiet on", () => {
  it.each<[string, string, string, string, Partial<AuditEvent>]>([
    ["a Secret of a pod of its own", "get", "secrets", "x", {}],
    ["a ConfigMap by field selector, which counts as its name", "watch", "configmaps", "x", {}],
    ["a pod that has just left", "get", "pods", "x", code(403)],
    ["a pod that has just left, deleted", "delete", "pods", "x", code(404)],
    ["the status of its pods", "patch", "pods/status", "x", {}],
    ["the status of a pod that is gone", "patch", "pods/status", "x", code(404)],
    ["its own status", "patch", "nodes/status", NODE, { requestObject: { status: {} } }],
    ["its own annotation", "patch", "nodes", NODE, { requestObject: { metadata: { annotations: { a: "b" } } } }],
    ["joining", "create", "nodes", NODE, {}],
    ["joining again", "create", "nodes", NODE, code(409)],
    ["a join that was refused and names nobody", "create", "nodes", "", code(403)],
    ["services", "list", "services", "", {}],
    ["its lease", "update", "coordination.k8s.io leases", NODE, {}],
    ["its CSINode", "create", "storage.k8s.io csinodes", NODE, {}],
    ["a token for a pod, which is pod-identity/node-token", "create", "serviceaccounts/token", "x", code(403)],
    ["a certificate of its own", "create", "certificates.k8s.io certificatesigningrequests", "csr-x", {}],
    ["events", "create", "events.k8s.io events", "x", {}],
    ["its own CNINode", "patch", "vpcresources.k8s.aws cninodes", NODE, {}],
    ["the answer to a NodeDiagnostic", "patch", "eks.amazonaws.com nodediagnostics/status", NODE, {}],
    ["the service account of a pod, for its image", "get", "serviceaccounts", "x", {}],
    ["what it creates as a pod, which is mirror-pod", "create", "pods", "x", {}],
  ])("%s", (_, verb, what, name, more) => {
    expect(hitOf(detector, request(verb, what, name, more))).toBeUndefined();
  });

  it("what a node does as one of its components, which is impersonation/component-envelope", () => {
    const impersonatedUser = { username: "eks-auto:coredns", groups: ["system:authenticated"] };
    expect(hitOf(detector, request("list", "secrets", "", { impersonatedUser }))).toBeUndefined();
  });

  it("a refused impersonation, which is not about what was asked for", () => {
    expect(hitOf(detector, request("list", "secrets", "", { ...code(403), annotations: {} }))).toBeUndefined();
  });

  it("the same by anybody else", () => {
    expect(hitOf(detector, request("list", "secrets", "", { user: users.human() }))).toBeUndefined();
  });
});

/** Most of a cluster's log is nodes at their work, which the screen drops unread: never one that this detector would report. */
it("is screened by no text that it would report", () => {
  const paths = [
    ...["secrets", "secrets?limit=5", "pods", "nodes", "serviceaccounts", "services?a=b"].map(
      (rest) => `/api/v1/${rest}`,
    ),
    ...[NODE, OTHER].map((node) => `/api/v1/pods?fieldSelector=spec.nodeName%3D${node}`),
    ...[NODE, OTHER].flatMap((node) =>
      ["", "/status", "/status?a=b", "/proxy/x"].map((rest) => `/api/v1/nodes/${node}${rest}`),
    ),
    ...["configmaps", "configmaps/x", "configmaps?fieldSelector=metadata.name%3Dx", "secrets/x?a=b", "pods?a=b"].map(
      (rest) => `/api/v1/namespaces/shop/${rest}`,
    ),
    ...["", "?a=b", "/status", "/status?a=b", "/exec?command=id", "/eviction"].map(
      (rest) => `/api/v1/namespaces/shop/pods/x${rest}`,
    ),
    "/api/v1/namespaces/shop/serviceaccounts/x/token",
    "/apis/apps/v1/deployments",
    "/apis/storage.k8s.io/v1/csinodes/x",
    "/apis/certificates.k8s.io/v1/certificatesigningrequests/x/approval",
    "/apis/eks.amazonaws.com/v1alpha1/nodediagnostics/x/status",
  ];
  const verbs = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];
  const asked = paths.flatMap((path) => verbs.flatMap((verb) => [200, 403].map((status) => ({ path, verb, status }))));
  const texts = asked.map(wireForm);
  const [screened, read] = [true, false].map((screen) => flow([texts.join("\n")], { detectors: [detector], screen }));
  expect(screened?.totals.screened).toBeGreaterThan(20);
  expect(screened?.findings).toEqual(read?.findings);
});

/** One event as the server writes it; a field selector on metadata.name counts as the name. */
function wireForm(asked: { path: string; verb: string; status: number }, index: number): string {
  const { path: requestURI, verb, status } = asked;
  const { uid: _uid, group, ...ref } = refOfPath(requestURI.replace(/\?.*/, "")) ?? { uid: "", group: "" };
  const selected = /metadata\.name%3D(.*)/.exec(requestURI)?.[1];
  const { resource, namespace, name, subresource } = { resource: "", namespace: "", name: "", subresource: "", ...ref };
  const named = { resource, namespace, name: name || selected, apiGroup: group, subresource };
  return JSON.stringify({
    ...{ kind: "Event", apiVersion: "audit.k8s.io/v1", level: "Metadata" },
    // One id on two requests would have both read.
    auditID: `11111111-2222-4333-8444-${`${index}`.padStart(12, "0")}`,
    stage: "ResponseComplete",
    requestURI,
    verb,
    user: users.node(NODE),
    sourceIPs: ["10.0.1.10"],
    objectRef: Object.fromEntries(Object.entries(named).filter(([, value]) => value)),
    responseStatus: { metadata: {}, code: status },
    requestReceivedTimestamp: "2026-11-22T10:00:00.000000Z",
    stageTimestamp: "2026-11-22T10:00:00.010000Z",
    annotations: { "authorization.k8s.io/decision": status === 403 ? "forbid" : "allow" },
  });
}
