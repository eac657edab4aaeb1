import { describe, expect, it } from "vitest";
import { nodeEntry, nodeOf, roleArn } from "../../../test/support/associations.ts";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { call, session } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const node = (index: number): string => `i-0a1b2c3d4e5f6000${index}`;
const ROGUE = "i-0a1b2c3d4e5f600ff";
const crew = (at: string, ...indexes: number[]): string[] => indexes.map((index) => nodeOf(at, node(index)));
/** Nodes of one role, two days before and today. */
const usual = [...crew("2026-11-21T08:00:00", 1, 2, 3), ...crew("10:00", 1, 2, 3)];
const rogue = nodeOf("10:05", ROGUE, "Ops");
const configured = (at: string, api: string, role = "Ops"): string =>
  call(at, `eks:${api}`, {
    userIdentity: session("Platform", "alice", "ASIAEXAMPLEALICE0001"),
    requestParameters: { name: "demo", computeConfig: { enabled: true, nodeRoleArn: roleArn(role) } },
  });
const findings = async (lines: readonly string[], auto: object = {}) =>
  (await ledgerFlow(lines, { detectors: [detector], config: { version: 1, auto } })).findings;

describe("node-identity/another-role finds", () => {
  it("a node with another role than all others", async () => {
    const [finding, ...rest] = await findings([...usual, rogue]);
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({
      ...{ severity: "low", confidence: "low", cluster: "demo", target: roleArn("Ops") },
      actor: { instanceId: ROGUE, role: roleArn("Ops") },
    });
    expect(finding?.title).toBe(
      `${ROGUE} came to cluster demo as a node with role Ops, and 3 others have role AmazonEKSAutoNodeRole; nothing was seen that lets Ops be a node's`,
    );
  });

  it("it as high in a cluster whose creation was seen", async () => {
    const born = configured("2026-11-20T08:00:00", "CreateCluster", "AmazonEKSAutoNodeRole");
    expect(await findings([born, ...usual, rogue])).toMatchObject([{ severity: "high", confidence: "medium" }]);
  });

  it("it as high when the role is of another account, and as medium when the site declares its roles", async () => {
    const theirs = rogue.replaceAll("iam::111122223333:role/Ops", "iam::444455556666:role/Ops");
    expect(await findings([...usual, theirs])).toMatchObject([{ severity: "high", confidence: "medium" }]);
    expect(await findings([...usual, rogue], { nodeRoles: ["AmazonEKSAutoNodeRole"] })).toMatchObject([
      { severity: "medium" },
    ]);
  });

  it("one thing a role and day, whichever record comes first and however often", async () => {
    const lines = [...usual, rogue, nodeOf("12:05", ROGUE, "Ops")];
    const [first, ...rest] = await findings(lines);
    expect(rest).toEqual([]);
    const others = await findings([...lines, ...lines].reverse());
    expect(others.map(({ id, count }) => [id, count])).toEqual([[first?.id, first?.count]]);
  });

  it("it in a cluster of more nodes than are kept", async () => {
    const hex = (n: number): string => `i-0a1b2c3d4e5f${String(n).padStart(5, "0")}`;
    const many = Array.from({ length: 900 }, (_, n) => nodeOf("10:00", hex(n)));
    expect(await findings([[...usual, ...many].join("\n"), rogue])).toMatchObject([{ target: roleArn("Ops") }]);
  });

  it("it when another role was let in", async () => {
    expect(await findings([nodeEntry("09:00", roleArn("Gpu")), ...usual, rogue])).toHaveLength(1);
  });
});

describe("node-identity/another-role stays quiet on", () => {
  it.each<[string, string[]]>([
    ["nodes of one role", usual],
    ["a role that an access entry lets in", [nodeEntry("09:00", roleArn("Ops")), ...usual, rogue]],
    ["one with a path, which the audit log leaves out", [nodeEntry("09:00", roleArn("team/Ops")), ...usual, rogue]],
    ["an entry that is seen after the node", [...usual, rogue, nodeEntry("10:20", roleArn("Ops"))]],
    ["the role of the built-in pools", [configured("09:00", "UpdateClusterConfig"), ...usual, rogue]],
    ["a role that had nodes the day before", [...usual, nodeOf("2026-11-21T09:00:00", ROGUE, "Ops"), rogue]],
    ["two nodes to compare with", [...crew("2026-11-21T08:00:00", 1, 2), ...crew("10:00", 1, 2), rogue]],
    ["as many nodes of the one role as a third of the other's", [...usual, rogue, nodeOf("10:06", node(9), "Ops")]],
    ["a cluster of three roles", [...usual, nodeOf("2026-11-21T08:00:00", node(8), "Gpu"), rogue]],
    ["a trail that has just begun", [...crew("10:00", 1, 2, 3), rogue]],
    [
      "a node of another kind",
      [...usual, rogue.replaceAll(`system:node:${ROGUE}`, "system:node:ip-10-0-1-7.eu-central-1.compute.internal")],
    ],
  ])("%s", async (_, lines) => {
    expect(await findings(lines)).toEqual([]);
    expect(await findings([...lines].reverse())).toEqual([]);
  });

  it.each([
    ["in the same week", "09:00"],
    ["in the week before", "2026-11-18T09:00:00"],
  ])("a role that is let in %s, though more were once than a cluster keeps", async (_, at) => {
    const decoys = Array.from({ length: 400 }, (__, n) => nodeEntry("2026-11-05T09:00:00", roleArn(`Decoy${n}`)));
    const lines = [nodeOf("2026-11-05T08:00:00", node(1)), decoys.join("\n")];
    expect(await findings([...lines, ...usual, nodeEntry(at, roleArn("Ops")), rogue])).toEqual([]);
    expect(await findings([...lines, ...usual, rogue])).toMatchObject([{ target: roleArn("Ops") }]);
  });

  it("a role that the site declares", async () => {
    expect(await findings([...usual, rogue], { nodeRoles: ["Ops"] })).toEqual([]);
  });
});
