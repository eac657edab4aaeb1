import { describe, expect, it } from "vitest";
import { hitOf, users } from "../../../test/support/events.ts";
import { actingAs, denied, discovery, on, refusedAs, selfReview } from "../../../test/support/impersonation.ts";
import { detector } from "./detector.ts";

const alice = users.human("alice", "ClusterAdmin");
const orders = users.serviceAccount("shop", "orders", "orders-0");
const argo = users.serviceAccount("argocd", "argocd-application-controller");
const otherArgo = users.serviceAccount("delivery", "argocd-application-controller");
const tools = "system:serviceaccount:kube-system:cluster-tools";
const whoami = on("create", "selfsubjectreviews", "", "authentication.k8s.io");
const victim = "system:node:i-0a1b2c3d4e5f60009";
const constrained = (impersonationConstraint: string) => ({ authenticationMetadata: { impersonationConstraint } });

describe("impersonation/privileged-identity finds", () => {
  it("a person who took system:masters: high, with what was done", () => {
    expect(hitOf(detector, actingAs(alice, "admin", on("list", "secrets"), ["system:masters"]))).toMatchObject({
      severity: "high",
      on: "as admin",
      sentence: "alice (role ClusterAdmin) acted as admin in system:masters and listed secrets in shop",
      reasons: ["in the privileged group system:masters"],
    });
  });

  it.each([
    ["the control plane", "system:kube-controller-manager", "is an identity of the control plane"],
    ["a node", victim, "is a node"],
    ["an identity of AWS", "eks:node-manager", "is an identity of AWS"],
    ["a case variant of one", "EKS:node-manager", "is an identity of AWS"],
    [
      "the service-linked role",
      "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAmazonEKS/x",
      "is an identity of AWS",
    ],
    ["the service-linked role by its bare name", "AWSServiceRoleForAmazonEKS", "is an identity of AWS"],
    ["the administrator of other distributions", "kubernetes-admin", "is an identity of the control plane"],
  ])("%s: high by a person, critical by a workload, one less when denied", (_, as, why) => {
    expect(hitOf(detector, actingAs(alice, as))).toMatchObject({
      severity: "high",
      on: `as ${as}`,
      reasons: [`${as} ${why}`],
    });
    expect(hitOf(detector, actingAs(alice, as, denied))).toMatchObject({ severity: "medium", on: `as ${as}` });
    expect(hitOf(detector, actingAs(orders, as))).toMatchObject({ severity: "critical" });
    expect(hitOf(detector, actingAs(orders, as, denied))).toMatchObject({ severity: "high" });
    expect(hitOf(detector, actingAs(users.anonymous(), as))).toMatchObject({ severity: "critical" });
  });

  it("says whom, without groups that give nothing", () => {
    const sentence = "service account shop/orders acted as eks:node-manager and listed services";
    expect(hitOf(detector, actingAs(orders, "eks:node-manager"))).toMatchObject({ sentence });
    const tested = "alice (role ClusterAdmin) acted as system:admin and asked what it may do";
    expect(hitOf(detector, actingAs(alice, "system:admin", selfReview))).toMatchObject({ sentence: tested });
    const dryRun = { ...on("create", "pods"), requestURI: "/api/v1/namespaces/shop/pods?dryRun=All" };
    expect(hitOf(detector, actingAs(alice, "system:admin", dryRun))?.sentence).toContain(
      "created pods in shop (dry run)",
    );
  });

  it("a service account of kube-system: medium by a person, high by a workload, one less when denied", () => {
    const reasons = [`${tools} serves the cluster itself`];
    expect(hitOf(detector, actingAs(alice, tools))).toMatchObject({ severity: "medium", on: `as ${tools}`, reasons });
    expect(hitOf(detector, actingAs(alice, tools, denied))).toMatchObject({ severity: "low" });
    expect(hitOf(detector, actingAs(orders, tools))).toMatchObject({ severity: "high" });
    expect(hitOf(detector, actingAs(orders, tools, denied))).toMatchObject({ severity: "medium" });
  });

  it("any name in the group of its service accounts", () => {
    const hit = hitOf(detector, actingAs(alice, "anyone", {}, ["system:serviceaccounts:kube-system"]));
    expect(hit).toMatchObject({
      severity: "medium",
      reasons: ["in the group of accounts that serve the cluster itself"],
    });
  });

  it.each(["eks:managed", "system:nodes", "system:bootstrappers", "eks-auto:coredns"])(
    "a plain user in %s",
    (group) => {
      expect(hitOf(detector, actingAs(alice, "anyone", {}, [group]))).toMatchObject({
        severity: "high",
        on: "as anyone",
      });
    },
  );

  it.each([
    ["what kubectl auth can-i sends", selfReview],
    ["what kubectl auth whoami sends", whoami],
    ["its look at the API before", discovery],
  ])("a test of rights: low, by people and workloads, in the same finding: %s", (_, more) => {
    for (const user of [alice, orders])
      expect(hitOf(detector, actingAs(user, "system:admin", more))).toMatchObject({
        severity: "low",
        on: "as system:admin",
      });
  });

  it("a constrained right (1.36) of a workload, which was given on purpose: two steps lower", () => {
    const arbitrary = hitOf(
      detector,
      actingAs(orders, victim, constrained("impersonate:arbitrary-node"), ["system:nodes"]),
    );
    expect(arbitrary).toMatchObject({ severity: "medium", notExempted: ["granted by impersonate:arbitrary-node"] });
    const account = actingAs(orders, tools, constrained("impersonate:serviceaccount"));
    expect(hitOf(detector, account)).toMatchObject({ severity: "low" });
  });

  it("but of a person not: nobody needs a node's name", () => {
    const hit = hitOf(detector, actingAs(alice, victim, constrained("impersonate:arbitrary-node"), ["system:nodes"]));
    expect(hit).toMatchObject({ severity: "high" });
  });

  it("a pod as its own node (1.36), which the server has checked: low", () => {
    const own = constrained("impersonate:associated-node");
    expect(hitOf(detector, actingAs(orders, victim, own, ["system:nodes"]))).toMatchObject({ severity: "low" });
    expect(hitOf(detector, actingAs(alice, victim, own, ["system:nodes"]))).toMatchObject({ severity: "high" });
  });

  it.each([
    ["declared by the site", argo, "a GitOps account of the site, but as an account of the cluster"],
    [
      "called so in another namespace",
      otherArgo,
      "called like a GitOps account, but not listed in the site's gitOps accounts",
    ],
  ])("a GitOps account, %s, as one of kube-system: low", (_, user, why) => {
    expect(hitOf(detector, actingAs(user, tools, on("patch", "deployments", "", "apps")))).toMatchObject({
      severity: "low",
      notExempted: [why],
    });
  });

  it("a GitOps account as the control plane, or with its hands in a pod: as anybody", () => {
    expect(hitOf(detector, actingAs(argo, "system:kube-controller-manager"))).toMatchObject({ severity: "critical" });
    const exec = { ...on("get", "pods", "exec"), responseStatus: { code: 101 } };
    expect(hitOf(detector, actingAs(argo, tools, exec))).toMatchObject({ severity: "high" });
    expect(hitOf(detector, actingAs(argo, tools, on("create", "serviceaccounts", "token")))).toMatchObject({
      severity: "high",
    });
  });

  it("EKS as its event controller, by certificate, with a group, or as somebody else's", () => {
    const forged = {
      ...users.component("eks:cluster-event-watcher"),
      extra: { "authentication.kubernetes.io/credential-id": ["X509SHA256=00"] },
    };
    const controller = "eks-event-service:event-controller";
    expect(hitOf(detector, actingAs(forged, controller))).toMatchObject({ severity: "high" });
    const real = users.component("eks:cluster-event-watcher");
    expect(hitOf(detector, actingAs(real, controller, {}, ["system:masters"]))).toMatchObject({ severity: "high" });
    for (const other of ["system:admin", "system:eks-event-service:x", "system:eks:x"])
      expect(hitOf(detector, actingAs(real, other))).toMatchObject({ severity: "high" });
    expect(hitOf(detector, actingAs(users.serviceLinkedRole(), "eks:addon-manager"))).toMatchObject({
      severity: "high",
    });
    const named = users.human("eks-auto-compute", "AWSServiceRoleForAmazonEKS");
    expect(hitOf(detector, actingAs(named, controller))).toMatchObject({ severity: "high" });
  });

  it("accounts of a namespace that the site names", () => {
    const params = { namespaces: ["kube-system", "platform"] };
    const as = "system:serviceaccount:platform:operator";
    const reasons = [`${as} serves the cluster itself`];
    expect(hitOf(detector, actingAs(alice, as), { params })).toMatchObject({ severity: "medium", reasons });
    expect(hitOf(detector, actingAs(alice, as))).toBeUndefined();
    const grouped = actingAs(alice, "anyone", {}, ["system:serviceaccounts:platform"]);
    expect(hitOf(detector, grouped, { params })).toMatchObject({ severity: "medium" });
  });
});

