import { describe, expect, it } from "vitest";
import { awsCall, callers } from "../../../test/support/events.ts";
import { outletOf } from "../egress.ts";
import { decode } from "../facts.ts";
import { egress } from "./egress.ts";

const asked = (record: object = {}) =>
  awsCall({
    ...{ eventSource: "eks-auth.amazonaws.com", eventName: "AssumeRoleForPodIdentity", userIdentity: callers.node() },
    ...{ requestParameters: { clusterName: "demo" }, sourceIPAddress: "198.51.100.20", ...record },
  });

describe("a node that asks EKS Auth", () => {
  it("shows a way out of its cluster, for that day and the next", () => {
    const told = egress.learn(asked()).map(({ id, attribute, value }) => ({
      ...{ id, attribute },
      ...decode("egress", attribute, value),
    }));
    const way = { attribute: "asked", node: "i-0a1b2c3d4e5f60001", ip: "198.51.100.20" };
    expect(told).toEqual([
      { id: "111122223333/eu-central-1/demo/2026-11-22", ...way },
      { id: "111122223333/eu-central-1/demo/2026-11-23", ...way },
    ]);
  });

  it.each([
    ["through an endpoint", { vpcEndpointId: "vpce-0a1b2c3d", sourceIPAddress: "10.0.1.7" }],
    ["and is refused", { errorCode: "AccessDenied" }],
    ["in a session that EC2 did not hand out", { userIdentity: { ...callers.node(), sessionContext: {} } }],
    ["and is no instance", { userIdentity: callers.human() }],
  ])("%s shows none", (_, record) => {
    expect(egress.learn(asked(record))).toEqual([]);
  });

  it("is not whoever calls something else", () => {
    expect(egress.learn(awsCall({ userIdentity: callers.node(), sourceIPAddress: "198.51.100.20" }))).toEqual([]);
  });
});

it.each([
  ["198.51.100.20", "", "198.51.100.20"],
  ["198.51.100.20", "vpce-0a1b2c3d", undefined],
  ["10.0.1.7", "", undefined],
  // Of IPv6 the block of the VPC: 56 bits.
  ["2001:db8:12:34ff::7", "", "2001:db8:12:3400::"],
  ["fd00::7", "", undefined],
  ["athena.amazonaws.com", "", undefined],
])("%s through %j leaves by %s", (ip, endpoint, expected) => {
  expect(outletOf(ip, endpoint)).toBe(expected);
});
