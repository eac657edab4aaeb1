import { describe, expect, it } from "vitest";
import type { AuditEvent } from "../../../schemas/events/k8s-audit/wire.ts";
import { auditEvent, hitOf, users } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const spec = (more: object = {}) => ({ hostNetwork: true, containers: [{ name: "a", image: "netshoot" }], ...more });
const dave = users.human("dave", "AppEditor");
const argo = users.serviceAccount("argocd", "argocd-application-controller");
const refused = { responseStatus: { code: 403 }, annotations: { "authorization.k8s.io/decision": "allow" } };

/** A hostNetwork workload created in `namespace`. */
function created(user = dave, resource = "pods", namespace = "shop", more: Partial<AuditEvent> = {}) {
  const template = resource === "pods" ? { spec: spec() } : { spec: { template: { spec: spec() } } };
  return auditEvent({
    level: "RequestResponse",
    verb: "create",
    user,
    requestURI: `/api/v1/namespaces/${namespace}/${resource}`,
    objectRef: { resource, namespace, name: "net", apiVersion: "v1" },
    responseStatus: { code: 201 },
    requestObject: template,
    ...more,
  });
}

describe("imds/host-network finds", () => {
  it("a person's bare pod: medium, with image and what comes with it", () => {
    const pod = {
      spec: spec({ hostPID: true, volumes: [{ hostPath: { path: "/" } }], nodeName: "i-0a1b2c3d4e5f60001" }),
    };
    const hit = hitOf(detector, created(dave, "pods", "shop", { requestObject: pod }));
    expect(hit).toMatchObject({
      severity: "medium",
      on: "pods/shop/net",
      sentence: "dave (role AppEditor) created pods shop/net on the node's own network",
      reasons: ["hostPID as well", "mounts / of the node"],
    });
    expect(hit?.evidence).toContainEqual({ field: "spec.containers.image", value: "netshoot" });
    expect(hit?.evidence).toContainEqual({ field: "spec.nodeName", value: "i-0a1b2c3d4e5f60001" });
  });

  it("what comes with it, and nothing that does not", () => {
    const containers = [
      { name: "a", securityContext: { privileged: true } },
      { name: "b", image: "b" },
    ];
    const hit = hitOf(detector, created(dave, "pods", "shop", { requestObject: { spec: spec({ containers }) } }));
    expect(hit?.reasons).toEqual(["privileged as well"]);
    expect(hit?.evidence).toContainEqual({ field: "spec.hostNetwork", value: "true" });
    expect(hitOf(detector, created())?.reasons).toEqual([]);
  });

  it.each([
    ["a person's deployment outside of the platform", dave, "deployments", "shop", "medium"],
    ["a person's DaemonSet outside of the platform", dave, "daemonsets", "shop", "low"],
    ["a person's DaemonSet in the platform, which may be an imitation", dave, "daemonsets", "kube-system", "low"],
    ["a person's bare pod in the platform", dave, "pods", "kube-system", "low"],
    ["a service account's bare pod", users.serviceAccount("shop", "orders"), "pods", "shop", "medium"],
    [
      "a service account's deployment elsewhere",
      users.serviceAccount("kube-system", "x"),
      "deployments",
      "shop",
      "medium",
    ],
    [
      "a service account's DaemonSet elsewhere",
      users.serviceAccount("kube-system", "x"),
      "daemonsets",
      "shop",
      "medium",
    ],
    ["an operator's DaemonSet in its own namespace", users.serviceAccount("rook", "op"), "daemonsets", "rook", "low"],
    [
      "a service account's DaemonSet in the platform",
      users.serviceAccount("kube-system", "x"),
      "daemonsets",
      "kube-system",
      "low",
    ],
    ["GitOps, a deployment outside of the platform", argo, "deployments", "shop", "low"],
    ["GitOps, a bare pod in the platform", argo, "pods", "kube-system", "low"],
    ["a node's mirror pod", users.node(), "pods", "kube-system", "low"],
  ])("%s", (_, user, resource, namespace, severity) => {
    expect(hitOf(detector, created(user, resource, namespace))).toMatchObject({ severity });
  });

  it("a service account's pod that names an owner: low, as the reference is the client's word", () => {
    const requestObject = { metadata: { ownerReferences: [{ kind: "Workflow" }] }, spec: spec() };
    const hit = hitOf(detector, created(users.serviceAccount("ci", "runner"), "pods", "ci", { requestObject }));
    expect(hit).toMatchObject({ severity: "low" });
    expect(hit?.notExempted?.[0]).toContain("Workflow");
  });

  it("a debug session on a node: low, and called so", () => {
    const name = "node-debugger-i-0a1b2c3d4e5f60001-9pfck";
    const more = {
      objectRef: { resource: "pods", namespace: "default", name },
      requestObject: { metadata: { name }, spec: spec({ nodeName: "i-0a1b2c3d4e5f60001" }) },
    };
    const hit = hitOf(detector, created(dave, "pods", "default", more));
    expect(hit).toMatchObject({ severity: "low" });
    expect(hit?.sentence).toBe(`dave (role AppEditor) created pods default/${name}: a debug session on the node`);
    const thief = hitOf(detector, created(users.serviceAccount("shop", "orders"), "pods", "default", more));
    expect(thief).toMatchObject({ severity: "medium" });
    expect(thief?.sentence).toContain("on the node's own network");
  });

  it.each([
    ["refused by PodSecurity", refused],
    ["a dry run", { requestURI: "/api/v1/namespaces/shop/pods?dryRun=All" }],
  ])("an attempt, one step lower, in the same finding: %s", (_, more) => {
    expect(hitOf(detector, created(dave, "pods", "shop", more))).toMatchObject({
      severity: "low",
      on: "pods/shop/net",
    });
  });

  it("says that it was tried", () => {
    expect(hitOf(detector, created(dave, "pods", "shop", refused))?.sentence).toContain(
      "tried to create pods shop/net (403)",
    );
  });

  it("a container added to a pod that is there: low, as it is how pods are debugged", () => {
    const more = {
      verb: "patch",
      objectRef: { resource: "pods", namespace: "shop", name: "net", subresource: "ephemeralcontainers" },
      responseStatus: { code: 200 },
      requestObject: { spec: { ephemeralContainers: [{ name: "d", image: "netshoot" }] } },
      responseObject: { kind: "Pod", spec: { ...spec(), ephemeralContainers: [{ name: "d", image: "netshoot" }] } },
    };
    expect(hitOf(detector, created(dave, "pods", "shop", more))).toMatchObject({
      severity: "low",
      sentence: "dave (role AppEditor) added a container to pods shop/net on the node's own network",
    });
    const refusal = { ...more, ...refused, responseObject: { kind: "Status" } };
    expect(hitOf(detector, created(dave, "pods", "shop", refusal))).toBeUndefined();
  });

  it.each([
    ["by an account that is merely called like a controller", "evil-controller", "daemonsets"],
    ["by a controller whose work it is not", "job-controller", "deployments"],
  ])("a workload %s", (_, name, resource) => {
    expect(hitOf(detector, created(users.serviceAccount("kube-system", name), resource))).toMatchObject({
      severity: "medium",
    });
  });

  it("a patch that brings it in, and server-side apply that creates", () => {
    const more = { verb: "patch", responseStatus: { code: 200 } };
    expect(hitOf(detector, created(dave, "deployments", "shop", more))).toMatchObject({ severity: "medium" });
    const applied = { verb: "patch", responseStatus: { code: 201 } };
    expect(hitOf(detector, created(dave, "pods", "shop", applied))).toMatchObject({ severity: "medium" });
  });

  it("server-side apply that was refused: an attempt, if it carried it", () => {
    const apply = { ...refused, verb: "patch" };
    expect(hitOf(detector, created(dave, "pods", "shop", apply))).toMatchObject({ severity: "low" });
    const label = { ...apply, requestObject: { spec: { containers: [] } }, responseObject: { spec: spec() } };
    expect(hitOf(detector, created(dave, "pods", "shop", label))).toBeUndefined();
    const put = { ...refused, verb: "update" };
    expect(hitOf(detector, created(dave, "pods", "shop", put))).toBeUndefined();
  });

  it("a platform namespace of the site's own", () => {
    const params = { platformNamespaces: ["shop"] };
    expect(hitOf(detector, created(dave, "deployments"), { params })).toMatchObject({ severity: "low" });
    expect(hitOf(detector, created(argo, "daemonsets"), { params })).toBeUndefined();
  });
});

