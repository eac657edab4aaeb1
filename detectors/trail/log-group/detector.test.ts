import { describe, expect, it } from "vitest";
import { awsCall, callers, hitOf } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const GROUP = "/aws/eks/demo/cluster";
const AUDIT_STREAM = "kube-apiserver-audit-0123456789abcdef0123456789abcdef";

function call(eventName: string, requestParameters: object | null, more: object = {}) {
  return awsCall({ eventSource: "logs.amazonaws.com", eventName, requestParameters, ...more });
}
const denied = (api: string, rest = "log-stream:") => ({
  errorCode: "AccessDenied",
  errorMessage: `User: x is not authorized to perform: logs:${api} on resource: arn:aws:logs:eu-central-1:111122223333:log-group:${GROUP}:${rest} because no identity-based policy allows it`,
});

describe("trail/log-group finds", () => {
  it("a cluster's group deleted: high", () => {
    expect(hitOf(detector, call("DeleteLogGroup", { logGroupName: GROUP }))).toMatchObject({
      severity: "high",
      on: `log-group ${GROUP}`,
      sentence: `alice (role Developer) deleted log group ${GROUP}`,
    });
  });

  it("an attempt, whose target stands in the message only: one step lower, in the same finding", () => {
    const hit = hitOf(detector, call("DeleteLogGroup", null, denied("DeleteLogGroup")));
    expect(hit).toMatchObject({ severity: "medium", on: `log-group ${GROUP}` });
    expect(hit?.sentence).toBe(`alice (role Developer) tried to delete log group ${GROUP} (AccessDenied)`);
  });

  it("an audit stream deleted: high; another stream: medium", () => {
    const stream = (logStreamName: string) => call("DeleteLogStream", { logGroupName: GROUP, logStreamName });
    expect(hitOf(detector, stream(AUDIT_STREAM))).toMatchObject({ severity: "high" });
    expect(hitOf(detector, stream("kube-apiserver-0123456789abcdef"))).toMatchObject({ severity: "medium" });
    expect(hitOf(detector, stream("authenticator-0123456789abcdef"))).toMatchObject({ severity: "medium" });
    const tried = call("DeleteLogStream", null, denied("DeleteLogStream", `log-stream:${AUDIT_STREAM}`));
    expect(hitOf(detector, tried)?.sentence).toContain(`tried to delete stream ${AUDIT_STREAM} of ${GROUP}`);
  });

  it("a retention of less than a week: medium, with the days", () => {
    const hit = hitOf(detector, call("PutRetentionPolicy", { logGroupName: GROUP, retentionInDays: 1 }));
    expect(hit).toMatchObject({ severity: "medium" });
    expect(hit?.sentence).toContain(`decided to keep only 1 day of ${GROUP}`);
  });

  it("a retention that was denied, of which the days are not in the record: low", () => {
    const hit = hitOf(detector, call("PutRetentionPolicy", null, denied("PutRetentionPolicy")));
    expect(hit).toMatchObject({ severity: "low" });
    expect(hit?.sentence).toContain("an unknown number of days");
  });

  it("a group that the site lists, whole or by its beginning", () => {
    const event = call("DeleteLogGroup", { logGroupName: "/aws/lambda/crosstrail-detect" });
    expect(hitOf(detector, event, { params: { groups: ["/aws/lambda/crosstrail-*"] } })).toMatchObject({
      severity: "high",
    });
    expect(hitOf(detector, event, { params: { groups: ["/aws/lambda/crosstrail-detect"] } })).toBeDefined();
    expect(hitOf(detector, event, { params: { groups: ["/aws/lambda/crosstrail"] } })).toBeUndefined();
  });

  it("a deployer's removal: low by CloudFormation, high by hand", () => {
    const userIdentity = callers.human("deploy", "Deployer");
    const params = { deployers: ["Deployer"] };
    const stack = { userIdentity, sourceIPAddress: "cloudformation.amazonaws.com" };
    const hit = hitOf(detector, call("DeleteLogGroup", { logGroupName: GROUP }, stack), { params });
    expect(hit).toMatchObject({ severity: "low" });
    expect(hit?.notExempted).toHaveLength(1);
    const byHand = call("DeleteLogGroup", { logGroupName: GROUP }, { userIdentity });
    expect(hitOf(detector, byHand, { params })).toMatchObject({ severity: "high" });
  });
});

describe("trail/log-group stays quiet on", () => {
  it.each([
    ["another group", call("DeleteLogGroup", { logGroupName: "/aws/lambda/thumbnailer" })],
    ["a group named almost like a cluster's", call("DeleteLogGroup", { logGroupName: "/aws/eks/demo/cluster/old" })],
    ["a retention of a week", call("PutRetentionPolicy", { logGroupName: GROUP, retentionInDays: 7 })],
    ["a subscription, which another detector watches", call("PutSubscriptionFilter", { logGroupName: GROUP })],
    ["a call whose record names nothing", call("DeleteLogGroup", null, { errorCode: "AccessDenied" })],
  ])("%s", (_, event) => {
    expect(hitOf(detector, event)).toBeUndefined();
  });

  it("what the site calls enough", () => {
    const event = call("PutRetentionPolicy", { logGroupName: GROUP, retentionInDays: 3 });
    expect(hitOf(detector, event, { params: { minRetentionDays: 3 } })).toBeUndefined();
  });
});
