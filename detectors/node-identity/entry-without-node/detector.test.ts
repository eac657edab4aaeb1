import { describe, expect, it } from "vitest";
import { nodeEntry, nodeOf, roleArn } from "../../../test/support/associations.ts";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { call, session } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const NODE = "i-0a1b2c3d4e5f60001";
const heard = nodeOf("09:00", NODE);
const policy = (at: string, name = "AmazonEKSAutoNodePolicy"): string =>
  call(at, "eks:AssociateAccessPolicy", {
    userIdentity: session("Platform", "alice", "ASIAEXAMPLEALICE0001"),
    requestParameters: {
      ...{ name: "demo", principalArn: encodeURIComponent(roleArn("Ops")) },
      ...{ policyArn: `arn:aws:eks::aws:cluster-access-policy/${name}`, accessScope: { type: "cluster" } },
    },
  });
const findings = async (lines: readonly string[], auto: object = {}) =>
  (await ledgerFlow(lines, { detectors: [detector], config: { version: 1, auto } })).findings;

describe("node-identity/entry-without-node finds", () => {
  it.each([
    ["an entry of a role of which no node came", nodeEntry("10:00", roleArn("Ops")), "access entry of type EC2"],
    ["the policy of nodes for such a role", policy("10:00"), "AmazonEKSAutoNodePolicy"],
  ])("%s", async (_, entry, how) => {
    const lines = [heard, entry];
    const [finding, ...rest] = await findings(lines);
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({ severity: "low", cluster: "demo", target: roleArn("Ops") });
    expect(finding?.title).toBe(
      `alice (role Platform) let role Ops into cluster demo as a node's (${how}), and no node came with it within a day`,
    );
    const others = await findings([...lines, ...lines].reverse());
    expect(others.map(({ id, count }) => [id, count])).toEqual([[finding?.id, 1]]);
  });

  it("one of a role of another account, as medium", async () => {
    const found = await findings([heard, nodeEntry("10:00", roleArn("Ops", "444455556666"))]);
    expect(found).toMatchObject([{ severity: "medium", confidence: "medium" }]);
  });

  it("one that comes after the same entry was made again and again", async () => {
    const minute = (n: number): string =>
      new Date(Date.UTC(2026, 10, 22, 9, 5) + n * 60_000).toISOString().slice(0, 19);
    const again = Array.from({ length: 300 }, (_, n) => nodeEntry(minute(n), roleArn("Decoy")));
    const found = await findings([heard, again.join("\n"), nodeEntry("15:00", roleArn("Ops"))]);
    expect(found.map(({ target }) => target).sort()).toEqual([roleArn("Decoy"), roleArn("Ops")]);
  });
});

describe("node-identity/entry-without-node stays quiet on", () => {
  const entry = nodeEntry("10:00", roleArn("Ops"));
  it.each<[string, string[]]>([
    ["an entry with which a node came", [heard, entry, nodeOf("20:00", "i-0a1b2c3d4e5f600ff", "Ops")]],
    ["a role that had nodes before", [nodeOf("08:00", NODE, "Ops"), entry]],
    [
      "the entry that EKS makes itself",
      [heard, nodeEntry("10:00", roleArn("Ops"), { sourceIPAddress: "eks.amazonaws.com" })],
    ],
    ["an entry for people", [heard, nodeEntry("10:00", roleArn("Ops"), {}, "STANDARD")]],
    ["an entry for nodes of their own", [heard, nodeEntry("10:00", roleArn("Ops"), {}, "EC2_LINUX")]],
    ["an entry that was refused", [heard, nodeEntry("10:00", roleArn("Ops"), { errorCode: "AccessDenied" })]],
    ["another access policy", [heard, policy("10:00", "AmazonEKSViewPolicy")]],
    ["a cluster whose audit log is not read", [entry]],
    ["a log that is read only since", [nodeOf("12:00", NODE), entry]],
  ])("%s", async (_, lines) => {
    expect(await findings(lines)).toEqual([]);
    expect(await findings([...lines].reverse())).toEqual([]);
  });

  it("a role that the site declares", async () => {
    expect(await findings([heard, entry], { nodeRoles: [roleArn("Ops")] })).toEqual([]);
  });
});
