import { describe, expect, it } from "vitest";
import { hitOf, users } from "../../../test/support/events.ts";
import { actingAs, denied, discovery, on, refusedAs, selfReview } from "../../../test/support/impersonation.ts";
import { detector } from "./detector.ts";

const alice = users.human("alice", "ClusterAdmin");
const orders = users.serviceAccount("shop", "orders");
const node = users.node();
const hacker = { ...node, username: "system:node:hacker" };
const moved = { ...node, extra: { ...node.extra, sessionName: ["i-0a1b2c3d4e5f60009"] } };
const groupless = { ...node, groups: ["system:authenticated"] };
const unproven = { username: "system:node:i-0a1b2c3d4e5f60001", groups: ["system:nodes", "system:authenticated"] };
const withUid = { impersonatedUser: { username: "eks-auto:coredns", uid: "1", groups: ["system:authenticated"] } };
const withExtra = { impersonatedUser: { username: "eks-auto:coredns", groups: [], extra: { accesskeyid: ["x"] } } };

describe("impersonation/eks-auto-component finds", () => {
  it("a person in a component's name: critical, with what was done", () => {
    expect(hitOf(detector, actingAs(alice, "eks-auto:coredns"))).toMatchObject({
      severity: "critical",
      on: "as eks-auto:coredns",
      sentence: "alice (role ClusterAdmin) acted as eks-auto:coredns and listed services",
      reasons: ["the impersonator is human, not a node"],
    });
  });

  it("whoever it is, and what was written of it", () => {
    const hit = hitOf(
      detector,
      actingAs(orders, "eks-auto:ipamd", {
        authenticationMetadata: { impersonationConstraint: "impersonate:user-info" },
      }),
    );
    expect(hit?.evidence).toEqual([
      { field: "user.username", value: "system:serviceaccount:shop:orders" },
      { field: "impersonatedUser.username", value: "eks-auto:ipamd" },
      { field: "impersonatedUser.groups", value: "system:authenticated" },
      { field: "authenticationMetadata.impersonationConstraint", value: "impersonate:user-info" },
    ]);
    expect(hit).toMatchObject({ severity: "critical", reasons: ["the impersonator is service-account, not a node"] });
  });

  it.each([
    ["a service account", orders, "eks-auto:ipamd", {}, "critical"],
    ["the other prefixes of the drafts", alice, "eks-runtime:ebs-csi-driver", {}, "critical"],
    ["a name that no component is known to have", alice, "eks-auto:component-name", {}, "critical"],
    ["a person who was denied what they asked", alice, "eks-auto:coredns", denied, "high"],
    [
      "a person refused by admission",
      alice,
      "eks-auto:coredns",
      { ...on("create", "pods"), ...denied, annotations: { "authorization.k8s.io/decision": "allow" } },
      "high",
    ],
    [
      "a person who found nothing (404), which is no refusal",
      alice,
      "eks-auto:coredns",
      { responseStatus: { code: 404 } },
      "critical",
    ],
    ["a person who tests rights", alice, "eks-auto:coredns", selfReview, "low"],
    ["kubectl's look at the API before that", alice, "eks-auto:coredns", discovery, "low"],
    [
      "a review of somebody else's rights, which is no test of one's own",
      alice,
      "eks-auto:coredns",
      on("create", "subjectaccessreviews", "", "authorization.k8s.io"),
      "critical",
    ],
    [
      "a certificate or other identity in EKS's name",
      users.component("eks:node-manager"),
      "eks-auto:coredns",
      {},
      "critical",
    ],
    ["a node whose name is no instance id", hacker, "eks-auto:coredns", {}, "critical"],
    ["a node whose session has another name", moved, "eks-auto:coredns", {}, "high"],
    ["a node outside of system:nodes", groupless, "eks-auto:coredns", {}, "high"],
    ["a node that never came through IAM, as by a stolen certificate", unproven, "eks-auto:coredns", {}, "high"],
    ["a node that gives its component a uid", node, "eks-auto:coredns", withUid, "high"],
    ["a node that gives its component extra keys", node, "eks-auto:coredns", withExtra, "high"],
    ["the same, denied", node, "eks-auto:coredns", { ...withExtra, ...denied }, "medium"],
  ])("%s", (_, user, as, more, severity) => {
    expect(hitOf(detector, actingAs(user, as, more))).toMatchObject({ severity, on: `as ${as}` });
  });

  it.each([
    ["a group of its own making: high", "shop-admins", "high"],
    ["a group of the cluster: critical", "system:masters", "critical"],
  ])("a node whose component is in %s", (_, group, severity) => {
    const hit = hitOf(detector, actingAs(node, "eks-auto:coredns", {}, [group]));
    expect(hit).toMatchObject({ severity, reasons: [`with the groups ${group}`] });
  });

  it("says that a stream was only started", () => {
    const exec = { ...on("get", "pods", "exec"), responseStatus: { code: 101 } };
    expect(hitOf(detector, actingAs(alice, "eks-auto:coredns", exec))?.sentence).toContain(
      "101 does not prove that it ran",
    );
  });

  it("case variants in one finding, as no name is equal to another for RBAC but all are tried", () => {
    expect(hitOf(detector, actingAs(alice, "EKS-Auto:CoreDNS", denied))).toMatchObject({
      severity: "high",
      on: "as eks-auto:coredns",
    });
  });

  it.each(["eks-auto:new-thing", "EKS-Auto:coredns", "eks-auto:CoreDNS"])(
    "a real node under a name that is not listed, once a node: low, not sure: %s",
    (as) => {
      const hit = hitOf(detector, actingAs(node, as));
      expect(hit).toMatchObject({ severity: "low", confidence: "low", by: "instance/i-0a1b2c3d4e5f60001" });
      expect(hit?.reasons).toEqual(["a component name that is not listed"]);
    },
  );

  it.each([
    ["a real node that is refused a component's name: low, not sure", node, "low"],
    ["a node of an odd shape that is: medium", hacker, "medium"],
  ])("%s", (_, user, severity) => {
    const hit = hitOf(detector, refusedAs(user, 'users "eks-auto:coredns"'));
    expect(hit).toMatchObject({ severity, on: "as eks-auto:coredns" });
    expect(hit?.sentence).toContain("was refused the component name eks-auto:coredns");
  });

  it("a node of a role that is none of the site's: medium, one finding a role", () => {
    const site = { auto: { nodeRoles: ["prod-nodes"] } };
    const rogue = users.node("i-0a1b2c3d4e5f60002", "rogue");
    const hit = hitOf(detector, actingAs(rogue, "eks-auto:coredns"), { site });
    expect(hit).toMatchObject({ severity: "medium", by: "role/arn:aws:iam::111122223333:role/rogue" });
    expect(hit?.reasons?.[0]).toContain("none of auto.nodeRoles");
    const own = users.node("i-0a1b2c3d4e5f60002", "prod-nodes");
    expect(hitOf(detector, actingAs(own, "eks-auto:coredns"), { site })).toBeUndefined();
    expect(hitOf(detector, actingAs(rogue, "eks-auto:coredns"))).toBeUndefined();
  });

  it("a component that the site does not list", () => {
    const params = { components: ["coredns"] };
    expect(hitOf(detector, actingAs(node, "eks-auto:ipamd"), { params })).toMatchObject({ severity: "low" });
  });
});

