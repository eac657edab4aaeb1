import { describe, expect, it } from "vitest";
import type { AuditEvent } from "../../../schemas/events/k8s-audit/wire.ts";
import { auditEvent, hitOf, users } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const NODE = "i-0a1b2c3d4e5f60001";
const OTHER = "i-0a1b2c3d4e5f60002";

function write(verb: string, more: Partial<AuditEvent> = {}, name = NODE, subresource = "") {
  const named = { ...(name && { name }), ...(subresource && { subresource }) };
  const objectRef = { resource: "nodediagnostics", apiGroup: "eks.amazonaws.com", apiVersion: "v1alpha1", ...named };
  const code = verb === "create" ? 201 : 200;
  const requestURI = "/apis/eks.amazonaws.com/v1alpha1/nodediagnostics";
  return auditEvent({ verb, requestURI, objectRef, responseStatus: { code }, ...more });
}

const denied = { responseStatus: { code: 403 } };
const as = (username: string) => ({ impersonatedUser: { username, groups: ["system:authenticated"] } });
const agent = (node: string) => {
  const user = users.serviceAccount("kube-system", "eks-node-monitoring-agent", "agent-x");
  return { ...user, extra: { ...user.extra, "authentication.kubernetes.io/node-name": [node] } };
};

describe("managed-instances/node-diagnostic finds", () => {
  it("one that is made: high", () => {
    const hit = hitOf(detector, write("create"));
    expect(hit).toMatchObject({
      severity: "high",
      on: `nodediagnostics/${NODE}`,
      sentence: `alice (role ClusterAdmin) created NodeDiagnostic ${NODE}`,
    });
    expect(hit?.reasons?.[0]).toContain("not in the log");
  });

  it.each<[string, string, Partial<AuditEvent>, string]>([
    ["one that is changed", "patch", {}, "high"],
    ["one that is replaced", "update", {}, "high"],
    ["one that is deleted", "delete", {}, "low"],
    ["all deleted", "deletecollection", {}, "medium"],
    ["a refused attempt", "create", denied, "medium"],
    ["a dry run", "create", { requestURI: "/x?dryRun=All" }, "medium"],
    ["a service account", "create", { user: users.serviceAccount("kube-system", "tools") }, "high"],
    ["a node that makes one", "create", { user: users.node() }, "high"],
    [
      "a node that makes one as its agent",
      "create",
      { user: users.node(), ...as("eks-auto:node-monitoring-agent") },
      "high",
    ],
    ["the agent's account that makes one", "create", { user: agent(NODE) }, "high"],
    ["GitOps", "create", { user: users.serviceAccount("argocd", "argocd-application-controller") }, "low"],
    ["AWS's support, by its name", "create", { user: users.component("eks:support-engineer") }, "low"],
    ["the service-linked role", "create", { user: users.serviceLinkedRole() }, "low"],
    ["the cluster role", "delete", { user: users.human("x", "AmazonEKSAutoClusterRole") }, "high"],
  ])("%s", (_, verb, more, severity) => {
    expect(hitOf(detector, write(verb, more))).toMatchObject({ severity });
  });

  it("one by those who are listed in support: low, and it says why", () => {
    const site = { support: ["arn:aws:iam::111122223333:role/ClusterAdmin"] };
    const hit = hitOf(detector, write("create"), { site });
    expect(hit).toMatchObject({ severity: "low" });
    expect(hit?.notExempted?.[0]).toContain("support");
  });

  it("the attempt in the same finding, where both name the node", () => {
    expect(hitOf(detector, write("patch", denied))?.on).toBe(hitOf(detector, write("patch"))?.on);
  });

  it.each<[string, Partial<AuditEvent>, string, string]>([
    ["by a person", {}, NODE, "low"],
    ["by a node for another", { user: users.node(OTHER) }, NODE, "high"],
    [
      "by a node as a component that has no part in it",
      { user: users.node(), ...as("eks-auto:coredns") },
      NODE,
      "high",
    ],
    ["by the agent's account for another node", { user: agent(OTHER) }, NODE, "low"],
    ["by another account of that node", { user: users.serviceAccount("shop", "orders", "p") }, NODE, "low"],
    ["by a person in the agent's name", { ...as("eks-auto:node-monitoring-agent") }, NODE, "low"],
  ])("the status written %s", (_, more, name, severity) => {
    const hit = hitOf(detector, write("patch", more, name, "status"));
    expect(hit).toMatchObject({ severity });
    expect(hit?.sentence).toContain("patched the status of NodeDiagnostic");
  });

  it("the status deleted, which the agent never does", () => {
    expect(hitOf(detector, write("delete", { user: users.node() }, NODE, "status"))).toMatchObject({
      severity: "high",
    });
  });
});

describe("managed-instances/node-diagnostic stays quiet on", () => {
  it.each<[string, Partial<AuditEvent>]>([
    ["as itself", { user: users.node() }],
    ["as its component", { user: users.node(), ...as("eks-auto:node-monitoring-agent") }],
    ["that is gone", { user: users.node(), responseStatus: { code: 404 } }],
    ["under the add-on's account", { user: agent(NODE) }],
  ])("a node's status of its own object, %s", (_, more) => {
    expect(hitOf(detector, write("patch", more, NODE, "status"))).toBeUndefined();
  });

  it.each<[string, string, Partial<AuditEvent>]>([
    ["a read", "list", {}],
    [
      "what the garbage collector clears away",
      "delete",
      { user: users.serviceAccount("kube-system", "generic-garbage-collector") },
    ],
    [
      "GitOps that asks only",
      "patch",
      { user: users.serviceAccount("argocd", "argocd-application-controller"), requestURI: "/x?dryRun=All" },
    ],
  ])("%s", (_, verb, more) => {
    expect(hitOf(detector, write(verb, more))).toBeUndefined();
  });
});
