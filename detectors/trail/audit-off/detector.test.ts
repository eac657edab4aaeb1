import { describe, expect, it } from "vitest";
import { awsCall, hitOf } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

function update(logging: unknown, more: object = {}) {
  return awsCall({
    eventSource: "eks.amazonaws.com",
    eventName: "UpdateClusterConfig",
    requestParameters: { name: "demo", logging: { clusterLogging: logging } },
    ...more,
  });
}
const OFF = [{ types: ["api", "audit"], enabled: false }];

describe("trail/audit-off finds", () => {
  it("the audit log turned off: high", () => {
    const hit = hitOf(detector, update(OFF));
    expect(hit).toMatchObject({
      severity: "high",
      on: "cluster/demo",
      sentence: "alice (role Developer) turned off the audit log of cluster demo",
    });
    expect(hit?.evidence).toContainEqual({
      field: "requestParameters",
      value: "control plane logs off: api, audit",
    });
  });

  it("an attempt: one step lower, in the same finding, with what EKS said", () => {
    const denied = { errorCode: "AccessDenied", responseElements: { message: "User: x is not authorized" } };
    const hit = hitOf(detector, update(OFF, denied));
    expect(hit).toMatchObject({ severity: "medium", on: "cluster/demo" });
    expect(hit?.sentence).toContain("tried to turn off the audit log of cluster demo (AccessDenied)");
    expect(hit?.evidence).toContainEqual({ field: "errorMessage", value: "User: x is not authorized" });
  });
});

describe("trail/audit-off stays quiet on", () => {
  it.each([
    ["the audit log turned on", [{ types: ["audit"], enabled: true }]],
    ["another log turned off", [{ types: ["scheduler"], enabled: false }]],
    ["both in one call", [...[{ types: ["audit"], enabled: true }], { types: ["api"], enabled: false }]],
  ])("%s", (_, logging) => {
    expect(hitOf(detector, update(logging))).toBeUndefined();
  });

  it("a change of a cluster that is not about logs", () => {
    const requestParameters = { name: "demo", upgradePolicy: { supportType: "STANDARD" } };
    expect(hitOf(detector, update([], { requestParameters }))).toBeUndefined();
  });

  it("a log group that is deleted, which another detector watches", () => {
    const event = awsCall({
      eventSource: "logs.amazonaws.com",
      eventName: "DeleteLogGroup",
      requestParameters: { logGroupName: "/aws/eks/demo/cluster" },
    });
    expect(hitOf(detector, event)).toBeUndefined();
  });
});
