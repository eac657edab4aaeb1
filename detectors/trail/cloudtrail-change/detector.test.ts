import { describe, expect, it } from "vitest";
import { awsCall, callers, hitOf } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const ARN = "arn:aws:cloudtrail:eu-central-1:111122223333:trail/main";

function call(eventName: string, requestParameters: object | null, more: object = {}) {
  return awsCall({ eventSource: "cloudtrail.amazonaws.com", eventName, requestParameters, ...more });
}
const denied = (api: string) => ({
  errorCode: "AccessDenied",
  errorMessage: `User: x is not authorized to perform: cloudtrail:${api} on resource: ${ARN} because no policy`,
});
const classic = (readWriteType: string) => ({ trailName: "main", eventSelectors: [{ readWriteType }] });

describe("trail/cloudtrail-change finds", () => {
  it.each([
    ["StopLogging", { name: ARN }, "stopped trail main"],
    ["DeleteTrail", { name: "main" }, "deleted trail main"],
    [
      "DeleteEventDataStore",
      { eventDataStore: "arn:aws:cloudtrail:eu-central-1:111122223333:eventdatastore/5e-1" },
      "deleted",
    ],
  ])("%s: high", (api, params, text) => {
    const hit = hitOf(detector, call(api, params));
    expect(hit).toMatchObject({ severity: "high" });
    expect(hit?.sentence).toContain(text);
  });

  it("an attempt, whose trail stands in the message only: one step lower, in the same finding", () => {
    const hit = hitOf(detector, call("StopLogging", null, denied("StopLogging")));
    expect(hit).toMatchObject({ severity: "medium", on: "StopLogging trail/main" });
    expect(hit?.sentence).toBe("alice (role Developer) tried to stop trail main (AccessDenied)");
    expect(hitOf(detector, call("StopLogging", { name: ARN }))).toMatchObject({ on: "StopLogging trail/main" });
  });

  it.each([
    ["only writes", classic("WriteOnly")],
    ["no management events", { trailName: "main", eventSelectors: [{ includeManagementEvents: false }] }],
    [
      "all but sts",
      {
        trailName: "main",
        advancedEventSelectors: [
          {
            fieldSelectors: [
              { field: "eventCategory", equals: ["Management"] },
              { field: "eventSource", notEquals: ["sts.amazonaws.com"] },
            ],
          },
        ],
      },
    ],
  ])("selectors that keep %s: medium, with what is lost", (_, params) => {
    const hit = hitOf(detector, call("PutEventSelectors", params));
    expect(hit).toMatchObject({ severity: "medium", on: "PutEventSelectors trail/main" });
    expect(hit?.sentence).toContain("eks-auth and sts reads are lost");
  });

  it("selectors that were denied, of which the record says nothing: low, without a claim", () => {
    const hit = hitOf(detector, call("PutEventSelectors", null, denied("PutEventSelectors")));
    expect(hit).toMatchObject({ severity: "low" });
    expect(hit?.sentence).toBe(
      "alice (role Developer) tried to change the event selectors of trail main (AccessDenied)",
    );
  });

  it.each([
    ["fewer regions", { name: "main", isMultiRegionTrail: false }, "medium"],
    ["no global services", { name: "main", includeGlobalServiceEvents: false }, "medium"],
    ["no copy in CloudWatch Logs", { name: "main", cloudWatchLogsLogGroupArn: "" }, "medium"],
    ["another account's key", { name: "main", kmsKeyId: "arn:aws:kms:eu-central-1:444455556666:key/1" }, "medium"],
    ["the account's own key", { name: "main", kmsKeyId: "arn:aws:kms:eu-central-1:111122223333:key/1" }, "low"],
    ["a bucket, as what was there before is not known", { name: "main", s3BucketName: "logs" }, "low"],
  ])("UpdateTrail: %s", (_, params, severity) => {
    expect(hitOf(detector, call("UpdateTrail", params))).toMatchObject({ severity });
  });

  it("a trail that does not feed the product: one step lower, and said so", () => {
    const params = { trails: ["spare", "main"] };
    const hit = hitOf(detector, call("StopLogging", { name: "other" }), { params });
    expect(hit).toMatchObject({ severity: "medium" });
    expect(hit?.notExempted).toHaveLength(1);
    expect(hitOf(detector, call("StopLogging", { name: ARN }), { params })).toMatchObject({ severity: "high" });
    const byArn = { params: { trails: [ARN] } };
    expect(hitOf(detector, call("StopLogging", { name: "main" }), byArn)).toMatchObject({ severity: "high" });
  });

  it("a deployer's change: low by CloudFormation, as ever by hand", () => {
    const userIdentity = callers.human("deploy", "Deployer");
    const stack = { userIdentity, sourceIPAddress: "cloudformation.amazonaws.com" };
    const params = { deployers: ["Deployer"] };
    expect(hitOf(detector, call("DeleteTrail", { name: "main" }, stack), { params })).toMatchObject({
      severity: "low",
    });
    expect(hitOf(detector, call("DeleteTrail", { name: "main" }, { userIdentity }), { params })).toMatchObject({
      severity: "high",
    });
  });
});

describe("trail/cloudtrail-change stays quiet on", () => {
  it.each([
    ["selectors that keep everything", call("PutEventSelectors", classic("All"))],
    ["a trail that is started", call("StartLogging", { name: "main" })],
    ["a trail that is looked at", call("GetTrailStatus", { name: "main" })],
  ])("%s", (_, event) => {
    expect(hitOf(detector, event)).toBeUndefined();
  });

  it("a log group, which another detector watches", () => {
    const event = call(
      "DeleteLogGroup",
      { logGroupName: "/aws/eks/demo/cluster" },
      { eventSource: "logs.amazonaws.com" },
    );
    expect(hitOf(detector, event)).toBeUndefined();
  });
});
