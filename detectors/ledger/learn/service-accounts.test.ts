import { describe, expect, it } from "vitest";
import { awsCall, callers } from "../../../test/support/events.ts";
import { decode, type Fact } from "../facts.ts";
import { accountSessions, serviceAccounts } from "./service-accounts.ts";

const ROLE = "arn:aws:iam::111122223333:role/orders";
const told = (facts: readonly Fact[], kind: string, attribute: string): object[] =>
  facts
    .filter((one) => one.kind === kind && one.attribute === attribute)
    .map((one) => ({ id: one.id, ...decode(one.kind, attribute, one.value) }));
const change = (eventName: string, requestParameters: object, association?: object) =>
  serviceAccounts.learn(
    awsCall({
      ...{ eventSource: "eks.amazonaws.com", eventName, requestParameters: { name: "demo", ...requestParameters } },
      responseElements: association === undefined ? null : { association },
    }),
  );
const WHOSE = { namespace: "shop", serviceAccount: "orders" };

describe("the association of a service account", () => {
  it.each<[string, Parameters<typeof change>, object, string | undefined]>([
    ["of its making", ["CreatePodIdentityAssociation", { ...WHOSE, roleArn: ROLE }], { role: ROLE, target: "" }, "on"],
    [
      "made with tags off",
      ["CreatePodIdentityAssociation", { ...WHOSE, roleArn: ROLE, disableSessionTags: true }],
      { role: ROLE },
      "off",
    ],
    [
      "of an update, by its answer",
      ["UpdatePodIdentityAssociation", { associationId: "a-1" }, { ...WHOSE, roleArn: ROLE, disableSessionTags: true }],
      { role: ROLE },
      "off",
    ],
    [
      "of an update that does not tell of tags",
      ["UpdatePodIdentityAssociation", { associationId: "a-1", roleArn: ROLE }, WHOSE],
      { role: ROLE },
      "?",
    ],
    [
      "of an update that puts tags on",
      ["UpdatePodIdentityAssociation", { associationId: "a-1", roleArn: ROLE, disableSessionTags: false }, WHOSE],
      { role: ROLE },
      "on",
    ],
    [
      "of its end",
      ["DeletePodIdentityAssociation", { associationId: "a-1" }, { ...WHOSE, roleArn: ROLE }],
      { role: ROLE },
      undefined,
    ],
  ])("is known %s", (_, args, expected, tags) => {
    const facts = change(...args);
    expect(told(facts, "serviceAccount", "associated")).toMatchObject([
      { id: "111122223333/eu-central-1/demo/shop/orders", action: args[0], ...expected },
    ]);
    expect(told(facts, "podRole", "associated")).toMatchObject(
      tags === undefined ? [] : [{ id: ROLE, as: "role", tags, policy: "off" }],
    );
  });

  it("is not known when nothing tells whose it is", () => {
    expect(change("UpdatePodIdentityAssociation", { associationId: "a-1", roleArn: ROLE })).toEqual([]);
  });
});

describe("a session of a pod", () => {
  const given = (tags: readonly object[], invokedBy = "pods.eks.amazonaws.com") =>
    accountSessions.learn(
      awsCall({
        ...{ eventSource: "sts.amazonaws.com", eventName: "AssumeRole", userIdentity: callers.service(invokedBy) },
        requestParameters: { roleArn: ROLE, roleSessionName: "eks-demo-orders", durationSeconds: 21_600, tags },
      }),
    );
  const TAGS = [
    { key: "eks-cluster-arn", value: "arn:aws:eks:us-west-2:444455556666:cluster/other" },
    { key: "kubernetes-namespace", value: "shop" },
    { key: "kubernetes-service-account", value: "orders" },
  ];

  it("is one of the cluster in its tags, wherever it is recorded", () => {
    expect(told(given(TAGS), "accountWeek", "given")).toEqual([
      { id: "444455556666/us-west-2/other/shop/orders/2026-11-19", time: "2026-11-22T10:00:00.000Z", role: ROLE },
    ]);
  });

  it("is one of its role, in its week and ahead of the next", () => {
    const session = { time: "2026-11-22T10:00:00.000Z", tags: "on", policy: "off", seconds: "21600" };
    expect(told(given(TAGS), "roleWeek", "given")).toEqual([
      { id: `${ROLE}/2026-11-19`, ...session },
      { id: `${ROLE}/2026-11-26`, ...session },
    ]);
    expect(told(given([]), "roleWeek", "given")[0]).toMatchObject({ tags: "off" });
    expect(told(given([]), "accountWeek", "given")).toEqual([]);
  });

  it("is not one that EC2 opens", () => {
    expect(given(TAGS, "ec2.amazonaws.com")).toEqual([]);
  });
});
