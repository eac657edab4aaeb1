import { describe, expect, it } from "vitest";
import type { AuditEvent } from "../../../schemas/events/k8s-audit/wire.ts";
import { auditEvent, hitOf, users } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const spec = {
  hostNetwork: true,
  volumes: [{ hostPath: { path: "/etc" } }],
  containers: [{ name: "c", image: "alpine", securityContext: { privileged: true } }],
};
const mirror = { metadata: { annotations: { "kubernetes.io/config.mirror": "abc" } }, spec };
const refused = {
  responseStatus: { code: 403, message: "can only create mirror pods" },
  annotations: { "authorization.k8s.io/decision": "allow" },
};

function create(more: Partial<AuditEvent> = {}, ref: object = {}) {
  return auditEvent({
    level: "RequestResponse",
    verb: "create",
    user: users.node(),
    requestURI: "/api/v1/namespaces/kube-system/pods",
    objectRef: { resource: "pods", namespace: "kube-system", name: "web-i-0a1b2c3d4e5f60001", ...ref },
    responseStatus: { code: 201 },
    requestObject: mirror,
    ...more,
  });
}

describe("managed-instances/mirror-pod finds", () => {
  it("a mirror pod of a node named by its instance: medium, not sure, with what it may do", () => {
    const hit = hitOf(detector, create());
    expect(hit).toMatchObject({
      severity: "medium",
      confidence: "low",
      on: "pods/kube-system/web-i-0a1b2c3d4e5f60001",
      sentence:
        "node i-0a1b2c3d4e5f60001 created mirror pod kube-system/web-i-0a1b2c3d4e5f60001: a static pod runs on it",
      reasons: ["on the node's own network", "privileged", "mounts /etc of the node"],
    });
    expect(hit?.evidence).toContainEqual({ field: "requestObject.spec.containers.image", value: "alpine" });
  });

  it("the same without a body: nodes may create no other pods", () => {
    const hit = hitOf(detector, create({ level: "Metadata", requestObject: undefined }));
    expect(hit).toMatchObject({ severity: "medium", reasons: [] });
    expect(hit?.sentence).toContain("created mirror pod");
  });

  it("a pod that is none, refused: no kubelet asks for that", () => {
    const hit = hitOf(detector, create({ ...refused, requestObject: { spec: { containers: [] } } }));
    expect(hit).toMatchObject({ severity: "medium", confidence: "medium" });
    expect(hit?.sentence).toBe(
      "node i-0a1b2c3d4e5f60001 tried to create pod kube-system/web-i-0a1b2c3d4e5f60001 (403)",
    );
    expect(hit?.evidence).toContainEqual({ field: "responseStatus.message", value: "can only create mirror pods" });
    expect(hitOf(detector, create(refused))?.sentence).toContain("tried to create mirror pod");
  });

  it("that of another node: low", () => {
    expect(hitOf(detector, create({ user: users.node("ip-10-0-0-137.ec2.internal") }))).toMatchObject({
      severity: "low",
    });
  });
});

describe("managed-instances/mirror-pod stays quiet on", () => {
  it.each<[string, Partial<AuditEvent>, object?]>([
    ["a pod that a controller makes", { user: users.serviceAccount("kube-system", "replicaset-controller") }],
    ["a pod that a person makes", { user: users.human() }],
    ["a node that deletes a pod", { verb: "delete" }],
    ["a node that evicts one, which is node-acts'", {}, { subresource: "eviction" }],
    ["a node that asks for a token", {}, { resource: "serviceaccounts", subresource: "token" }],
    ["what a node does as its component", { impersonatedUser: { username: "eks-auto:neuron", groups: [] } }],
  ])("%s", (_, more, ref) => {
    expect(hitOf(detector, create(more, ref))).toBeUndefined();
  });
});
