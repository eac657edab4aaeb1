import { describe, expect, it } from "vitest";
import type { AuditEvent } from "../../../schemas/events/k8s-audit/wire.ts";
import { auditEvent, hitOf, users } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

function write(verb: string, name: string, more: Partial<AuditEvent> = {}, subresource?: string) {
  const named = { ...(name && { name }), ...(subresource && { subresource }) };
  const objectRef = { resource: "nodepools", apiGroup: "karpenter.sh", apiVersion: "v1", ...named };
  const code = verb === "create" ? 201 : 200;
  return auditEvent({
    verb,
    requestURI: "/apis/karpenter.sh/v1/nodepools",
    objectRef,
    responseStatus: { code },
    ...more,
  });
}

const argo = users.serviceAccount("argocd", "argocd-application-controller");
const denied = { responseStatus: { code: 403 } };

describe("managed-instances/node-pool finds", () => {
  it("a pool that is removed, with what comes of it", () => {
    expect(hitOf(detector, write("delete", "system"))).toMatchObject({
      severity: "high",
      on: "nodepools/system",
      sentence: "alice (role ClusterAdmin) deleted NodePool system, which ends its nodes",
      reasons: ["EKS keeps the pool system itself"],
    });
  });

  it.each<[string, string, string, Partial<AuditEvent>, string]>([
    ["a change, which may be any", "patch", "batch", {}, "low"],
    ["a change of a built-in pool", "update", "general-purpose", {}, "low"],
    ["a new pool", "create", "batch", {}, "low"],
    ["a pool of the site's own removed", "delete", "batch", {}, "medium"],
    ["all removed", "deletecollection", "", {}, "high"],
    ["all removed as a dry run", "deletecollection", "", { requestURI: "/x?dryRun=All" }, "medium"],
    ["a built-in pool, refused", "delete", "general-purpose", denied, "medium"],
    ["GitOps that removes a pool", "delete", "batch", { user: argo }, "low"],
    ["the cluster role", "patch", "batch", { user: users.human("x", "AmazonEKSAutoClusterRole") }, "high"],
    ["a pool that is not there", "patch", "nope", { responseStatus: { code: 404 } }, "low"],
  ])("%s", (_, verb, name, more, severity) => {
    expect(hitOf(detector, write(verb, name, more))).toMatchObject({ severity });
  });

  it("a pool that is scaled", () => {
    expect(hitOf(detector, write("patch", "batch", {}, "scale"))).toMatchObject({ severity: "low" });
  });

  it("an attempt without a consequence", () => {
    expect(hitOf(detector, write("delete", "batch", denied))?.sentence).toBe(
      "alice (role ClusterAdmin) tried to delete NodePool batch (403)",
    );
  });

  it("by site: a change by somebody who is not listed is medium", () => {
    const site = { support: ["arn:aws:iam::111122223333:role/Sre"] };
    expect(hitOf(detector, write("patch", "batch"), { site })).toMatchObject({ severity: "medium" });
    expect(hitOf(detector, write("delete", "system", { user: users.human("eve", "Sre") }), { site })).toMatchObject({
      severity: "low",
    });
  });
});

describe("managed-instances/node-pool stays quiet on", () => {
  it.each<[string, Partial<AuditEvent>]>([
    ["EKS's compute controller", { user: users.serviceLinkedRole() }],
    ["a component of EKS", { user: users.component("eks:addon-manager") }],
    ["GitOps that applies a pool", { user: argo }],
    ["a read", { verb: "get" }],
    ["a claim", { objectRef: { resource: "nodeclaims", name: "batch", apiGroup: "karpenter.sh" } }],
  ])("%s", (_, more) => {
    expect(hitOf(detector, write("patch", "batch", more))).toBeUndefined();
  });

  it("the pool's status", () => {
    expect(hitOf(detector, write("patch", "batch", {}, "status"))).toBeUndefined();
  });

  it("what the garbage collector clears away", () => {
    const user = users.serviceAccount("kube-system", "generic-garbage-collector");
    expect(hitOf(detector, write("delete", "batch", { user }))).toBeUndefined();
  });
});
