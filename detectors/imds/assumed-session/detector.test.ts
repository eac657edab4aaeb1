import { describe, expect, it } from "vitest";
import { awsCall, callers, hitOf } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const by = (role: string, delivery: string | undefined, more: object = {}) => {
  const { sessionContext, ...identity } = callers.node("i-0a1b2c3d4e5f60001", role, "2.0");
  const { ec2RoleDelivery: _stamp, ...unstamped } = sessionContext;
  return awsCall({
    userIdentity: {
      ...identity,
      sessionContext: { ...unstamped, ...(delivery !== undefined && { ec2RoleDelivery: delivery }) },
    },
    ...more,
  });
};
const declared = { site: { auto: { nodeRoles: ["demo-nodes"] } } };

describe("imds/assumed-session finds", () => {
  it("an instance's name without EC2's stamp, role declared: high", () => {
    const hit = hitOf(detector, by("demo-nodes", undefined), declared);
    expect(hit).toMatchObject({ severity: "high", on: "demo-nodes/i-0a1b2c3d4e5f60001" });
    expect(hit?.sentence).toBe(
      "A session of Auto Mode's role demo-nodes named i-0a1b2c3d4e5f60001, which EC2 did not hand out, called ec2:DescribeInstances",
    );
    expect(hit?.evidence).toContainEqual({
      field: "userIdentity.sessionContext.ec2RoleDelivery",
      value: "(absent)",
    });
  });

  it("role of the default name: medium; denied: low, in the same finding", () => {
    expect(hitOf(detector, by("AmazonEKSAutoNodeRole", undefined))).toMatchObject({ severity: "medium" });
    const denied = by("AmazonEKSAutoNodeRole", undefined, { errorCode: "AccessDenied" });
    expect(hitOf(detector, denied)).toMatchObject({
      severity: "low",
      on: "AmazonEKSAutoNodeRole/i-0a1b2c3d4e5f60001",
    });
  });
});

describe("imds/assumed-session stays quiet on", () => {
  it.each([
    ["credentials that EC2 handed out", "demo-nodes", "2.0"],
    ["IMDSv1, which is another finding", "demo-nodes", "1.0"],
    ["a role that nobody called Auto Mode's", "WebServerRole", undefined],
  ])("%s", (_, role, delivery) => {
    expect(hitOf(detector, by(role, delivery), declared)).toBeUndefined();
  });

  it("a record that a service wrote of a forwarded call", () => {
    const forwarded = by("demo-nodes", undefined, { sourceIPAddress: "s3.amazonaws.com" });
    expect(hitOf(detector, forwarded, declared)).toBeUndefined();
  });

  it("a session of another name", () => {
    const event = awsCall({ userIdentity: callers.human("admin", "demo-nodes") });
    expect(hitOf(detector, event, declared)).toBeUndefined();
  });
});
