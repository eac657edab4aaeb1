import { describe, expect, it } from "vitest";
import { awsCall, callers, hitOf } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const NODE = "i-0a1b2c3d4e5f60001";
const VOLUME = "vol-0a1b2c3d4e5f60001";
const SNAPSHOT = "snap-0a1b2c3d4e5f60001";
const ENI = "eni-0a1b2c3d4e5f60001";
const auto = { resources: [NODE, VOLUME, SNAPSHOT, ENI, "ami-0a1b2c3d4e5f60001"] };
const declared = { site: { auto } };

const call = (eventName: string, requestParameters: object, more: object = {}) =>
  awsCall({ eventName, requestParameters, ...more });
const denied = (reason: string) => ({
  errorCode: "Client.UnauthorizedOperation",
  errorMessage: `You are not authorized to perform this operation. User: arn:aws:sts::111122223333:assumed-role/Developer/alice is not authorized to perform: ec2:X on resource: arn:aws:ec2:eu-central-1:111122223333:instance/${NODE} ${reason}`,
});
const byIdentity = denied("because no identity-based policy allows the ec2:X action");
const byResource = denied("with an explicit deny in a resource-based policy");
const share = { snapshotId: SNAPSHOT, createVolumePermission: { add: { items: [{ userId: "444455556666" }] } } };

describe("managed-instances/read-from-outside finds", () => {
  it.each<[string, object, string, string]>([
    ["CreateSnapshot", { volumeId: VOLUME }, "high", "medium"],
    ["CreateImage", { instanceId: NODE, name: "x" }, "high", "medium"],
    ["CreateInstanceExportTask", { instanceId: NODE }, "high", "medium"],
    ["CopySnapshot", { sourceSnapshotId: SNAPSHOT }, "high", "medium"],
    ["CreateVolume", { snapshotId: SNAPSHOT }, "high", "medium"],
    ["ModifySnapshotAttribute", share, "critical", "high"],
    [
      "ModifyImageAttribute",
      { imageId: "ami-0a1b2c3d4e5f60001", launchPermission: { add: { items: [{ group: "all" }] } } },
      "critical",
      "high",
    ],
    [
      "CreateTrafficMirrorSession",
      { CreateTrafficMirrorSessionRequest: { NetworkInterfaceId: ENI } },
      "high",
      "medium",
    ],
    ["DescribeInstanceAttribute", { instanceId: NODE, attribute: "userData" }, "medium", "low"],
    ["GetLaunchTemplateData", { GetLaunchTemplateDataRequest: { InstanceId: NODE } }, "medium", "low"],
    ["GetConsoleScreenshot", { GetConsoleScreenshotRequest: { InstanceId: NODE } }, "medium", "low"],
    ["GetConsoleOutput", { instanceId: NODE }, "low", "low"],
    ["GetPasswordData", { instanceId: NODE }, "low", "low"],
  ])("%s of a declared resource, and one step less when denied", (api, params, severity, tried) => {
    expect(hitOf(detector, call(api, params), declared)).toMatchObject({
      severity,
      confidence: "high",
      on: `ec2 ${api}`,
    });
    expect(hitOf(detector, call(api, params, byIdentity), declared)).toMatchObject({
      severity: tried,
      on: `ec2 ${api}`,
    });
  });

  it("says what was taken, and whether it was", () => {
    expect(hitOf(detector, call("CreateSnapshot", { volumeId: VOLUME }), declared)?.sentence).toBe(
      `alice (role Developer) took the disk of ${VOLUME}, of an Auto Mode node, by ec2:CreateSnapshot`,
    );
    expect(hitOf(detector, call("CreateSnapshot", { volumeId: VOLUME }, byIdentity), declared)?.sentence).toContain(
      "tried to take the disk",
    );
  });

  it("says what was shared", () => {
    expect(hitOf(detector, call("ModifySnapshotAttribute", share), declared)?.sentence).toBe(
      `alice (role Developer) shared ${SNAPSHOT}, a copy of the disk of an Auto Mode node, with others by ec2:ModifySnapshotAttribute`,
    );
  });

  it("blocks read through the EBS direct API", () => {
    const event = awsCall({
      eventSource: "ebs.amazonaws.com",
      eventName: "GetSnapshotBlock",
      requestParameters: { snapshotId: SNAPSHOT, blockIndex: 1 },
    });
    expect(hitOf(detector, event, declared)).toMatchObject({ severity: "high", on: "ebs GetSnapshotBlock" });
  });

  it("a copy whose tags, taken over from the disk, show whose it was: high, without any configuration", () => {
    const tagSet = { item: [{ key: "eks:eks-cluster-name", value: "demo" }] };
    const event = call(
      "CreateSnapshots",
      { CreateSnapshotsRequest: { InstanceSpecification: { InstanceId: NODE } } },
      { responseElements: { CreateSnapshotsResponse: { snapshotSet: { item: { snapshotId: SNAPSHOT, tagSet } } } } },
    );
    expect(hitOf(detector, event)).toMatchObject({ severity: "high" });
  });

  it("a refusal by the resource's own policy, unconfigured: a hint, low", () => {
    const event = call("GetConsoleScreenshot", { GetConsoleScreenshotRequest: { InstanceId: NODE } }, byResource);
    const hit = hitOf(detector, event);
    expect(hit).toMatchObject({ severity: "low", confidence: "low" });
    expect(hit?.sentence).toContain("which refused it as a managed resource does");
  });

  it("a backup tool: low, one finding a day; sharing is no tool's work", () => {
    const params = { sweepers: ["Developer"] };
    const snapshot = call("CreateSnapshot", { volumeId: VOLUME });
    expect(hitOf(detector, snapshot, { ...declared, params })).toMatchObject({
      by: "principal/Developer",
      on: "all instances, 2026-11-22",
      severity: "low",
    });
    expect(hitOf(detector, call("ModifySnapshotAttribute", share), { ...declared, params })).toMatchObject({
      severity: "critical",
    });
    const aws = call("CreateSnapshot", { volumeId: VOLUME }, { sourceIPAddress: "backup.amazonaws.com" });
    expect(hitOf(detector, aws, declared)).toMatchObject({ severity: "low" });
    expect(hitOf(detector, aws, declared)?.notExempted?.[0]).toContain("backup.amazonaws.com");
    expect(hitOf(detector, snapshot, declared)?.notExempted).toEqual([]);
    const other = call("CreateSnapshot", { volumeId: VOLUME }, { sourceIPAddress: "ssm.amazonaws.com" });
    expect(hitOf(detector, other, declared)).toMatchObject({ severity: "high" });
  });

  it("a supporter who takes more than the console", () => {
    const support = ["arn:aws:sts::111122223333:assumed-role/Developer/alice"];
    const event = call("CreateSnapshot", { volumeId: VOLUME });
    expect(hitOf(detector, event, { site: { auto, support } })).toMatchObject({ severity: "high" });
  });
});

