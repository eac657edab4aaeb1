import { describe, expect, it } from "vitest";
import type { AuditEvent } from "../../../schemas/events/k8s-audit/wire.ts";
import { auditEvent, hitOf, users } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const NODE = "i-0a1b2c3d4e5f60001";
const GROUPS: Readonly<Record<string, string>> = {
  policyendpoints: "networking.k8s.aws",
  cninodes: "vpcresources.k8s.aws",
};

function write(verb: string, resource: string, more: Partial<AuditEvent> = {}, ref: object = { name: NODE }) {
  const objectRef = { resource, apiGroup: GROUPS[resource] ?? "eks.amazonaws.com", ...ref };
  return auditEvent({ verb, requestURI: "/apis/x", objectRef, responseStatus: { code: 200 }, ...more });
}

const argo = users.serviceAccount("argocd", "argocd-application-controller");
const cni = users.serviceAccount("kube-system", "aws-node");

describe("managed-instances/network-object finds", () => {
  it("a CNINode written by a person: medium", () => {
    const hit = hitOf(detector, write("patch", "cninodes"));
    expect(hit).toMatchObject({
      severity: "medium",
      on: `cninodes/${NODE}`,
      sentence: `alice (role ClusterAdmin) patched CNINode ${NODE}`,
    });
    expect(hit?.reasons).toContain("it says which network features a node has");
  });

  it("a PolicyEndpoint, with its namespace", () => {
    const hit = hitOf(detector, write("delete", "policyendpoints", {}, { name: "allow-x7k2p", namespace: "shop" }));
    expect(hit).toMatchObject({ severity: "medium", on: "policyendpoints/shop/allow-x7k2p" });
  });

  it.each<[string, string, string, Partial<AuditEvent>, string]>([
    ["parameters of load balancers, which are the platform team's", "create", "ingressclassparams", {}, "low"],
    ["those by a service account", "patch", "ingressclassparams", { user: cni }, "low"],
    ["GitOps that removes them", "delete", "ingressclassparams", { user: argo }, "low"],
    ["an attempt", "patch", "cninodes", { responseStatus: { code: 403 } }, "low"],
    ["a node that writes another's", "patch", "cninodes", { user: users.node("i-0a1b2c3d4e5f60002") }, "high"],
    ["a node that writes what its pods may reach", "patch", "policyendpoints", { user: users.node() }, "high"],
    ["a node that deletes all", "deletecollection", "cninodes", { user: users.node() }, "high"],
    ["another service account", "patch", "cninodes", { user: users.serviceAccount() }, "medium"],
    [
      "somebody who acts through the CNI's account",
      "patch",
      "cninodes",
      { user: cni, impersonatedUser: { username: "x", groups: [] } },
      "medium",
    ],
  ])("%s", (_, verb, resource, more, severity) => {
    expect(hitOf(detector, write(verb, resource, more))).toMatchObject({ severity });
  });
});

describe("managed-instances/network-object stays quiet on", () => {
  const ipamd = { impersonatedUser: { username: "eks-auto:ipamd", groups: ["system:authenticated"] } };
  it.each<[string, string, string, Partial<AuditEvent>]>([
    ["a node that writes its own CNINode as its component", "patch", "cninodes", { user: users.node(), ...ipamd }],
    [
      "the same before the object is there",
      "patch",
      "cninodes",
      { user: users.node(), ...ipamd, responseStatus: { code: 404 } },
    ],
    ["a node that writes it as itself", "create", "cninodes", { user: users.node() }],
    ["EKS's network controller", "create", "cninodes", { user: users.serviceLinkedRole() }],
    ["EKS's policy controller", "patch", "policyendpoints", { user: users.component("eks:network-policy-controller") }],
    ["a self-managed CNI", "patch", "cninodes", { user: cni }],
    ["GitOps that applies load balancers' parameters", "patch", "ingressclassparams", { user: argo }],
    [
      "what goes with its namespace",
      "deletecollection",
      "policyendpoints",
      { user: users.serviceAccount("kube-system", "namespace-controller") },
    ],
    ["a NodePool", "patch", "nodepools", {}],
    ["a TargetGroupBinding, which teams write", "create", "targetgroupbindings", {}],
  ])("%s", (_, verb, resource, more) => {
    expect(hitOf(detector, write(verb, resource, more))).toBeUndefined();
  });

  it("a status", () => {
    const ref = { name: "x", namespace: "shop", subresource: "status" };
    expect(hitOf(detector, write("patch", "policyendpoints", {}, ref))).toBeUndefined();
  });
});
