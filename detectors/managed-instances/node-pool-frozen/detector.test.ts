import { describe, expect, it } from "vitest";
import { users } from "../../../test/support/events.ts";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { nodeOf, poolWritten, terminated } from "../../../test/support/node-work.ts";
import { launched, nodeAtWork } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

/** A day of November or December, at noon. */
const day = (of: number): string =>
  new Date(Date.UTC(2026, 10, of, 12)).toISOString().slice(0, "2026-11-22T12:00:00".length);
/** A node of a pool from its launch to its end, or to the last day that it is seen. */
const node = (index: number, pool: string, from: number, to: number, ends = true): string[] => [
  launched(day(from), nodeOf(index), pool),
  nodeAtWork(day(from), nodeOf(index), "ASIAEXAMPLENODE00001"),
  nodeAtWork(day(to), nodeOf(index), "ASIAEXAMPLENODE00001"),
  ...(ends ? [terminated(day(to), nodeOf(index))] : []),
];
const alice = users.human("alice");
/** Nodes of `batch` were replaced until it was changed on the 10th; one has been at work since the 9th, for 16 days. */
const BEFORE = node(1, "batch", 1, 8);
const CHANGE = poolWritten(day(10), "batch");
const OLD = node(2, "batch", 9, 25, false);
const OTHERS = [...node(3, "general-purpose", 8, 15), ...node(4, "general-purpose", 15, 22)];
const findings = async (lines: readonly string[], site: object = {}) =>
  (await ledgerFlow(lines, { detectors: [detector], config: { version: 1, ...site } })).findings;
const severities = async (lines: readonly string[], site: object = {}) =>
  (await findings(lines, site)).map(({ severity }) => severity);

describe("managed-instances/node-pool-frozen finds", () => {
  it("a pool whose nodes were replaced until somebody changed it", async () => {
    const [finding, ...rest] = await findings([...BEFORE, CHANGE, ...OLD, ...OTHERS]);
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({
      ...{ severity: "high", confidence: "medium", cluster: "demo", target: "batch" },
      actor: { name: users.human("mallory").username, kind: "human" },
      reasons: ["nodes of the pool were replaced in time before the change"],
      title:
        "mallory (role ClusterAdmin) changed NodePool batch, whose nodes have since grown older than two weeks while others are replaced",
    });
    expect(finding?.firstSeen.slice(0, 10)).toBe("2026-11-10");
  });

  it("the only pool of a cluster, compared with itself", async () => {
    expect(await severities([...BEFORE, CHANGE, ...OLD])).toEqual(["high"]);
  });

  it("a pool of which no earlier node is known: not so sure", async () => {
    expect(await severities([CHANGE, ...OLD, ...OTHERS])).toEqual(["medium"]);
  });

  it("a pool that was made then: low, it may be meant for long jobs", async () => {
    const made = poolWritten(day(8), "batch", undefined, {
      verb: "create",
      responseStatus: { metadata: {}, code: 201 },
    });
    const [finding, ...rest] = await findings([made, ...OLD, ...OTHERS]);
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({ severity: "low" });
    expect(finding?.title).toContain("mallory (role ClusterAdmin) created NodePool batch, whose nodes");
  });

  it("the last who changed it before its nodes grew old", async () => {
    const lines = [...BEFORE, CHANGE, poolWritten(day(12), "batch", alice), poolWritten(day(25), "batch"), ...OLD];
    const found = await findings(lines);
    expect(found.map(({ actor }) => actor.name)).toEqual([alice.username]);
  });

  it("a pool of which one node was replaced all the same: low, that may be the work of one pod", async () => {
    expect(await severities([...BEFORE, CHANGE, ...OLD, ...node(5, "batch", 12, 20), ...OTHERS])).toEqual(["low"]);
  });

  it("somebody who is listed in support: low", async () => {
    const lines = [...BEFORE, poolWritten(day(10), "batch", alice), ...OLD, ...OTHERS];
    expect(await severities(lines, { support: [alice.username] })).toEqual(["low"]);
  });

  it("one thing a pool and change, in whatever order and however often", async () => {
    const lines = [...BEFORE, CHANGE, ...OLD, ...node(6, "batch", 9, 26, false), ...OTHERS];
    lines.push(nodeAtWork(day(27), nodeOf(2), "ASIAEXAMPLENODE00001"));
    const [first, ...rest] = await findings(lines);
    expect(rest).toEqual([]);
    // Two old nodes, however many days they are seen.
    expect(first).toMatchObject({ count: 2, severity: "high" });
    const late = await findings([...lines, ...lines].reverse());
    expect(late.map(({ id, severity, count }) => [id, severity, count])).toEqual([[first?.id, "high", 2]]);
  });

  it("a change in one epoch whose node grows old in the next", async () => {
    const lines = [
      ...node(1, "batch", 21, 25),
      poolWritten(day(26), "batch"),
      ...node(2, "batch", 25, 42, false),
      ...node(3, "general-purpose", 28, 35),
    ];
    expect(await severities(lines)).toEqual(["high"]);
  });
});

describe("managed-instances/node-pool-frozen stays quiet on", () => {
  const argo = users.serviceAccount("argocd", "argocd-application-controller");
  it.each<[string, string[]]>([
    ["a pool that nobody changed", [...BEFORE, ...OLD, ...OTHERS]],
    ["another pool's change", [...BEFORE, poolWritten(day(10), "gpu"), ...OLD, ...OTHERS]],
    ["a change after its nodes had grown old", [...BEFORE, poolWritten(day(25), "batch"), ...OLD, ...OTHERS]],
    ["nodes of fourteen days", [...BEFORE, CHANGE, ...node(2, "batch", 9, 23, false), ...OTHERS]],
    [
      "a freeze of all: another pool's nodes are old as well",
      [...BEFORE, CHANGE, ...OLD, ...node(7, "general-purpose", 9, 25, false)],
    ],
    ["nothing to compare with", [CHANGE, ...OLD]],
    ["a repository", [...BEFORE, poolWritten(day(10), "batch", argo), ...OLD, ...OTHERS]],
    ["EKS itself", [...BEFORE, poolWritten(day(10), "batch", users.serviceLinkedRole()), ...OLD, ...OTHERS]],
    [
      "a change that was refused",
      [
        ...BEFORE,
        poolWritten(day(10), "batch", undefined, { responseStatus: { metadata: {}, code: 403 } }),
        ...OLD,
        ...OTHERS,
      ],
    ],
    [
      "a dry run",
      [
        ...BEFORE,
        poolWritten(day(10), "batch", undefined, { requestURI: "/apis/karpenter.sh/v1/nodepools/batch?dryRun=All" }),
        ...OLD,
        ...OTHERS,
      ],
    ],
    ["a node whose launch was not seen", [...BEFORE, CHANGE, ...OLD.slice(1), ...OTHERS]],
    ["itself alone, replaced since: nothing to compare with", [CHANGE, ...OLD, ...node(5, "batch", 12, 20)]],
    ["others that ended too late themselves", [CHANGE, ...OLD, ...node(3, "general-purpose", 1, 18)]],
    ["others that ended too long ago to tell", [CHANGE, ...OLD, ...node(3, "general-purpose", 1, 5)]],
  ])("%s", async (_, lines) => {
    expect(await findings(lines)).toEqual([]);
    expect(await findings([...lines].reverse())).toEqual([]);
  });
});
