import { describe, expect, it } from "vitest";
import type { AuditEvent } from "../../../schemas/events/k8s-audit/wire.ts";
import { auditEvent, hitOf, users } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const NODE = "i-0a1b2c3d4e5f60001";

function write(verb: string, more: Partial<AuditEvent> = {}, ref: object = { name: NODE }) {
  const objectRef = { resource: "nodes", apiVersion: "v1", ...ref };
  const requestURI = `/api/v1/nodes/${NODE}`;
  return auditEvent({ level: "RequestResponse", verb, requestURI, objectRef, responseStatus: { code: 200 }, ...more });
}
const patch = (requestObject: unknown, more: Partial<AuditEvent> = {}) => write("patch", { requestObject, ...more });

const denied = { responseStatus: { code: 403 } };
const autoscaler = users.serviceAccount("kube-system", "cluster-autoscaler");
const HELD = { metadata: { annotations: { "karpenter.sh/do-not-disrupt": "true" } } };

describe("managed-instances/node-object finds", () => {
  it("a node deleted by a person, with what comes of it", () => {
    expect(hitOf(detector, write("delete"))).toMatchObject({
      severity: "medium",
      on: `nodes/${NODE}`,
      sentence: `alice (role ClusterAdmin) deleted Node ${NODE}, which ends its instance`,
    });
  });

  it("one that was refused, without", () => {
    const hit = hitOf(detector, write("delete", denied));
    expect(hit).toMatchObject({ severity: "low", on: `nodes/${NODE}` });
    expect(hit?.sentence).toBe(`alice (role ClusterAdmin) tried to delete Node ${NODE} (403)`);
  });

  it.each<[string, string, Partial<AuditEvent>, string]>([
    ["a node made by a person", "create", {}, "medium"],
    ["a node made by a service account: a virtual kubelet, perhaps", "create", { user: users.serviceAccount() }, "low"],
    ["a node deleted by a service account", "delete", { user: users.serviceAccount() }, "medium"],
    ["a node removed by an autoscaler", "delete", { user: autoscaler }, "low"],
    ["a node made by an autoscaler, which is not its work", "create", { user: autoscaler }, "low"],
    ["by the cluster role", "delete", { user: users.human("x", "AmazonEKSAutoClusterRole") }, "high"],
    ["by a certificate of the old admin", "delete", { user: users.component("kubernetes-admin") }, "medium"],
  ])("%s", (_, verb, more, severity) => {
    expect(hitOf(detector, write(verb, more))).toMatchObject({ severity });
  });

  it("all of them deleted", () => {
    expect(hitOf(detector, write("deletecollection", {}, {}))).toMatchObject({
      severity: "high",
      on: "nodes/*",
      sentence: "alice (role ClusterAdmin) deleted all nodes, which ends their instances",
    });
    const user = users.serviceAccount("kube-system", "cloud-node-lifecycle-controller");
    expect(hitOf(detector, write("deletecollection", { user }, {}))).toMatchObject({ severity: "high" });
  });

  it("all of them by an autoscaler, which removes one at a time", () => {
    expect(hitOf(detector, write("deletecollection", { user: autoscaler }, {}))).toMatchObject({ severity: "high" });
  });

  it("says that an autoscaler may", () => {
    expect(hitOf(detector, write("delete", { user: autoscaler }))?.notExempted?.[0]).toContain("by right");
  });

  it.each<[string, unknown]>([
    ["held back from disruption", HELD],
    [
      "held back by JSON patch",
      [{ op: "add", path: "/metadata/annotations/karpenter.sh~1do-not-disrupt", value: "true" }],
    ],
    ["tainted", { spec: { taints: [{ key: "x", effect: "NoSchedule" }] } }],
    ["its taints taken away", { spec: { unschedulable: null, taints: null } }],
    ["tainted by JSON patch", [{ op: "add", path: "/spec/taints/-", value: { key: "x", effect: "NoExecute" } }]],
  ])("a node %s: low", (_, body) => {
    expect(hitOf(detector, patch(body))).toMatchObject({ severity: "low", confidence: "medium" });
  });

  it("names the annotation", () => {
    expect(hitOf(detector, patch(HELD))?.sentence).toContain("karpenter.sh/do-not-disrupt");
    expect(hitOf(detector, patch(HELD))?.evidence).toContainEqual({
      field: "metadata.annotations",
      value: "karpenter.sh/do-not-disrupt",
    });
  });

  it("a change whose body is not in the record: low, and not sure", () => {
    expect(hitOf(detector, write("patch"))).toMatchObject({ severity: "low", confidence: "low" });
    expect(hitOf(detector, write("patch", denied))).toMatchObject({ severity: "low", confidence: "low" });
  });

  it("the status written by a person, which says where the node is", () => {
    const hit = hitOf(
      detector,
      write("patch", { requestObject: { status: {} } }, { name: NODE, subresource: "status" }),
    );
    expect(hit).toMatchObject({ severity: "medium" });
    expect(hit?.sentence).toContain("the status of Node");
  });
});

describe("managed-instances/node-object stays quiet on", () => {
  it.each<[string, unknown]>([
    ["a cordon", { spec: { unschedulable: true } }],
    ["the end of one", { spec: { unschedulable: null } }],
    ["a label", { metadata: { labels: { team: "shop" } } }],
    ["another annotation", { metadata: { annotations: { team: "shop" } } }],
  ])("%s", (_, body) => {
    expect(hitOf(detector, patch(body))).toBeUndefined();
  });

  it.each<[string, string, Partial<AuditEvent>]>([
    ["a node that joins", "create", { user: users.node() }],
    ["a node that writes another, which is node-acts'", "delete", { user: users.node("i-0a1b2c3d4e5f60002") }],
    ["EKS's compute controller", "delete", { user: users.serviceLinkedRole() }],
    ["EKS's cloud controller", "delete", { user: users.component("eks:cloud-controller-manager") }],
    ["the controller of a cloud provider", "delete", { user: users.component("system:cloud-controller-manager") }],
    [
      "the controller of nodes whose instance is gone",
      "delete",
      { user: users.serviceAccount("kube-system", "cloud-node-lifecycle-controller") },
    ],
    ["the garbage collector", "delete", { user: users.serviceAccount("kube-system", "generic-garbage-collector") }],
    [
      "an autoscaler that taints",
      "patch",
      { user: autoscaler, requestObject: { spec: { taints: [{ key: "ToBeDeleted" }] } } },
    ],
    ["a read", "get", {}],
  ])("%s", (_, verb, more) => {
    expect(hitOf(detector, write(verb, more))).toBeUndefined();
  });

  it("a monitor of nodes that writes their status", () => {
    const ref = { name: NODE, subresource: "status" };
    expect(hitOf(detector, write("patch", { user: users.serviceAccount("kube-system", "npd") }, ref))).toBeUndefined();
  });

  it("but not on a namesake of a controller in another namespace", () => {
    const user = users.serviceAccount("shop", "node-controller");
    expect(hitOf(detector, write("delete", { user }))).toMatchObject({ severity: "medium" });
  });
});