describe("imds/host-network stays quiet on", () => {
  it("a pod on its own network", () => {
    const requestObject = { spec: { ...spec(), hostNetwork: false } };
    expect(hitOf(detector, created(dave, "pods", "shop", { requestObject }))).toBeUndefined();
  });

  it("a controller that copies the template", () => {
    const user = users.serviceAccount("kube-system", "daemon-set-controller");
    const requestObject = { metadata: { ownerReferences: [{ kind: "DaemonSet" }] }, spec: spec() };
    expect(hitOf(detector, created(user, "pods", "shop", { requestObject }))).toBeUndefined();
  });

  it.each([
    ["a GitOps controller", argo],
    ["EKS, installing an add-on", users.component("eks:addon-manager")],
  ])("an agent of the nodes, installed by %s", (_, user) => {
    expect(hitOf(detector, created(user, "daemonsets", "kube-system"))).toBeUndefined();
  });

  it("but not on the same by a certificate in the name of EKS, nor on its deployment elsewhere", () => {
    const forged = {
      ...users.component("eks:addon-manager"),
      extra: { "authentication.kubernetes.io/credential-id": ["X509SHA256=00"] },
    };
    expect(hitOf(detector, created(forged, "daemonsets", "kube-system"))).toMatchObject({ severity: "low" });
    expect(hitOf(detector, created(users.component("eks:addon-manager"), "deployments"))).toMatchObject({
      severity: "low",
    });
    expect(hitOf(detector, created(forged, "deployments"))).toMatchObject({ severity: "medium" });
  });

  it("a label on a hostNetwork pod, and a restart of a hostNetwork deployment", () => {
    const whole = { spec: { template: { spec: spec() } } };
    const label = { verb: "patch", responseStatus: { code: 200 }, requestObject: { metadata: { labels: { a: "b" } } } };
    expect(
      hitOf(detector, created(dave, "pods", "shop", { ...label, responseObject: { spec: spec() } })),
    ).toBeUndefined();
    expect(hitOf(detector, created(dave, "deployments", "shop", { ...label, responseObject: whole }))).toBeUndefined();
  });
});
