import { describe, expect, it } from "vitest";
import { awsCall, callers } from "../../../test/support/events.ts";
import { decode, type Fact } from "../facts.ts";
import { podRoles } from "./pod-roles.ts";

const ROLE = "arn:aws:iam::111122223333:role/orders";
const TARGET = "arn:aws:iam::444455556666:role/orders-data";
const told = (facts: readonly Fact[]): object[] =>
  facts.map(({ id, attribute, value }) => ({ id, attribute, ...decode("role", attribute, value) }));
const association = (eventName: string, fields: object = {}, record: object = {}) =>
  awsCall({
    ...{ eventSource: "eks.amazonaws.com", eventName, ...record },
    requestParameters: { name: "demo", namespace: "shop", serviceAccount: "orders", roleArn: ROLE, ...fields },
  });
const given = (tags: readonly object[], invokedBy = "pods.eks.amazonaws.com") =>
  awsCall({
    ...{ eventSource: "sts.amazonaws.com", eventName: "AssumeRole", userIdentity: callers.service(invokedBy) },
    requestParameters: { roleArn: ROLE, roleSessionName: "eks-demo-orders", tags },
  });
const fact = { attribute: "podRole", time: "2026-11-22T00:00:00.000Z", cluster: "demo", account: "shop/orders" };

describe("a role of pods", () => {
  it("is what an association gives to a service account", () => {
    expect(told(podRoles.learn(association("CreatePodIdentityAssociation")))).toEqual([
      { id: ROLE, ...fact, through: "" },
    ]);
  });

  it("is the target of an association, too, through its first role", () => {
    const facts = podRoles.learn(association("UpdatePodIdentityAssociation", { targetRoleArn: TARGET }));
    expect(told(facts)).toEqual([
      { id: ROLE, ...fact, through: "" },
      { id: TARGET, ...fact, through: ROLE },
    ]);
  });

  it("is what EKS opens a session of for a pod", () => {
    const tags = [
      { key: "eks-cluster-name", value: "demo" },
      { key: "kubernetes-namespace", value: "shop" },
      { key: "kubernetes-service-account", value: "orders" },
    ];
    expect(told(podRoles.learn(given(tags)))).toEqual([{ id: ROLE, ...fact, through: "" }]);
  });

  it("is known without tags, and whose it is is not", () => {
    expect(told(podRoles.learn(given([])))).toMatchObject([{ id: ROLE, cluster: "?", account: "?/?" }]);
  });

  it.each([
    ["association that is removed", association("DeletePodIdentityAssociation")],
    ["association that is refused", association("CreatePodIdentityAssociation", {}, { errorCode: "AccessDenied" })],
    ["session for somebody else", given([], "ec2.amazonaws.com")],
  ])("is not told of by an %s", (_, call) => {
    expect(podRoles.learn(call)).toEqual([]);
  });
});
