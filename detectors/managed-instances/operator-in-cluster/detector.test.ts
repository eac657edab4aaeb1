import { describe, expect, it } from "vitest";
import { auditEvent, hitOf, users } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const declared = { site: { auto: { clusterRoles: ["demo-cluster"] } } };
const secrets = { requestURI: "/api/v1/secrets", objectRef: { resource: "secrets", apiVersion: "v1" } };
const forbidden = { responseStatus: { code: 403 } };

describe("managed-instances/operator-in-cluster finds", () => {
  it("a declared cluster role as a user: high; refused: one step less, in the same finding", () => {
    const hit = hitOf(detector, auditEvent({ user: users.human("alice", "demo-cluster"), ...secrets }), declared);
    expect(hit).toMatchObject({ severity: "high", confidence: "high", on: "role/demo-cluster" });
    expect(hit?.sentence).toBe("alice (role demo-cluster), Auto Mode's cluster role, did list secrets");
    const tried = auditEvent({ user: users.human("alice", "demo-cluster"), ...secrets, ...forbidden });
    expect(hitOf(detector, tried, declared)).toMatchObject({ severity: "medium", on: "role/demo-cluster" });
    expect(hitOf(detector, tried, declared)?.sentence).toContain("tried to list secrets");
  });

  it("a role of the default name: medium, and why", () => {
    const hit = hitOf(detector, auditEvent({ user: users.human("alice", "AmazonEKSAutoClusterRole") }));
    expect(hit).toMatchObject({ severity: "medium", confidence: "medium" });
    expect(hit?.reasons?.[0]).toContain("not declared in auto.clusterRoles");
  });

  it("a username of its own, which an access entry may give, and a node's name for the session", () => {
    const user = { ...users.human("i-0a1b2c3d4e5f60001", "demo-cluster"), username: "ops" };
    expect(hitOf(detector, auditEvent({ user }), declared)).toMatchObject({ severity: "high" });
  });

  it("an authenticator that leaves out its extra fields: the username tells", () => {
    const { extra: _extra, ...user } = users.human("alice", "demo-cluster");
    expect(hitOf(detector, auditEvent({ user }), declared)).toMatchObject({ severity: "high" });
    const { groups: _groups, ...bare } = user;
    const hit = hitOf(detector, auditEvent({ user: bare }), declared);
    expect(hit?.evidence.filter(({ value }) => value === "")).toEqual([]);
  });

  it("a path that is no object", () => {
    const user = users.human("alice", "demo-cluster");
    const hit = hitOf(detector, auditEvent({ user, requestURI: "/openapi/v3", verb: "get" }), declared);
    expect(hit?.sentence).toContain("did get /openapi/v3");
  });

  it("a role that only bears the name of EKS's own: medium, and why", () => {
    const user = { ...users.serviceLinkedRole(), groups: ["system:authenticated"] };
    const hit = hitOf(detector, auditEvent({ user }));
    expect(hit).toMatchObject({ severity: "medium", on: "role/AWSServiceRoleForAmazonEKS" });
    expect(hit?.evidence).toContainEqual({ field: "user.groups", value: "system:authenticated" });
    expect(hit?.reasons).toEqual(["not in group eks:managed, in which EKS puts its own"]);
    expect(hitOf(detector, auditEvent({ user, ...forbidden }))).toMatchObject({ severity: "low" });
  });
});

describe("managed-instances/operator-in-cluster stays quiet on", () => {
  it.each([
    ["the service-linked role", users.serviceLinkedRole()],
    ["a person of another role", users.human()],
    ["a node", users.node()],
    ["a service account", users.serviceAccount()],
    ["a component of EKS", users.component("eks:node-manager")],
  ])("%s", (_, user) => {
    expect(hitOf(detector, auditEvent({ user, ...secrets }), declared)).toBeUndefined();
  });
});