describe("managed-instances/read-from-outside stays quiet on", () => {
  it.each<[string, object]>([
    ["CreateSnapshot", { volumeId: VOLUME }],
    ["GetConsoleOutput", { instanceId: NODE }],
    ["ModifySnapshotAttribute", share],
  ])("%s of what is not known to be Auto Mode's, allowed or denied", (api, params) => {
    expect(hitOf(detector, call(api, params))).toBeUndefined();
    expect(hitOf(detector, call(api, params, byIdentity))).toBeUndefined();
    expect(hitOf(detector, call(api, params, { errorCode: "UnauthorizedOperation" }))).toBeUndefined();
  });

  it.each<[string, string, object]>([
    ["other attributes than user data", "DescribeInstanceAttribute", { instanceId: NODE, attribute: "instanceType" }],
    [
      "a permission taken back",
      "ModifySnapshotAttribute",
      { snapshotId: SNAPSHOT, createVolumePermission: { remove: { items: [{ userId: "444455556666" }] } } },
    ],
    ["a list", "DescribeSnapshots", { snapshotSet: { items: [{ snapshotId: SNAPSHOT }] } }],
    ["a volume that is no copy", "CreateVolume", { volumeId: VOLUME }],
  ])("%s", (_, api, params) => {
    expect(hitOf(detector, call(api, params), declared)).toBeUndefined();
  });

  it("snapshots that EKS makes of claims", () => {
    const event = call("CreateSnapshot", { volumeId: VOLUME }, { sourceIPAddress: "eks.amazonaws.com" });
    expect(hitOf(detector, event, declared)).toBeUndefined();
  });

  it.each(["GetConsoleOutput", "GetConsoleScreenshot"])("%s by somebody who maintains the nodes", (api) => {
    const event = call(api, { instanceId: NODE });
    const support = ["arn:aws:sts::111122223333:assumed-role/Developer/alice"];
    expect(hitOf(detector, event, { site: { auto, support } })).toBeUndefined();
    expect(hitOf(detector, event, { site: { auto, support: ["Developer"] } })).toBeUndefined();
    const root = call(api, { instanceId: NODE }, { userIdentity: callers.root() });
    expect(hitOf(detector, root, { site: { auto, support } })).toBeDefined();
  });
});
