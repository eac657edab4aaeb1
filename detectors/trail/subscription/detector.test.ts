import { describe, expect, it } from "vitest";
import { awsCall, callers, hitOf } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const GROUP = "/aws/eks/demo/cluster";
const STREAM = "arn:aws:kinesis:eu-central-1:111122223333:stream/crosstrail";

function put(more: object = {}, record: object = {}) {
  return awsCall({
    eventSource: "logs.amazonaws.com",
    eventName: "PutSubscriptionFilter",
    requestParameters: { logGroupName: GROUP, filterName: "ct", filterPattern: "", destinationArn: STREAM, ...more },
    ...record,
  });
}
function remove(requestParameters: object | null = { logGroupName: GROUP, filterName: "ct" }, record: object = {}) {
  return awsCall({
    eventSource: "logs.amazonaws.com",
    eventName: "DeleteSubscriptionFilter",
    requestParameters,
    ...record,
  });
}

describe("trail/subscription finds", () => {
  it("a subscription removed: high", () => {
    expect(hitOf(detector, remove())).toMatchObject({
      severity: "high",
      on: `subscription of ${GROUP}`,
      sentence: `alice (role Developer) removed subscription ct of ${GROUP}`,
    });
  });

  it("one set, new or replaced: medium, with destination and pattern, in the finding of its removal", () => {
    const hit = hitOf(detector, put({ filterPattern: "never" }));
    expect(hit).toMatchObject({ severity: "medium", on: `subscription of ${GROUP}`, reasons: [] });
    expect(hit?.sentence).toContain(`set subscription ct of ${GROUP} to ${STREAM}, pattern "never"`);
  });

  it("a destination in another account, and why that matters", () => {
    const destinationArn = "arn:aws:logs:eu-central-1:444455556666:destination:collector";
    expect(hitOf(detector, put({ destinationArn }))?.reasons).toEqual(["the destination is in account 444455556666"]);
  });

  it("an attempt, whose target stands in the message only: one step lower, in the same finding", () => {
    const errorMessage = `User: x is not authorized to perform: logs:DeleteSubscriptionFilter on resource: arn:aws:logs:eu-central-1:111122223333:log-group:${GROUP}:log-stream: because`;
    const hit = hitOf(detector, remove(null, { errorCode: "AccessDenied", errorMessage }));
    expect(hit).toMatchObject({ severity: "medium", on: `subscription of ${GROUP}` });
    expect(hit?.sentence).toBe(`alice (role Developer) tried to remove a subscription of ${GROUP} (AccessDenied)`);
    expect(hitOf(detector, put({}, { errorCode: "LimitExceededException" }))).toMatchObject({ severity: "low" });
  });

  it("the pipeline's own destination with a pattern: medium, and why", () => {
    const hit = hitOf(detector, put({ filterPattern: "never" }), { params: { destinations: [STREAM] } });
    expect(hit).toMatchObject({
      severity: "medium",
      reasons: ["the pipeline's own destination, but with a pattern"],
    });
  });

  it("a deployer's change: low by CloudFormation, as ever by hand", () => {
    const userIdentity = callers.human("deploy", "Deployer");
    const stack = { userIdentity, sourceIPAddress: "cloudformation.amazonaws.com" };
    const params = { deployers: ["Deployer"] };
    const hit = hitOf(detector, put({}, stack), { params });
    expect(hit).toMatchObject({ severity: "low" });
    expect(hit?.notExempted).toHaveLength(1);
    expect(hitOf(detector, put({}, { userIdentity }), { params })).toMatchObject({ severity: "medium" });
    expect(hitOf(detector, put({}, stack))).toMatchObject({ severity: "medium" });
  });

  it("a group by its ARN, and one that the site lists", () => {
    const logGroupIdentifier = `arn:aws:logs:eu-central-1:111122223333:log-group:${GROUP}`;
    expect(hitOf(detector, put({ logGroupName: undefined, logGroupIdentifier }))).toBeDefined();
    const trail = put({ logGroupName: "cloudtrail/main" });
    expect(hitOf(detector, trail, { params: { groups: ["cloudtrail/*"] } })).toMatchObject({ severity: "medium" });
  });
});

describe("trail/subscription stays quiet on", () => {
  it.each([
    ["another group", put({ logGroupName: "/aws/lambda/thumbnailer" })],
    ["a group named almost like a cluster's", put({ logGroupName: "/copy/aws/eks/demo/cluster" })],
    [
      "a group that is deleted, which another detector watches",
      awsCall({
        eventSource: "logs.amazonaws.com",
        eventName: "DeleteLogGroup",
        requestParameters: { logGroupName: GROUP },
      }),
    ],
  ])("%s", (_, event) => {
    expect(hitOf(detector, event)).toBeUndefined();
  });

  it("the whole log to the pipeline's own destination", () => {
    expect(hitOf(detector, put(), { params: { destinations: [STREAM] } })).toBeUndefined();
  });

  it("but not on its removal", () => {
    const params = { destinations: [STREAM] };
    const withArn = remove({ logGroupName: GROUP, filterName: "ct", destinationArn: STREAM });
    expect(hitOf(detector, withArn, { params })).toMatchObject({ severity: "high" });
  });
});
