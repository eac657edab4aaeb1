import { describe, expect, it } from "vitest";
import { clusterCreated, nodeOf, roleArn } from "../../../test/support/auto.ts";
import { callers } from "../../../test/support/events.ts";
import { eitherWay } from "../../../test/support/ledger.ts";
import { call, nodeCredentials } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const NODE = "i-0a1b2c3d4e5f60001";
const mallory = callers.human("mallory", "Developer");
type Fields = Readonly<Record<string, unknown>>;
const taken = (name: string, role = "hands", fields: Fields = {}): string =>
  call("12:00", "sts:AssumeRole", {
    userIdentity: mallory,
    requestParameters: { roleArn: roleArn(role), roleSessionName: name },
    responseElements: { credentials: { accessKeyId: "ASIAEXAMPLETAKEN0001" } },
    ...fields,
  });
const NODES = nodeOf("10:00", NODE, "hands");
const find = (lines: readonly string[]) => eitherWay(lines, { detectors: [detector] });

describe("managed-instances/node-role-assumed, by the ledger, finds", () => {
  it.each<[string, string]>([
    ["their work", NODES],
    ["the making of their cluster", clusterCreated("13:00", "quayside", "hands")],
  ])("a role of any name that is known to be nodes' by %s, assumed under a node's name: critical", async (_, line) => {
    const [finding, ...rest] = await find([line, taken(NODE)]);
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({ severity: "critical", confidence: "high", target: roleArn("hands"), count: 1 });
    expect(finding?.title).toBe(`mallory (role Developer) assumed the node role hands of demo as node ${NODE}`);
    // What its name alone shows is the same finding.
    expect(await find([taken(NODE)])).toMatchObject([{ id: finding?.id, severity: "low" }]);
  });

  it("under another name: high, tried: medium", async () => {
    expect(await find([NODES, taken("probe")])).toMatchObject([{ severity: "high" }]);
    expect(await find([NODES, taken("probe", "hands", { errorCode: "AccessDenied" })])).toMatchObject([
      { severity: "medium", outcome: "attempt" },
    ]);
  });
});

describe("managed-instances/node-role-assumed, by the ledger, stays quiet on", () => {
  it.each<[string, readonly string[]]>([
    ["another role", [NODES, taken("probe", "app")]],
    ["a role that nothing was learned of", [taken("probe")]],
    ["EC2", [NODES, nodeCredentials("11:00", NODE, "ASIAEXAMPLENODE00001", "hands")]],
    ["the role of the cluster, which is another finding", [clusterCreated("10:00", "hands", "others"), taken("probe")]],
  ])("%s", async (_, lines) => {
    expect(await find(lines)).toEqual([]);
  });
});
