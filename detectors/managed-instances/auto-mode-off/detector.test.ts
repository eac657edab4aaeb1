import { describe, expect, it } from "vitest";
import { awsCall, hitOf } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const ROLE = "arn:aws:iam::111122223333:role/demo-nodes";
const declared = { site: { auto: { nodeRoles: ["demo-nodes"] } } };
const update = (computeConfig: object, more: object = {}) =>
  awsCall({
    eventSource: "eks.amazonaws.com",
    eventName: "UpdateClusterConfig",
    requestParameters: { name: "demo", computeConfig },
    ...more,
  });
const denied = { errorCode: "AccessDenied", responseElements: { message: "User: x is not authorized" } };

describe("managed-instances/auto-mode-off finds", () => {
  it("Auto Mode turned off: high; denied: medium, in the same finding, with what EKS said", () => {
    const hit = hitOf(detector, update({ enabled: false }));
    expect(hit).toMatchObject({ severity: "high", on: "cluster/demo" });
    expect(hit?.sentence).toBe("alice (role Developer) turned off Auto Mode of cluster demo");
    const tried = hitOf(detector, update({ enabled: false }, denied));
    expect(tried).toMatchObject({ severity: "medium", on: "cluster/demo" });
    expect(tried?.sentence).toBe("alice (role Developer) tried to turn off Auto Mode of cluster demo (AccessDenied)");
    expect(tried?.evidence).toContainEqual({ field: "errorMessage", value: "User: x is not authorized" });
  });

  it("false as text, as CloudTrail may write it", () => {
    expect(hitOf(detector, update({ enabled: "false" }))).toMatchObject({ severity: "high" });
  });

  it("the built-in pools taken away: medium", () => {
    const hit = hitOf(detector, update({ enabled: true, nodePools: [], nodeRoleArn: ROLE }), declared);
    expect(hit).toMatchObject({ severity: "medium" });
    expect(hit?.sentence).toContain("took away the built-in node pools of cluster demo");
    expect(hitOf(detector, update({ nodePools: [] }, denied))).toMatchObject({ severity: "low" });
  });

  it("a node role that is none of the declared: medium; where none is declared: low", () => {
    const change = update({ nodePools: ["system"], nodeRoleArn: "arn:aws:iam::111122223333:role/BillingAdmin" });
    const hit = hitOf(detector, change, declared);
    expect(hit).toMatchObject({ severity: "medium", confidence: "high" });
    expect(hit?.sentence).toContain("set node role BillingAdmin of cluster demo");
    expect(hitOf(detector, change)).toMatchObject({ severity: "low", confidence: "low" });
  });
});

describe("managed-instances/auto-mode-off stays quiet on", () => {
  it.each<[string, object]>([
    ["Auto Mode turned on with a declared role", { enabled: true, nodePools: ["general-purpose"], nodeRoleArn: ROLE }],
    [
      "Auto Mode turned on with the role that EKS proposes",
      {
        enabled: true,
        nodePools: ["general-purpose"],
        nodeRoleArn: "arn:aws:iam::111122223333:role/AmazonEKSAutoNodeRole",
      },
    ],
    ["pools changed, some left", { nodePools: ["system"] }],
  ])("%s", (_, config) => {
    expect(hitOf(detector, update(config), declared)).toBeUndefined();
  });

  it.each([
    ["another setting", update({}, { requestParameters: { name: "demo", logging: {} } })],
    ["a cluster made without Auto Mode", update({ enabled: false }, { eventName: "CreateCluster" })],
    ["a cluster deleted", update({}, { eventName: "DeleteCluster" })],
  ])("%s", (_, event) => {
    expect(hitOf(detector, event)).toBeUndefined();
  });
});
