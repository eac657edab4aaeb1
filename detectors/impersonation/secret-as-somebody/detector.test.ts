import { describe, expect, it } from "vitest";
import type { AuditEvent, AuditUser } from "../../../schemas/events/k8s-audit/wire.ts";
import { auditEvent, hitOf, users } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const dave = users.human("dave", "AppEditor");
const orders = users.serviceAccount("shop", "orders");
const argo = users.serviceAccount("argocd", "argocd-application-controller");
const as = (namespace: string, name: string, more: object = {}) => ({
  impersonatedUser: {
    username: `system:serviceaccount:${namespace}:${name}`,
    groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"],
    ...more,
  },
});
const viewer = { impersonatedUser: { username: "viewer-1", groups: ["system:authenticated"] } };
const component = { impersonatedUser: { username: "eks-auto:coredns", groups: ["system:authenticated"] } };
const one = { verb: "get", objectRef: { resource: "secrets", namespace: "shop", name: "db", apiVersion: "v1" } };
const everywhere = { requestURI: "/api/v1/secrets", objectRef: { resource: "secrets", apiVersion: "v1" } };
const denied = { responseStatus: { code: 403 } };

/** Secrets of the namespace shop listed. */
const read = (user = dave, ...more: Partial<AuditEvent>[]) =>
  auditEvent({
    user,
    requestURI: "/api/v1/namespaces/shop/secrets",
    objectRef: { resource: "secrets", namespace: "shop", apiVersion: "v1" },
    ...Object.assign({}, ...more),
  });

describe("impersonation/secret-as-somebody finds", () => {
  it.each([
    ["a list as a plain service account", dave, [as("shop", "orders")], "high"],
    ["a watch", dave, [as("shop", "orders"), { verb: "watch" }], "high"],
    ["one Secret as a plain service account", dave, [as("shop", "orders"), one], "medium"],
    ["one Secret as another user", dave, [viewer, one], "medium"],
    ["one Secret as an account of the cluster", dave, [as("kube-system", "tools"), one], "high"],
    [
      "one Secret in the group of such accounts",
      dave,
      [as("shop", "x", { groups: ["system:serviceaccounts:kube-system"] }), one],
      "high",
    ],
    [
      "one Secret in a privileged group",
      dave,
      [{ impersonatedUser: { username: "x", groups: ["system:masters"] } }, one],
      "high",
    ],
    ["one Secret as a component", dave, [component, one], "high"],
    ["one Secret by a workload", orders, [as("shop", "billing"), one], "high"],
    ["one Secret by a node as somebody", users.node(), [viewer, one], "high"],
    [
      "a component with a group added, by a node",
      users.node(),
      [{ impersonatedUser: { username: "eks-auto:coredns", groups: ["system:masters"] } }],
      "high",
    ],
    ["oneself with a privileged group", orders, [as("shop", "orders", { groups: ["system:masters"] })], "high"],
    ["a refused list as a plain service account", dave, [as("shop", "orders"), denied], "low"],
    ["a refused list by a workload", orders, [as("shop", "billing"), denied], "medium"],
    ["a refused list as an account of the cluster", dave, [as("kube-system", "tools"), denied], "medium"],
  ] as [string, AuditUser, Partial<AuditEvent>[], string][])("%s", (_, user, more, severity) => {
    expect(hitOf(detector, read(user, ...more))).toMatchObject({ severity });
  });

  it("who read what as whom", () => {
    const hit = hitOf(detector, read(dave, as("shop", "orders")));
    expect(hit?.sentence).toBe(
      "dave (role AppEditor) acted as system:serviceaccount:shop:orders and listed secrets in shop",
    );
    expect(hit).toMatchObject({ on: "secrets as system:serviceaccount:shop:orders" });
    expect(hit?.reasons).toEqual(["list hands out the values of all of them"]);
  });

  it("the same subject, read or refused", () => {
    const [done, tried] = [read(dave, viewer, one), read(dave, viewer, denied)].map((event) => hitOf(detector, event));
    expect(tried?.on).toBe(done?.on);
  });

  it("a right that was given for this action (1.36): a step lower", () => {
    const constrained = { authenticationMetadata: { impersonationConstraint: "impersonate:serviceaccount" } };
    const hit = hitOf(detector, read(dave, as("shop", "orders"), constrained));
    expect(hit).toMatchObject({ severity: "medium" });
    expect(hit?.notExempted).toHaveLength(1);
  });

  it("a GitOps account: low as an account of the cluster, and low when only called so", () => {
    expect(hitOf(detector, read(argo, as("kube-system", "tools")))).toMatchObject({ severity: "low" });
    const alike = users.serviceAccount("cd", "argocd-application-controller");
    expect(hitOf(detector, read(alike, as("shop", "deployer")))).toMatchObject({ severity: "low" });
  });

  it("a GitOps account that takes every Secret of the cluster, or is no service account", () => {
    expect(hitOf(detector, read(argo, as("shop", "deployer"), everywhere))).toMatchObject({ severity: "high" });
    expect(hitOf(detector, read(argo, viewer))).toMatchObject({ severity: "high" });
  });

  it("service accounts of a namespace that the site calls its own", () => {
    const settings = { params: { namespaces: ["shop"] } };
    expect(hitOf(detector, read(dave, as("shop", "orders"), one), settings)).toMatchObject({ severity: "high" });
  });
});

describe("impersonation/secret-as-somebody stays quiet on", () => {
  it.each([
    ["a GitOps account as a tenant's service account", read(argo, as("shop", "deployer"))],
    ["oneself", read(orders, as("shop", "orders"))],
    ["a component of a real node, which component-envelope has", read(users.node(), component)],
    ["other objects", read(dave, viewer, { objectRef: { resource: "configmaps", namespace: "shop" } })],
    ["a write", read(dave, viewer, { verb: "create" })],
    [
      "another API's secrets",
      read(dave, viewer, { objectRef: { resource: "secrets", apiGroup: "vault.example.com" } }),
    ],
    [
      "an impersonation that was refused",
      read(dave, {
        responseStatus: {
          code: 403,
          message: 'users "x" is forbidden: User "y" cannot impersonate resource "users" in API group ""',
        },
        annotations: {},
      }),
    ],
  ])("%s", (_, event) => {
    expect(hitOf(detector, event)).toBeUndefined();
  });
});
