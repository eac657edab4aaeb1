import { describe, expect, it } from "vitest";
import type { SiteConfig } from "../../schemas/config/config.ts";
import type { AuditEvent } from "../../schemas/events/k8s-audit/wire.ts";
import { auditEvent, users } from "../../test/support/events.ts";
import { siteOf } from "../core/site.ts";
import { creates, isOrdinary, soThat, unread, weigh, writeEvidence, writerOf, wrote } from "./auto-write.ts";

function write(more: Partial<AuditEvent> = {}) {
  return auditEvent({
    verb: "patch",
    requestURI: "/apis/karpenter.sh/v1/nodepools/batch",
    objectRef: { resource: "nodepools", name: "batch", apiGroup: "karpenter.sh", apiVersion: "v1" },
    ...more,
  });
}

const impersonatedUser = { username: "x", groups: ["system:authenticated"] };
const certificate = (name: string) => ({
  ...users.component(name),
  extra: { "authentication.kubernetes.io/credential-id": ["X509SHA256=00"] },
});

describe("who writes", () => {
  it.each<[string, string, Partial<AuditEvent>, SiteConfig?]>([
    ["platform", "a component of EKS", { user: users.component("eks:addon-manager") }],
    ["platform", "the service-linked role by its access entry", { user: users.serviceLinkedRole() }],
    ["other", "a role that only has its name", { user: users.human("x", "AWSServiceRoleForAmazonEKS") }],
    ["other", "a component of EKS that acts as somebody else", { user: users.component("eks:a"), impersonatedUser }],
    ["certificate", "a name of EKS on a certificate", { user: certificate("eks:addon-manager") }],
    ["other", "another name on a certificate", { user: certificate("system:admin") }],
    [
      "collector",
      "the garbage collector that deletes",
      { verb: "delete", user: users.serviceAccount("kube-system", "generic-garbage-collector") },
    ],
    [
      "collector",
      "the namespace controller that deletes all",
      { verb: "deletecollection", user: users.serviceAccount("kube-system", "namespace-controller") },
    ],
    [
      "other",
      "the garbage collector that patches",
      { user: users.serviceAccount("kube-system", "generic-garbage-collector") },
    ],
    [
      "other",
      "its namesake elsewhere",
      { verb: "delete", user: users.serviceAccount("x", "generic-garbage-collector") },
    ],
    ["cluster-role", "the cluster role by its default name", { user: users.human("x", "AmazonEKSAutoClusterRole") }],
    [
      "cluster-role",
      "the cluster role as declared",
      { user: users.human("x", "prod") },
      { auto: { clusterRoles: ["prod"] } },
    ],
    ["git-ops", "Argo CD", { user: users.serviceAccount("argocd", "argocd-application-controller") }],
    ["support", "who is listed by role", {}, { support: ["arn:aws:iam::111122223333:role/ClusterAdmin"] }],
    ["support", "who is listed by session", {}, { support: [users.human().username as string] }],
    ["other", "anybody else", {}],
    ["other", "a node", { user: users.node() }],
  ])("%s: %s", (writer, _, more, site = {}) => {
    expect(writerOf(write(more), siteOf(site))).toBe(writer);
  });

  it("is at its work, or asks only", () => {
    const dry = write({ requestURI: "/x?dryRun=All" });
    expect([isOrdinary(write(), "platform"), isOrdinary(write(), "collector"), isOrdinary(dry, "git-ops")]).toEqual([
      true,
      true,
      true,
    ]);
    expect([isOrdinary(write(), "git-ops"), isOrdinary(dry, "other"), isOrdinary(write(), "certificate")]).toEqual([
      false,
      false,
      false,
    ]);
  });
});

