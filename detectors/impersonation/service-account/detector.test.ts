import { describe, expect, it } from "vitest";
import { hitOf, users } from "../../../test/support/events.ts";
import { actingAs, denied, discovery, on, refusedAs, selfReview } from "../../../test/support/impersonation.ts";
import { detector } from "./detector.ts";

const dave = users.human("dave", "AppEditor");
const orders = users.serviceAccount("shop", "orders", "orders-0");
const argo = users.serviceAccount("argocd", "argocd-application-controller");
const otherFlux = users.serviceAccount("delivery", "helm-controller");
const billing = "system:serviceaccount:billing:ledger";
const constrained = { authenticationMetadata: { impersonationConstraint: "impersonate:serviceaccount" } };
const exec = { ...on("get", "pods", "exec"), responseStatus: { code: 101 } };

describe("impersonation/service-account finds", () => {
  it("one workload as another: medium, with what was done", () => {
    expect(hitOf(detector, actingAs(orders, billing, on("list", "configmaps")))).toMatchObject({
      severity: "medium",
      on: `as ${billing}`,
      sentence: `service account shop/orders acted as ${billing} and listed configmaps in shop`,
      reasons: ["one workload's identity acts as another's"],
      notExempted: ["not listed in the site's gitOps accounts"],
    });
  });

  it.each([
    ["a person, who may by the edit policy", dave, {}, "low"],
    ["a person, to test rights", dave, selfReview, "low"],
    ["a person with kubectl, before that", dave, discovery, "low"],
    ["a person who was denied", dave, denied, "low"],
    ["a workload that was denied", orders, denied, "low"],
    ["a workload that tests rights", orders, selfReview, "low"],
    ["a workload by a constrained right (1.36)", orders, constrained, "low"],
    ["a workload that reaches into a pod", orders, exec, "medium"],
    ["nobody at all", users.anonymous(), {}, "medium"],
    ["an account called like a GitOps tool's, elsewhere", otherFlux, {}, "low"],
    ["such an account that reaches into a pod", otherFlux, exec, "medium"],
    ["a GitOps account of the site that reaches into a pod", argo, exec, "medium"],
    ["a GitOps account of the site that mints a token", argo, on("create", "serviceaccounts", "token"), "medium"],
  ])("%s", (_, user, more, severity) => {
    expect(hitOf(detector, actingAs(user, billing, more))).toMatchObject({ severity, on: `as ${billing}` });
  });

  it.each([
    [otherFlux, {}, "called like a GitOps account, but not listed in the site's gitOps accounts"],
    [argo, exec, "a GitOps account of the site, but this is not what GitOps tools do"],
  ])("says why a GitOps account is not exempt", (user, more, why) => {
    expect(hitOf(detector, actingAs(user, billing, more))?.notExempted).toEqual([why]);
  });

  it("a name that is no service account in their groups", () => {
    const group = "system:serviceaccounts:billing";
    expect(hitOf(detector, actingAs(orders, "anyone", {}, [group]))).toMatchObject({
      severity: "medium",
      on: "as anyone",
      sentence: `service account shop/orders acted as anyone in ${group} and listed services`,
    });
    expect(hitOf(detector, actingAs(argo, "anyone", {}, ["system:serviceaccounts"]))).toMatchObject({
      severity: "medium",
    });
  });
});

describe("impersonation/service-account stays quiet on", () => {
  it.each([
    ["a GitOps account that acts as the accounts of its projects", argo, {}],
    ["the same by a constrained right", argo, constrained],
    ["the same, denied", argo, denied],
  ])("%s", (_, user, more) => {
    expect(hitOf(detector, actingAs(user, billing, more))).toBeUndefined();
  });

  it("a GitOps account that the site declares", () => {
    const site = { gitOps: ["system:serviceaccount:delivery:applier"] };
    const applier = users.serviceAccount("delivery", "applier");
    expect(hitOf(detector, actingAs(applier, billing), { site })).toBeUndefined();
    expect(hitOf(detector, actingAs(applier, billing))).toMatchObject({ severity: "medium" });
  });

  it("a service account that acts as itself", () => {
    expect(hitOf(detector, actingAs(orders, "system:serviceaccount:shop:orders"))).toBeUndefined();
  });

  it("a person or a tool that acts as a plain user by right", () => {
    expect(hitOf(detector, actingAs(dave, "viewer", {}, ["support-readers"]))).toBeUndefined();
    expect(hitOf(detector, actingAs(argo, "viewer"))).toBeUndefined();
  });

  it("a service account in a privileged group: impersonation/privileged-identity's", () => {
    expect(hitOf(detector, actingAs(orders, billing, {}, ["system:masters"]))).toBeUndefined();
  });

  it("a node: impersonation/node-impersonates'", () => {
    expect(hitOf(detector, actingAs(users.node(), billing))).toBeUndefined();
  });

  it("what was refused outright: impersonation/denied's", () => {
    expect(hitOf(detector, refusedAs(dave, 'serviceaccounts "ledger"', on("list", "pods")))).toBeUndefined();
  });
});
