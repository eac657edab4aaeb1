import { describe, expect, it } from "vitest";
import { awsCall, callers, hitOf } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const by = (role: string, delivery: string, more: object = {}) =>
  awsCall({ userIdentity: callers.node("i-0a1b2c3d4e5f60001", role, delivery), ...more });

describe("imds/imdsv1-credentials finds", () => {
  it("an Auto role's key from IMDSv1: about the instance, not about one of its keys", () => {
    const hit = hitOf(detector, by("AmazonEKSAutoNodeRole", "1.0"));
    expect(hit).toMatchObject({
      severity: "medium",
      by: "instance/i-0a1b2c3d4e5f60001",
      on: "role/AmazonEKSAutoNodeRole",
    });
    expect(hit?.sentence).toContain("that IMDSv1 handed out");
    expect(hit?.evidence).toContainEqual({
      field: "userIdentity.sessionContext.ec2RoleDelivery",
      value: "1.0",
    });
  });

  it("a declared role's: high, also when the call was denied, as the key was handed out", () => {
    const site = { auto: { nodeRoles: ["arn:aws:iam::111122223333:role/demo-nodes"] } };
    expect(hitOf(detector, by("demo-nodes", "1.0"), { site })).toMatchObject({ severity: "high" });
    const denied = hitOf(detector, by("demo-nodes", "1.0", { errorCode: "AccessDenied" }), { site });
    expect(denied).toMatchObject({ severity: "high" });
    expect(denied?.sentence).toContain("was denied ec2:DescribeInstances");
  });
});

describe("imds/imdsv1-credentials stays quiet on", () => {
  it.each([
    ["IMDSv2", "AmazonEKSAutoNodeRole", "2.0"],
    ["a role that nobody called Auto Mode's", "WebServerRole", "1.0"],
  ])("%s", (_, role, delivery) => {
    expect(hitOf(detector, by(role, delivery))).toBeUndefined();
  });
});