describe("what it is worth", () => {
  const site = siteOf({});
  const denied = { responseStatus: { code: 403 } };
  it.each<[string, string, Partial<AuditEvent>, "low" | "medium" | "high", string]>([
    ["anybody's own weight", "other", {}, "medium", "medium"],
    ["a step less when it was refused", "other", denied, "high", "medium"],
    ["a step less for a dry run", "other", { requestURI: "/x?dryRun=All" }, "high", "medium"],
    ["the cluster role, always", "cluster-role", {}, "low", "high"],
    ["the cluster role, refused", "cluster-role", denied, "low", "medium"],
    ["a node, always", "other", { user: users.node() }, "low", "high"],
    ["a node, refused", "other", { user: users.node(), ...denied }, "low", "medium"],
    ["GitOps", "git-ops", {}, "high", "low"],
    ["who is listed", "support", {}, "high", "low"],
    ["a certificate of EKS", "certificate", {}, "high", "low"],
    ["EKS, where its name does not clear", "platform", {}, "high", "low"],
  ])("%s", (_, writer, more, base, severity) => {
    expect(weigh(write(more), writer as "other", site, base).severity).toBe(severity);
  });

  it("more, once those with a right are listed and this is somebody else", () => {
    const listed = siteOf({ support: ["arn:aws:iam::111122223333:role/Sre"] });
    const weight = weigh(write(), "other", listed, "low");
    expect(weight.severity).toBe("medium");
    expect(weight.reasons[0]).toContain("not among those listed");
    expect(weigh(write(denied), "other", listed, "low").severity).toBe("low");
    expect(weigh(write(), "other", listed, "high")).toMatchObject({ severity: "high", reasons: [] });
  });

  it("says what spoke for whom it lets off", () => {
    for (const writer of ["git-ops", "support", "certificate", "platform"] as const)
      expect(weigh(write(), writer, site, "high").notExempted).toHaveLength(1);
  });
});

describe("how it reads", () => {
  it.each<[string, Partial<AuditEvent>]>([
    ["patched NodePool batch", {}],
    ["created NodePool batch", { responseStatus: { code: 201 } }],
    ["deleted (dry run) NodePool batch", { verb: "delete", requestURI: "/x?dryRun=All" }],
    ["deleted all nodepools", { verb: "deletecollection", objectRef: { resource: "nodepools" } }],
    [
      "tried to delete all nodepools (403)",
      { verb: "deletecollection", objectRef: { resource: "nodepools" }, responseStatus: { code: 403 } },
    ],
    [
      "tried to create a NodePool (403)",
      { verb: "create", objectRef: { resource: "nodepools" }, responseStatus: { code: 403 } },
    ],
    ["tried to patch NodePool batch (404)", { responseStatus: { code: 404 } }],
  ])("%s", (sentence, more) => {
    expect(wrote(write(more), "NodePool")).toBe(sentence);
  });

  it("a consequence only where there is one", () => {
    expect(soThat(write(), "!")).toBe("!");
    expect(soThat(write({ responseStatus: { code: 403 } }), "!")).toBe("");
    expect(soThat(write({ requestURI: "/x?dryRun=All" }), "!")).toBe("");
  });

  it("server-side apply creates with a patch", () => {
    expect([
      creates(write()),
      creates(write({ responseStatus: { code: 201 } })),
      creates(write({ verb: "create" })),
    ]).toEqual([false, true, true]);
  });

  it("that the log does not say what was written, unless it does", () => {
    expect(unread(write())).toHaveLength(1);
    expect(unread(write({ requestObject: { spec: {} } }))).toEqual([]);
    expect(unread(write({ verb: "delete" }))).toEqual([]);
    expect(unread(write({ responseStatus: { code: 403 } }))).toEqual([]);
  });

  it("which parts a body changes, should there be one", () => {
    const field = "requestObject";
    expect(writeEvidence(write({ requestObject: { spec: { limits: {}, weight: 1 } } }))).toContainEqual({
      field,
      value: "spec.limits, spec.weight",
    });
    expect(writeEvidence(write({ requestObject: [{ op: "remove", path: "/metadata/finalizers" }] }))).toContainEqual({
      field,
      value: "/metadata/finalizers",
    });
    expect(writeEvidence(write()).map((each) => each.field)).not.toContain(field);
  });
});
