import { describe, expect, it } from "vitest";
import { auditEvent, awsCall, callers, users } from "../../../test/support/events.ts";
import { decode, type Fact } from "../facts.ts";
import { exchangeIds } from "../learner.ts";
import { audited, served } from "./coverage.ts";

const scope = { account: "111122223333", region: "eu-central-1", cluster: "demo" };
const told = (facts: readonly Fact[]): object[] =>
  facts.map(({ id, attribute, value }) => ({ id, attribute, ...decode("pulse", attribute, value) }));
const minted = (spec: object, annotations: Record<string, string> = { issued: "JTI=t" }) =>
  auditEvent({
    ...{ verb: "create", user: users.node(), responseStatus: { code: 201 } },
    requestURI: "/api/v1/namespaces/shop/serviceaccounts/orders/token",
    objectRef: {
      resource: "serviceaccounts",
      subresource: "token",
      namespace: "shop",
      name: "orders",
      apiVersion: "v1",
    },
    requestObject: { spec },
    annotations: { "authentication.kubernetes.io/issued-credential-id": annotations.issued ?? "" },
  });
const pod = { boundObjectRef: { kind: "Pod", name: "orders-0", uid: "uid" } };

describe("the audit log of a cluster", () => {
  it("shows itself by a token minted for a pod, in that hour and for the same hour of the next day", () => {
    const fact = { attribute: "audited", time: "2026-11-22T10:00:00.000Z" };
    expect(told(audited.learn(minted(pod)))).toEqual([
      { id: "111122223333/eu-central-1/demo/2026-11-22T10", ...fact },
      { id: "111122223333/eu-central-1/demo/2026-11-23T10", ...fact },
    ]);
  });

  it.each([
    ["a token that is bound to no pod", minted({})],
    ["a token bound to a node", minted({ boundObjectRef: { kind: "Node", name: "i-0a1b2c3d4e5f60001", uid: "uid" } })],
    ["any other event", auditEvent()],
  ])("does not by %s", (_, event) => {
    expect(audited.learn(event)).toEqual([]);
  });
});

describe("an hour", () => {
  const given = (set: readonly object[], invokedBy = "pods.eks.amazonaws.com") =>
    awsCall({
      ...{ eventSource: "sts.amazonaws.com", eventName: "AssumeRole", userIdentity: callers.service(invokedBy) },
      requestParameters: {
        roleArn: "arn:aws:iam::111122223333:role/orders",
        roleSessionName: "eks-demo-orders",
        tags: set,
      },
    });
  const tags = [
    { key: "eks-cluster-arn", value: "arn:aws:eks:eu-central-1:111122223333:cluster/demo" },
    { key: "kubernetes-pod-uid", value: "uid" },
  ];

  it("is known to the pods that were served in it", () => {
    const [fact, ...more] = served.learn(given(tags));
    expect(more).toEqual([]);
    expect(fact).toMatchObject({
      ...{ kind: "pod", id: "111122223333/eu-central-1/demo/uid", attribute: "pulse" },
      value: "111122223333/eu-central-1/demo/2026-11-22T10",
    });
    for (const some of [[], tags.slice(1), tags.slice(0, 1)]) expect(served.learn(given(some))).toEqual([]);
    expect(served.learn(given(tags, "ec2.amazonaws.com"))).toEqual([]);
  });
});

describe("an exchange", () => {
  const minutes = (time: string): string[] =>
    exchangeIds(scope, { time: Date.parse(time) }).map((id) => id.slice(-"10:00".length));

  it.each([
    ["2026-11-22T10:05:30Z", ["10:05"]],
    ["2026-11-22T10:05:03Z", ["10:05", "10:04"]],
    ["2026-11-22T10:05:04Z", ["10:05"]],
    ["2026-11-22T10:05:55Z", ["10:05"]],
    ["2026-11-22T10:05:56Z", ["10:05", "10:06"]],
  ])("at %s is known to the minutes %s", (time, expected) => {
    expect(minutes(time)).toEqual(expected);
  });
});
