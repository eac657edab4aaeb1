import { describe, expect, it } from "vitest";
import { hitOf, users } from "../../../test/support/events.ts";
import { actingAs, denied, on, refusedAs, selfReview } from "../../../test/support/impersonation.ts";
import { detector } from "./detector.ts";

const node = users.node();
const managed = { ...users.node(), username: "system:node:ip-10-0-1-7.eu-central-1.compute.internal" };
const incomplete = (part: string) => ({
  responseStatus: { code: 400, message: `requested [{${part}    }] without impersonating a user` },
});

describe("impersonation/node-impersonates finds", () => {
  it("a node that became the cluster's administrator: critical, with what it did", () => {
    expect(hitOf(detector, actingAs(node, "system:admin", on("list", "secrets"), ["system:masters"]))).toMatchObject({
      severity: "critical",
      on: "as system:admin",
      sentence: "node i-0a1b2c3d4e5f60001 acted as system:admin and listed secrets in shop",
      reasons: ["system:admin is an identity of the control plane", "in the privileged group system:masters"],
    });
  });

  it("one that tried: high, in the same finding", () => {
    expect(hitOf(detector, refusedAs(node, 'users "system:admin"'))).toMatchObject({
      severity: "high",
      on: "as system:admin",
      sentence: "node i-0a1b2c3d4e5f60001 tried to act as system:admin and was refused",
    });
  });

  it.each([
    ["another node", "system:node:i-0a1b2c3d4e5f60009", {}, "critical"],
    ["another node, then denied", "system:node:i-0a1b2c3d4e5f60009", denied, "high"],
    ["an identity of AWS", "eks:addon-manager", {}, "critical"],
    ["a service account", "system:serviceaccount:shop:orders", {}, "high"],
    ["a person", "arn:aws:sts::111122223333:assumed-role/ClusterAdmin/alice", {}, "high"],
    ["a person, to test rights, which nobody does as a node", "alice", selfReview, "medium"],
  ])("a node that acted as %s", (_, as, more, severity) => {
    expect(hitOf(detector, actingAs(node, as, more))).toMatchObject({ severity, on: `as ${as}` });
  });

  it.each([
    ["another node", 'users "system:node:i-0a1b2c3d4e5f60009"', {}, "high", "as system:node:i-0a1b2c3d4e5f60009"],
    ["a person", 'users "alice"', {}, "medium", "as alice"],
    ["a group of the cluster", 'groups "system:masters"', {}, "high", "as group system:masters"],
    [
      "a service account",
      'serviceaccounts "orders"',
      on("list", "pods"),
      "medium",
      "as system:serviceaccount:shop:orders",
    ],
    ["extra keys", 'userextras.authentication.k8s.io/accesskeyid "x"', {}, "medium", "as extra keys"],
    ["a group without a user", "", incomplete("Group  system:masters"), "high", "as group system:masters"],
    [
      "a uid without a user",
      "",
      incomplete("UID  x  authentication.k8s.io/v1"),
      "medium",
      "as uid x  authentication.k8s.io/v1",
    ],
    [
      "a control-plane name, to test rights",
      'users "system:apiserver"',
      selfReviewRefused(),
      "medium",
      "as system:apiserver",
    ],
  ])("a node that was refused %s", (_, what, more, severity, subject) => {
    expect(hitOf(detector, refusedAs(node, what, more))).toMatchObject({ severity, on: subject });
  });

  it.each([
    ["a name that the record does not tell (1.36)", undefined],
    ["the one group that components have", 'groups "system:authenticated"'],
  ])("a node that was refused %s, as its components are without their policy: low, once a node", (_, what) => {
    const hit = hitOf(detector, refusedAs(node, what));
    expect(hit).toMatchObject({ severity: "low", confidence: "low", by: "instance/i-0a1b2c3d4e5f60001" });
    const forged = { ...node, username: "system:node:hacker" };
    expect(hitOf(detector, refusedAs(forged, what))).toMatchObject({ severity: "medium" });
    expect(hitOf(detector, refusedAs(forged, what))?.by).toBeUndefined();
  });

  it("a node of another kind in a mixed cluster", () => {
    expect(hitOf(detector, actingAs(managed, "alice"))).toMatchObject({ severity: "high" });
  });
});

/** The refusal of a self-review. */
function selfReviewRefused() {
  const { responseStatus: _, ...request } = selfReview;
  return request;
}

describe("impersonation/node-impersonates stays quiet on", () => {
  it("a node under a component's name, allowed or refused: impersonation/eks-auto-component's", () => {
    expect(hitOf(detector, actingAs(node, "eks-auto:coredns"))).toBeUndefined();
    expect(hitOf(detector, refusedAs(node, 'users "eks-auto:coredns"'))).toBeUndefined();
  });

  it("a person or a service account, whoever they act as", () => {
    expect(hitOf(detector, actingAs(users.human(), "system:admin"))).toBeUndefined();
    expect(hitOf(detector, actingAs(users.serviceAccount(), "system:node:i-0a1b2c3d4e5f60001"))).toBeUndefined();
    expect(hitOf(detector, refusedAs(users.human(), 'users "system:admin"'))).toBeUndefined();
  });

  it("a node that is refused something as itself", () => {
    const message = 'secrets is forbidden: User "system:node:i-0a1b2c3d4e5f60001" cannot list resource "secrets"';
    expect(hitOf(detector, refusedAs(node, "", { responseStatus: { code: 403, message } }))).toBeUndefined();
  });
});
