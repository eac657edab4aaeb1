import { describe, expect, it } from "vitest";
import { callers } from "../../../test/support/events.ts";
import { eitherWay } from "../../../test/support/ledger.ts";
import { call, launched, nodeAtWork } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const NODE = "i-0a1b2c3d4e5f60001";
const SNAPSHOT = "snap-0a1b2c3d4e5f60001";
const VOLUME = "vol-0a1b2c3d4e5f60001";
const launch = launched("10:00", NODE);
const mallory = callers.human("mallory", "Developer");
type Fields = Readonly<Record<string, unknown>>;
const read = (api: string, requestParameters: object, fields: Fields = {}, at = "12:00"): string =>
  call(at, `ec2:${api}`, { userIdentity: mallory, requestParameters, ...fields });
const copy = (fields: Fields = {}): string =>
  read(
    "CreateSnapshots",
    { CreateSnapshotsRequest: { InstanceSpecification: { InstanceId: NODE } } },
    { responseElements: { CreateSnapshotsResponse: { snapshotSet: { item: { snapshotId: SNAPSHOT } } } }, ...fields },
  );
const shared = (user = "999988887777"): string =>
  read("ModifySnapshotAttribute", {
    ...{ snapshotId: SNAPSHOT, attributeType: "CREATE_VOLUME_PERMISSION" },
    createVolumePermission: { add: { items: [{ userId: user }] } },
  });
/** A disk that a pod claimed. */
const claimed = JSON.stringify({
  ...{ ...JSON.parse(launch), eventName: "CreateVolume" },
  responseElements: { volumeId: VOLUME },
});
const find = (lines: readonly string[], config: object = {}) =>
  eitherWay(lines, { detectors: [detector], config: { version: 1, ...config } });

describe("managed-instances/read-from-outside, by the ledger, finds", () => {
  it.each<[string, string]>([
    ["that EKS launched", launch],
    ["that was seen at work", nodeAtWork("09:00", NODE, "ASIAEXAMPLENODE00001")],
  ])("the disks copied of a node %s", async (_, line) => {
    const [finding, ...rest] = await find([line, copy()]);
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({
      ...{ severity: "high", confidence: "high", target: NODE, outcome: "success", count: 1 },
      ...{ sourceIP: "198.51.100.20", actor: { accessKeyId: mallory.accessKeyId } },
    });
    expect(finding?.title).toBe(
      `mallory (role Developer) took the disks of ${NODE}, of an Auto Mode node of demo, by ec2:CreateSnapshots`,
    );
  });

  it("what each read takes, a refusal a step lower", async () => {
    const userData = { instanceId: NODE, attribute: "userData" };
    const refused = { errorCode: "Client.UnauthorizedOperation" };
    expect(await find([launch, read("DescribeInstanceAttribute", userData)])).toMatchObject([{ severity: "medium" }]);
    expect(await find([launch, read("GetConsoleOutput", { instanceId: NODE })])).toMatchObject([{ severity: "low" }]);
    expect(await find([launch, copy(refused)])).toMatchObject([{ severity: "medium", outcome: "attempt" }]);
  });

  it("a copy that is shared: critical, whoever made it", async () => {
    const findings = await find([launch, copy(), shared()]);
    expect(findings.map(({ severity, target }) => [severity, target])).toEqual([
      ["critical", SNAPSHOT],
      ["high", NODE],
    ]);
    const byBackup = copy({ userIdentity: { ...mallory, invokedBy: "backup.amazonaws.com" } });
    expect((await find([launch, byBackup, shared()])).map(({ severity }) => severity)).toEqual(["critical", "low"]);
  });

  it("a backup tool's copies: low, one a role and day", async () => {
    const params = { detectors: { "managed-instances/read-from-outside": { params: { sweepers: ["Developer"] } } } };
    const [finding, ...rest] = await find([launch, copy()], params);
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({ severity: "low", notExempted: ["Developer is listed in sweepers"] });
  });

  it("what is declared, too, in one finding that counts an event once", async () => {
    const [finding, ...rest] = await find([launch, copy()], { auto: { resources: [NODE] } });
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({ count: 1, severity: "high" });
    expect(finding?.raw).toHaveLength(1);
  });
});

describe("managed-instances/read-from-outside, by the ledger, stays quiet on", () => {
  const other = read("CreateSnapshot", { volumeId: "vol-0a1b2c3d4e5f60077" });
  it.each<[string, readonly string[]]>([
    ["an instance of somebody's own", [launch, read("GetConsoleScreenshot", { instanceId: "i-0a1b2c3d4e5f60099" })]],
    ["a disk of somebody's own", [launch, other]],
    ["an instance whose launch was not seen", [copy()]],
    ["attributes that hold no secret", [launch, read("DescribeInstanceAttribute", { instanceId: NODE })]],
    [
      "a disk that a pod claimed, which is data to be backed up",
      [claimed, read("CreateSnapshot", { volumeId: VOLUME })],
    ],
    [
      "a copy of such a disk, shared",
      [claimed, read("CreateSnapshot", { volumeId: VOLUME }, { responseElements: { snapshotId: SNAPSHOT } }), shared()],
    ],
    ["a snapshot of anything else, shared", [launch, shared()]],
    ["EKS itself", [launch, copy({ userIdentity: { ...mallory, invokedBy: "eks.amazonaws.com" } })]],
  ])("%s", async (_, lines) => {
    expect(await find(lines)).toEqual([]);
  });

  it("a console that support looks at", async () => {
    const look = read("GetConsoleOutput", { instanceId: NODE });
    expect(await find([launch, look], { support: ["Developer"] })).toEqual([]);
    expect(await find([launch, copy()], { support: ["Developer"] })).toHaveLength(1);
  });
});
