import { describe, expect, it } from "vitest";
import type { AuditEvent } from "../../../schemas/events/k8s-audit/wire.ts";
import { auditEvent, hitOf, users } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

function write(verb: string, name: string, more: Partial<AuditEvent> = {}, subresource?: string) {
  const named = { ...(name && { name }), ...(subresource && { subresource }) };
  const objectRef = { resource: "nodeclaims", apiGroup: "karpenter.sh", apiVersion: "v1", ...named };
  const code = verb === "create" ? 201 : 200;
  return auditEvent({
    verb,
    requestURI: "/apis/karpenter.sh/v1/nodeclaims",
    objectRef,
    responseStatus: { code },
    ...more,
  });
}

const karpenter = users.serviceAccount("kube-system", "karpenter");
const denied = { responseStatus: { code: 403 } };

describe("managed-instances/node-claim finds", () => {
  it("a claim made by hand: medium", () => {
    expect(hitOf(detector, write("create", "rogue-1"))).toMatchObject({
      severity: "medium",
      on: "nodeclaims/rogue-1",
      sentence: "alice (role ClusterAdmin) created NodeClaim rogue-1",
    });
  });

  it.each<[string, string, string, Partial<AuditEvent>, string]>([
    ["a change: a finalizer, perhaps", "patch", "batch-x7k2p", {}, "medium"],
    ["a claim deleted, a known way to replace a node", "delete", "batch-x7k2p", {}, "low"],
    ["all deleted", "deletecollection", "", {}, "high"],
    ["all deleted, refused", "deletecollection", "", denied, "medium"],
    ["a node's attempt on its own claim", "patch", "batch-x7k2p", { user: users.node(), ...denied }, "medium"],
    ["GitOps", "create", "batch-x7k2p", { user: users.serviceAccount("flux-system", "kustomize-controller") }, "low"],
    ["a self-managed Karpenter that deletes all", "deletecollection", "", { user: karpenter }, "high"],
    [
      "somebody who acts through Karpenter's account",
      "patch",
      "batch-x7k2p",
      { user: karpenter, impersonatedUser: { username: "x", groups: [] } },
      "medium",
    ],
  ])("%s", (_, verb, name, more, severity) => {
    expect(hitOf(detector, write(verb, name, more))).toMatchObject({ severity });
  });

  it("says what comes of a removal, and nothing of one that was refused", () => {
    expect(hitOf(detector, write("delete", "x"))?.sentence).toContain(", which ends its instance");
    expect(hitOf(detector, write("delete", "x", denied))?.sentence).not.toContain("ends");
    expect(hitOf(detector, write("patch", "x"))?.sentence).not.toContain("ends");
  });
});

describe("managed-instances/node-claim stays quiet on", () => {
  it.each<[string, Partial<AuditEvent>]>([
    ["EKS's compute controller", { user: users.serviceLinkedRole() }],
    ["a self-managed Karpenter at its work", { user: karpenter }],
    ["a read", { verb: "list" }],
    ["a pool", { objectRef: { resource: "nodepools", name: "x", apiGroup: "karpenter.sh" } }],
  ])("%s", (_, more) => {
    expect(hitOf(detector, write("patch", "x", more))).toBeUndefined();
  });

  it("the claim's status, and what the garbage collector clears away with its pool", () => {
    expect(hitOf(detector, write("patch", "x", {}, "status"))).toBeUndefined();
    const user = users.serviceAccount("kube-system", "generic-garbage-collector");
    expect(hitOf(detector, write("delete", "x", { user }))).toBeUndefined();
  });
});
