import { describe, expect, it } from "vitest";
import { callers } from "../../../test/support/events.ts";
import { eitherWay } from "../../../test/support/ledger.ts";
import { call, launched, nodeAtWork, session } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const NODES = [1, 2, 3, 4, 5].map((index) => `i-0a1b2c3d4e5f6000${index}`);
const [NODE = ""] = NODES;
const launch = launched("10:00", NODE);
const mallory = callers.human("mallory", "Developer");
type Fields = Readonly<Record<string, unknown>>;
const access = (api: string, requestParameters: object, fields: Fields = {}, at = "12:00"): string =>
  call(at, api, { userIdentity: mallory, requestParameters, ...fields });
const start = (fields: Fields = {}, target = NODE): string => access("ssm:StartSession", { target }, fields);
const command = (instanceIds: readonly string[], fields: Fields = {}): string =>
  access(
    "ssm:SendCommand",
    { instanceIds, documentName: "AWS-RunShellScript" },
    { responseElements: { command: { commandId: "0e0d0c0b-0a09-4807-8605-040302010000" } }, ...fields },
  );
const agent = (role: string, fields: Fields = {}, at = "12:00"): string =>
  call(at, "ssm:UpdateInstanceInformation", {
    userIdentity: session(role, NODE, "ASIAEXAMPLENODE00001", "2.0"),
    requestParameters: { instanceId: NODE },
    ...fields,
  });
const find = (lines: readonly string[], config: object = {}) =>
  eitherWay(lines, { detectors: [detector], config: { version: 1, ...config } });

describe("managed-instances/remote-access, by the ledger, finds", () => {
  it.each<[string, string]>([
    ["that EKS launched", launch],
    ["that was seen at work", nodeAtWork("13:00", NODE, "ASIAEXAMPLENODE00001")],
  ])("a session with a node %s: critical", async (_, line) => {
    const [finding, ...rest] = await find([line, start()]);
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({
      ...{ severity: "critical", confidence: "high", target: NODE, count: 1, sourceIP: "198.51.100.20" },
      ...{ subject: `key/${mallory.accessKeyId} StartSession` },
    });
    expect(finding?.title).toBe(`mallory (role Developer) did ssm:StartSession on ${NODE}, of EKS Auto Mode of demo`);
  });

  it("a try, and a key that nothing reads: high", async () => {
    expect(await find([launch, start({ errorCode: "AccessDenied" })])).toMatchObject([
      { severity: "high", outcome: "attempt" },
    ]);
    const key = access("ec2-instance-connect:SendSSHPublicKey", { instanceId: NODE, instanceOSUser: "root" });
    const [finding] = await find([launch, key]);
    expect(finding).toMatchObject({ severity: "high" });
    expect(finding?.reasons.join()).toContain("whether or not anything on the instance reads it");
  });

  it("a command for the fleet: low, one of its role, with its id", async () => {
    const findings = await find([...NODES.map((id) => launched("10:00", id)), command(NODES)]);
    expect(findings).toMatchObject([
      { severity: "low", count: 1, subject: "principal/Developer SendCommand on the fleet" },
    ]);
    expect(findings[0]?.evidence.map(({ value }) => value)).toContain("0e0d0c0b-0a09-4807-8605-040302010000");
    expect(await find([launch, command([NODE])])).toMatchObject([{ severity: "critical" }]);
    const automation = { userIdentity: { ...mallory, invokedBy: "ssm.amazonaws.com" } };
    expect(await find([launch, command([NODE], automation)])).toMatchObject([{ severity: "low" }]);
  });

  it("an agent on a node of any role: one finding, however often it reports", async () => {
    const reports = ["12:00", "12:05", "12:10"].map((at) => agent("hands", {}, at));
    const [finding, ...rest] = await find([launch, ...reports]);
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({ severity: "high", subject: `instance/${NODE} an agent`, count: 1 });
    expect(finding?.title).toBe(
      `An agent on ${NODE}, a node of EKS Auto Mode of demo, did ssm:UpdateInstanceInformation`,
    );
    expect(await find([launch, agent("hands", { errorCode: "AccessDenied" })])).toMatchObject([{ severity: "medium" }]);
  });

  it("what is declared, too, in one finding that counts an event once", async () => {
    const auto = { resources: [NODE] };
    expect(await find([launch, start()], { auto })).toMatchObject([{ count: 1, severity: "critical" }]);
    expect(await find([launch, agent("hands"), agent("hands", {}, "12:05")], { auto })).toMatchObject([{ count: 2 }]);
  });
});

describe("managed-instances/remote-access, by the ledger, stays quiet on", () => {
  it.each<[string, readonly string[]]>([
    ["an instance of somebody's own", [launch, start({}, "i-0a1b2c3d4e5f60099")]],
    ["an instance whose launch was not seen", [start()]],
    ["an agent on somebody's own instance", [launched("10:00", NODES[1] ?? ""), agent("hands")]],
    ["an instance that nothing in the cluster was heard of", [nodeAtWork("09:00", NODES[1] ?? "", "K"), start()]],
  ])("%s", async (_, lines) => {
    expect(await find(lines)).toEqual([]);
  });
});