describe("impersonation/eks-auto-component stays quiet on", () => {
  it.each(["eks-auto:coredns", "eks-auto:kube-proxy", "eks-runtime:ebs-csi-driver", "eks-auto:neuron-device-plugin"])(
    "a real node under its component's name: %s",
    (as) => {
      expect(hitOf(detector, actingAs(node, as))).toBeUndefined();
      expect(hitOf(detector, actingAs(node, as, denied))).toBeUndefined();
    },
  );

  it("a new component that the site has listed", () => {
    expect(
      hitOf(detector, actingAs(node, "eks-auto:new-thing"), { params: { components: ["new-thing"] } }),
    ).toBeUndefined();
  });

  it.each([
    [
      "a session named eks-auto-coredns, which says nothing",
      "arn:aws:sts::111122223333:assumed-role/Support/eks-auto-coredns",
    ],
    ["a user whose name only contains a component's", "team:eks-auto:coredns"],
    ["a node, which is impersonation/privileged-identity's", "system:node:i-0a1b2c3d4e5f60001"],
  ])("%s", (_, as) => {
    expect(hitOf(detector, actingAs(alice, as))).toBeUndefined();
  });

  it("a person who acts as nobody from a session named eks-auto-coredns", () => {
    expect(hitOf(detector, actingAs(users.human("eks-auto-coredns", "Support"), "viewer"))).toBeUndefined();
  });

  it("anybody else than a node who is refused the name: impersonation/denied's", () => {
    expect(hitOf(detector, refusedAs(alice, 'users "eks-auto:coredns"'))).toBeUndefined();
    expect(hitOf(detector, refusedAs(orders, 'users "eks-auto:coredns"'))).toBeUndefined();
  });

  it("the RequestReceived stage, which does not know the impersonation yet", () => {
    expect(hitOf(detector, actingAs(alice, "eks-auto:coredns", { stage: "RequestReceived" }))).toBeUndefined();
  });
});
