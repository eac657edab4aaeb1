import { describe, expect, it } from "vitest";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { call, launched, nodeAtWork, session } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const NODE = "i-0a1b2c3d4e5f60001";
const KEY = "ASIAEXAMPLENODE00001";
const LAUNCH = launched("2026-11-01T10:00:00", NODE);
const atWork = (at: string, node = NODE): string => nodeAtWork(at, node, KEY);
const findings = async (lines: readonly string[], params: Readonly<Record<string, unknown>> = {}) =>
  (
    await ledgerFlow(lines, {
      detectors: [detector],
      config: { version: 1, detectors: { "node-identity/too-old": { params } } },
    })
  ).findings;

describe("node-identity/too-old finds", () => {
  it("a node at work after more than 21 days", async () => {
    const [finding] = await findings([LAUNCH, atWork("2026-11-23T10:30:00")]);
    expect(finding).toMatchObject({ severity: "high", cluster: "demo", target: NODE, actor: { instanceId: NODE } });
    expect(finding?.title).toBe(
      `Node ${NODE} of cluster demo was at work more than 21 days after its launch, which no Auto Mode node is`,
    );
  });

  it("one thing a node, counted by the hour, in whatever order and however often", async () => {
    const uses = ["2026-11-23T10:30:00", "2026-11-23T10:31:00", "2026-11-23T12:00:00"].map((at) => atWork(at));
    const lines = [LAUNCH, atWork("2026-11-02T10:00:00"), ...uses];
    const [first, ...rest] = await findings(lines);
    expect(rest).toEqual([]);
    expect(first?.count).toBe(2);
    const late = await findings([...lines, ...lines].reverse());
    expect(late.map(({ id, severity, count, title }) => [id, severity, count, title])).toEqual([
      [first?.id, "high", 2, first?.title],
    ]);
  });
});

describe("node-identity/too-old stays quiet on", () => {
  it.each<[string, string[]]>([
    ["a node of three weeks", [LAUNCH, atWork("2026-11-22T09:59:00")]],
    ["a node that is being drained", [LAUNCH, atWork("2026-11-22T21:00:00")]],
    ["a node whose launch was not seen", [atWork("2026-11-23T10:30:00")]],
    ["another node", [LAUNCH, atWork("2026-11-23T10:30:00", "i-0a1b2c3d4e5f60002")]],
    [
      "an instance that somebody else launched",
      [
        LAUNCH.replaceAll("ec2fleet.amazonaws.com", "198.51.100.7").replace(',"invokedBy":"198.51.100.7"', ""),
        atWork("2026-11-23T10:30:00"),
      ],
    ],
    [
      "a launch that failed",
      [
        call("2026-11-01T10:00:00", "ec2:RunInstances", {
          ...JSON.parse(LAUNCH),
          userIdentity: { ...session("AmazonEKSAutoClusterRole", "eks", KEY), invokedBy: "ec2fleet.amazonaws.com" },
          errorCode: "Client.InsufficientInstanceCapacity",
        }),
        atWork("2026-11-23T10:30:00"),
      ],
    ],
  ])("%s", async (_, lines) => {
    expect(await findings(lines)).toEqual([]);
    expect(await findings([...lines].reverse())).toEqual([]);
  });

  it("what the site sets", async () => {
    const lines = [LAUNCH, atWork("2026-11-23T10:30:00")];
    expect(await findings(lines, { maxDays: 30 })).toEqual([]);
    expect(await findings(lines, { graceHours: 48 })).toEqual([]);
  });
});
