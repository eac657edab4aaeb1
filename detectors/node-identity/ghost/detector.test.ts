import { describe, expect, it } from "vitest";
import { nodeJoined } from "../../../test/support/at-work.ts";
import { users } from "../../../test/support/events.ts";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { call, launched, session } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const nodeOf = (index: number): string => `i-0a1b2c3d4e5f6000${index}`;
const GHOST = "i-0a1b2c3d4e5f600ff";
/** CloudTrail, being read since then. */
const read = (at = "07:00"): string =>
  call(at, "sts:GetCallerIdentity", { userIdentity: session("Developer", "alice", "ASIAEXAMPLEHUMAN0001") });
const fleet = (...indexes: number[]): string[] =>
  indexes.flatMap((index) => [launched("09:58", nodeOf(index)), nodeJoined("10:00", nodeOf(index))]);
const findings = async (lines: readonly string[]) => (await ledgerFlow(lines, { detectors: [detector] })).findings;

describe("node-identity/ghost finds", () => {
  it("a node without a launch among others that have theirs", async () => {
    const [finding, ...rest] = await findings([read(), ...fleet(1, 2), nodeJoined("10:05", GHOST)]);
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({
      ...{ severity: "high", confidence: "low", cluster: "demo", target: GHOST },
      actor: { instanceId: GHOST, name: `system:node:${GHOST}` },
    });
    expect(finding?.title).toBe(
      `Node ${GHOST} joined cluster demo, and EKS was not seen to launch it as it launched others that day`,
    );
  });

  it("a Node object that a person makes", async () => {
    const [finding] = await findings([read(), ...fleet(1, 2), nodeJoined("10:05", GHOST, users.human("mallory"))]);
    expect(finding?.reasons).toEqual(["registered by mallory (role ClusterAdmin)"]);
  });

  it("an instance that somebody launched by hand, with EKS's tags", async () => {
    const own = launched("10:00", GHOST).replaceAll("ec2fleet.amazonaws.com", "198.51.100.7");
    const byHand = own.replace(',"invokedBy":"198.51.100.7"', "");
    expect(await findings([read(), ...fleet(1, 2), byHand, nodeJoined("10:05", GHOST)])).toHaveLength(1);
  });

  it("one thing a node, in whatever order and however often", async () => {
    const lines = [read(), ...fleet(1, 2, 3), nodeJoined("10:05", GHOST), nodeJoined("14:00", nodeOf(9))];
    lines.push(launched("13:58", nodeOf(9)));
    const [first, ...rest] = await findings(lines);
    expect(rest).toEqual([]);
    const late = await findings([...lines, ...lines].reverse());
    expect(late.map(({ id, severity, count, title }) => [id, severity, count, title])).toEqual([
      [first?.id, "high", 1, first?.title],
    ]);
  });
});

describe("node-identity/ghost stays quiet on", () => {
  it.each<[string, string[]]>([
    ["nodes that were launched", [read(), ...fleet(1, 2, 3)]],
    [
      "a launch before midnight",
      [read(), ...fleet(1, 2), launched("2026-11-21T23:59:00", GHOST), nodeJoined("00:01", GHOST)],
    ],
    ["a trail without launches", [read(), ...[1, 2, 3].map((index) => nodeJoined("10:00", nodeOf(index)))]],
    ["a single launch to compare with", [read(), ...fleet(1), nodeJoined("10:05", GHOST)]],
    [
      "as many missing launches as there are seen",
      [read(), ...fleet(1, 2), nodeJoined("10:05", GHOST), nodeJoined("10:06", nodeOf(8))],
    ],
    ["a trail that has just begun", [...fleet(1, 2), nodeJoined("10:05", GHOST)]],
    [
      "a node of another kind",
      [read(), ...fleet(1, 2), nodeJoined("10:05", "ip-10-0-1-7.eu-central-1.compute.internal")],
    ],
    [
      "a node that was not let in",
      [
        read(),
        ...fleet(1, 2),
        JSON.stringify({ ...JSON.parse(nodeJoined("10:05", GHOST)), responseStatus: { metadata: {}, code: 403 } }),
      ],
    ],
  ])("%s", async (_, lines) => {
    expect(await findings(lines)).toEqual([]);
    expect(await findings([...lines].reverse())).toEqual([]);
  });
});
