import { describe, expect, it } from "vitest";
import type { AuditEvent } from "../../../schemas/events/k8s-audit/wire.ts";
import { auditEvent, hitOf, users } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

/** A NodeClass written; `name` empty: as a refused create, or a deletecollection, is logged. */
function write(verb: string, name: string, more: Partial<AuditEvent> = {}) {
  const objectRef = { resource: "nodeclasses", apiGroup: "eks.amazonaws.com", apiVersion: "v1", ...(name && { name }) };
  const code = verb === "create" ? 201 : 200;
  return auditEvent({
    verb,
    requestURI: "/apis/eks.amazonaws.com/v1/nodeclasses",
    objectRef,
    responseStatus: { code },
    ...more,
  });
}

const argo = users.serviceAccount("argocd", "argocd-application-controller");
const denied = { responseStatus: { code: 403 } };

describe("managed-instances/node-class finds", () => {
  it("a change of a class: medium, and says that the log does not hold it", () => {
    const hit = hitOf(detector, write("patch", "web"));
    expect(hit).toMatchObject({
      severity: "medium",
      on: "nodeclasses/web",
      sentence: "alice (role ClusterAdmin) patched NodeClass web",
      notExempted: [],
    });
    expect(hit?.reasons?.[0]).toContain("what it says now is not in the log");
    expect(hit?.evidence).toContainEqual({ field: "objectRef", value: "eks.amazonaws.com nodeclasses web" });
  });

  it.each<[string, string, string, Partial<AuditEvent>, string]>([
    ["a change of EKS's own class", "patch", "default", {}, "high"],
    ["a replacement of it", "update", "default", {}, "high"],
    ["its removal", "delete", "default", {}, "high"],
    ["the removal of all", "deletecollection", "", {}, "high"],
    ["a new class, which launches nothing by itself", "create", "web", {}, "low"],
    ["a new class by server-side apply", "patch", "web", { responseStatus: { code: 201 } }, "low"],
    ["a new class of the built-in name, where there is none", "create", "default", {}, "low"],
    ["the removal of one, which EKS holds while nodes use it", "delete", "web", {}, "low"],
    ["a refused create, which names nothing", "create", "", denied, "low"],
    ["a refused change", "patch", "web", denied, "low"],
    ["a refused change of EKS's own", "patch", "default", denied, "medium"],
    ["a dry run on EKS's own", "patch", "default", { requestURI: "/x?dryRun=All" }, "medium"],
    ["a change by GitOps", "patch", "default", { user: argo }, "low"],
    [
      "a new class by the cluster role",
      "create",
      "web",
      { user: users.human("x", "AmazonEKSAutoClusterRole") },
      "high",
    ],
    ["a node's attempt", "patch", "web", { user: users.node(), ...denied }, "medium"],
    ["a service account", "patch", "web", { user: users.serviceAccount() }, "medium"],
    [
      "a role that bears the service-linked role's name",
      "patch",
      "web",
      { user: users.human("x", "AWSServiceRoleForAmazonEKS") },
      "medium",
    ],
  ])("%s", (_, verb, name, more, severity) => {
    expect(hitOf(detector, write(verb, name, more))).toMatchObject({ severity });
  });

  it("one finding for the attempt and the success", () => {
    const [tried, done] = [write("patch", "web", denied), write("patch", "web")].map((event) => hitOf(detector, event));
    expect(tried?.on).toBe(done?.on);
  });

  it("by site: those who are listed are low, all others medium", () => {
    const site = { support: ["arn:aws:iam::111122223333:role/ClusterAdmin"] };
    expect(hitOf(detector, write("patch", "default"), { site })).toMatchObject({ severity: "low" });
    const user = users.human("mallory", "Developer");
    expect(hitOf(detector, write("create", "web", { user }), { site })).toMatchObject({ severity: "medium" });
  });

  it("a built-in class of the site's own", () => {
    const params = { builtIn: ["golden"] };
    expect(hitOf(detector, write("patch", "golden"), { params })).toMatchObject({ severity: "high" });
    expect(hitOf(detector, write("patch", "default"), { params })).toMatchObject({ severity: "medium" });
  });
});

describe("managed-instances/node-class stays quiet on", () => {
  it.each<[string, Partial<AuditEvent>]>([
    ["EKS's compute controller", { user: users.serviceLinkedRole() }],
    ["a component of EKS", { user: users.component("eks:addon-manager") }],
    ["GitOps asking what an apply would change", { user: argo, requestURI: "/x?dryRun=All" }],
    ["a read", { verb: "get" }],
    [
      "the class's status",
      { objectRef: { resource: "nodeclasses", name: "web", apiGroup: "eks.amazonaws.com", subresource: "status" } },
    ],
    [
      "a class of a self-managed Karpenter",
      { objectRef: { resource: "ec2nodeclasses", name: "web", apiGroup: "karpenter.k8s.aws" } },
    ],
    ["a pool", { objectRef: { resource: "nodepools", name: "web", apiGroup: "karpenter.sh" } }],
  ])("%s", (_, more) => {
    expect(hitOf(detector, write("patch", "web", more))).toBeUndefined();
  });

  it("what the garbage collector clears away", () => {
    const user = users.serviceAccount("kube-system", "generic-garbage-collector");
    expect(hitOf(detector, write("delete", "web", { user }))).toBeUndefined();
    expect(hitOf(detector, write("patch", "web", { user }))).toMatchObject({ severity: "medium" });
  });
});