describe("impersonation/privileged-identity stays quiet on", () => {
  it.each([
    ["a plain user", "viewer", []],
    ["a plain user in a group of the site", "viewer", ["support-readers"]],
    ["a plain user in groups that give nothing", "viewer", ["system:monitoring", "system:serviceaccounts:shop"]],
    ["somebody who comes through Rancher's proxy", "u-7k2xq", ["system:cattle:authenticated"]],
    ["a group that only begins like AWS's", "viewer", ["eks-console-readers"]],
    ["nobody", "system:anonymous", ["system:unauthenticated"]],
    ["another person by ARN", "arn:aws:sts::111122223333:assumed-role/Developer/bob", []],
    [
      "a person whose session is named like Auto Mode",
      "arn:aws:sts::111122223333:assumed-role/Developer/eks-auto-coredns",
      [],
    ],
    ["a user whose name only contains such an account's", `team/${tools}`, []],
    ["a service account of an application", "system:serviceaccount:shop:orders", undefined],
    [
      "an account of a namespace that only begins with kube-system",
      "system:serviceaccount:kube-system-tools:x",
      undefined,
    ],
  ])("%s", (_, as, groups) => {
    expect(hitOf(detector, actingAs(alice, as, {}, groups))).toBeUndefined();
    expect(hitOf(detector, actingAs(orders, as, {}, groups))).toBeUndefined();
  });

  it("EKS's own users and its service-linked role as its event controller", () => {
    const as = "eks-event-service:event-controller";
    expect(hitOf(detector, actingAs(users.component("eks:cluster-event-watcher"), as))).toBeUndefined();
    expect(hitOf(detector, actingAs(users.component("eks:addon-manager"), "eks:node-manager"))).toBeUndefined();
    expect(hitOf(detector, actingAs(users.serviceLinkedRole(), as))).toBeUndefined();
  });

  it("what was refused outright: impersonation/denied's", () => {
    expect(hitOf(detector, refusedAs(alice, 'users "system:admin"'))).toBeUndefined();
  });

  it("a node and a component, which have detectors of their own", () => {
    expect(hitOf(detector, actingAs(users.node(), "system:admin", {}, ["system:masters"]))).toBeUndefined();
    expect(hitOf(detector, actingAs(alice, "eks-auto:coredns", {}, ["system:masters"]))).toBeUndefined();
  });
});
