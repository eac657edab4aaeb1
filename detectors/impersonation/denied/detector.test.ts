import { describe, expect, it } from "vitest";
import type { AuditEvent } from "../../../schemas/events/k8s-audit/wire.ts";
import { auditEvent, hitOf, users } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const mallory = users.human("mallory", "Developer");
const orders = users.serviceAccount("shop", "orders");
const argo = users.serviceAccount("argocd", "argocd-application-controller");

/** A list of services under an impersonation that was refused. */
function refused(message: string, user = mallory, more: Partial<AuditEvent> = {}) {
  return auditEvent({
    user,
    requestURI: "/api/v1/services",
    objectRef: { resource: "services", apiVersion: "v1" },
    responseStatus: { code: 403, message },
    annotations: {},
    ...more,
  });
}

const named = (name: string) =>
  `users "${name}" is forbidden: User "x" cannot impersonate resource "users" in API group "" at the cluster scope`;
const group = (name: string) =>
  `groups "${name}" is forbidden: User "x" cannot impersonate resource "groups" in API group "" at the cluster scope`;
const account = (namespace: string, name: string) =>
  `serviceaccounts "${name}" is forbidden: User "x" cannot impersonate resource "serviceaccounts" in API group "" in the namespace "${namespace}"`;
const extra = (key: string) =>
  `userextras.authentication.k8s.io "v" is forbidden: User "x" cannot impersonate resource "userextras/${key}" in API group "authentication.k8s.io" at the cluster scope`;
const UNNAMED =
  'services is forbidden: User "x" cannot impersonate-on:user-info:list resource "services" in API group ""';
const canI = {
  verb: "create",
  requestURI: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
  objectRef: { resource: "selfsubjectaccessreviews", apiGroup: "authorization.k8s.io", apiVersion: "v1" },
};

describe("impersonation/denied finds", () => {
  it.each([
    ["a component of Auto Mode", named("eks-auto:coredns")],
    ["a user of AWS", named("eks:node-manager")],
    ["a node", named("system:node:i-0a1b2c3d4e5f60002")],
    [
      "a node, in the mode of 1.36 for nodes",
      'nodes.authentication.k8s.io "i-0a1b2c3d4e5f60002" is forbidden: User "x" cannot impersonate:arbitrary-node resource "nodes" in API group "authentication.k8s.io" at the cluster scope',
    ],
    ["the control plane", named("system:kube-controller-manager")],
    ["a service account of kube-system", account("kube-system", "cluster-tools")],
    ["a privileged group", group("system:masters")],
    ["the group of kube-system's accounts", group("system:serviceaccounts:kube-system")],
    ["an extra key that says who one is", extra("accesskeyid")],
    ["the same key, escaped", extra("access%4bey%49d")],
  ])("somebody who wanted to be %s: medium, a step more for a workload and without credentials", (_, message) => {
    expect(hitOf(detector, refused(message))).toMatchObject({ severity: "medium" });
    expect(hitOf(detector, refused(message, orders))).toMatchObject({ severity: "high" });
    expect(hitOf(detector, refused(message, users.anonymous()))).toMatchObject({ severity: "high" });
  });

  it.each([
    ["another user", named("viewer-1")],
    ["a plain service account", account("shop", "orders")],
    ["a plain group", group("support-readers")],
    ["an extra key of somebody else's", extra("example.com/tenant")],
    ["an identity that 1.36 does not name", UNNAMED],
  ])("somebody who wanted to be %s: low, a step more for a workload", (_, message) => {
    expect(hitOf(detector, refused(message))).toMatchObject({ severity: "low" });
    expect(hitOf(detector, refused(message, orders))).toMatchObject({ severity: "medium" });
  });

  it("a group without a user, which is answered 400", () => {
    const message = "requested [{Group  system:masters    }] without impersonating a user";
    const hit = hitOf(detector, refused(message, mallory, { responseStatus: { code: 400, message } }));
    expect(hit).toMatchObject({ severity: "medium", on: "acting as groups" });
    expect(hit?.sentence).toContain("tried to act as group system:masters");
  });

  it("who wanted what, and what for", () => {
    const hit = hitOf(detector, refused(named("eks-auto:coredns")));
    expect(hit?.sentence).toBe(
      "mallory (role Developer) tried to act as eks-auto:coredns but was denied list services",
    );
    expect(hit?.reasons).toEqual(["wanted eks-auto:coredns", "eks-auto:coredns is a component of Auto Mode"]);
    expect(hit?.evidence).toContainEqual({ field: "responseStatus.message", value: named("eks-auto:coredns") });
    expect(hitOf(detector, refused(UNNAMED))?.sentence).toContain("an identity that the record does not name");
  });

  it("a search for names as one finding of its kind", () => {
    const [one, two, other] = ["eks-auto:coredns", "eks-auto:ipamd", "system:admin"].map((name) =>
      hitOf(detector, refused(named(name))),
    );
    expect(one?.on).toBe("acting as a component of Auto Mode");
    expect(two?.on).toBe(one?.on);
    expect(other?.on).not.toBe(one?.on);
    expect(hitOf(detector, refused(UNNAMED))?.on).toBe("acting as unnamed");
  });

  it("somebody who only asks what another may do: a step lower", () => {
    expect(hitOf(detector, refused(named("system:admin"), mallory, canI))).toMatchObject({ severity: "low" });
    expect(hitOf(detector, refused(named("system:admin"), orders, canI))).toMatchObject({ severity: "medium" });
  });

  it("a GitOps account that lacks a right: low; that wants more than a service account, not", () => {
    const hit = hitOf(detector, refused(account("shop", "deployer"), argo));
    expect(hit).toMatchObject({ severity: "low" });
    expect(hit?.notExempted).toHaveLength(1);
    expect(hitOf(detector, refused(named("system:admin"), argo))).toMatchObject({ severity: "high" });
    const elsewhere = users.serviceAccount("shop", "argocd-application-controller");
    expect(hitOf(detector, refused(account("shop", "deployer"), elsewhere))).toMatchObject({ severity: "medium" });
  });

  it("service accounts of a namespace that the site calls its own", () => {
    const params = { namespaces: ["platform"] };
    expect(hitOf(detector, refused(account("platform", "x")), { params })).toMatchObject({ severity: "medium" });
    expect(hitOf(detector, refused(account("kube-system", "x")), { params })).toMatchObject({ severity: "low" });
  });
});

describe("impersonation/denied stays quiet on", () => {
  it.each([
    ["a node, named", named("system:admin")],
    ["a node that wants a component", named("eks-auto:unknown-thing")],
    ["a node, unnamed", UNNAMED],
  ])("%s: other detectors have it", (_, message) => {
    expect(hitOf(detector, refused(message, users.node()))).toBeUndefined();
  });

  it("an impersonation that was granted, though the request was refused", () => {
    const event = refused('services is forbidden: User "viewer-1" cannot list resource "services"', mallory, {
      impersonatedUser: { username: "viewer-1", groups: ["system:authenticated"] },
      annotations: { "authorization.k8s.io/decision": "forbid" },
    });
    expect(hitOf(detector, event)).toBeUndefined();
  });

  it("a refusal that only quotes the words", () => {
    const quoting = refused(`configmaps "cannot impersonate" not found`, mallory, { responseStatus: { code: 404 } });
    expect(hitOf(detector, quoting)).toBeUndefined();
    const admission = refused(named("system:admin"), mallory, {
      annotations: { "authorization.k8s.io/decision": "allow" },
    });
    expect(hitOf(detector, admission)).toBeUndefined();
  });
});
