import { describe, expect, it } from "vitest";
import { nodeOf } from "../../../test/support/associations.ts";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { call, podCredentials, session } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const NODE = "i-0a1b2c3d4e5f60001";
const POD = { uid: "5a0b8f5e-6d1f-4c7c-9b55-0f0a3c1d2e01", name: "orders-7d9f-x2kq" };
const PERSON = { userIdentity: session("Developer", "alice", "ASIAEXAMPLEHUMAN0001") };
/** CloudTrail, being read for more than a day. */
const READ = call("2026-11-21T08:00:00", "sts:GetCallerIdentity", PERSON);
const served = (at: string, cluster = "demo", place = "eu-central-1:111122223333"): string =>
  podCredentials(at, POD, NODE, {
    key: "ASIAEXAMPLEORDERS001",
    tags: { "eks-cluster-arn": `arn:aws:eks:${place}:cluster/${cluster}`, "eks-cluster-name": cluster },
  })[1] ?? "";
const own = podCredentials("10:00", POD, NODE, { key: "ASIAEXAMPLEORDERS002" });
const described = (at: string, cluster: string, fields: object = {}): string =>
  call(at, "eks:DescribeCluster", { ...PERSON, requestParameters: { name: cluster }, ...fields });
const findings = async (lines: readonly string[], params: object = {}) =>
  (
    await ledgerFlow(lines, {
      detectors: [detector],
      config: { version: 1, detectors: { [detector.meta.id]: { params: { ...params } } } },
    })
  ).findings;
const ELSEWHERE = "eu-central-1:444455556666";

describe("pod-identity/foreign-cluster finds", () => {
  it("a session for a cluster that nobody asked for, beside one whose nodes did", async () => {
    const [finding, ...rest] = await findings([READ, ...own, served("10:05", "shadow")]);
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({
      ...{ severity: "high", confidence: "medium", cluster: "shadow", target: "shadow", account: "111122223333" },
      reasons: ["nodes of demo asked EKS Auth in the same place that day, and none of shadow"],
    });
    expect(finding?.title).toBe(
      "Pods of cluster shadow were given AWS sessions of role arn:aws:iam::111122223333:role/orders: a cluster that nobody asked for or spoke of",
    );
  });

  it("a session for a cluster of another account, as medium", async () => {
    const [finding] = await findings([READ, ...own, served("10:05", "theirs", ELSEWHERE)]);
    expect(finding).toMatchObject({
      severity: "medium",
      confidence: "low",
      account: "444455556666",
      cluster: "theirs",
    });
  });

  it("one thing a cluster and day, whichever record comes first and however often", async () => {
    const lines = [READ, ...own, served("10:05", "shadow"), served("10:06", "shadow")];
    const [first, ...rest] = await findings(lines);
    expect(rest).toEqual([]);
    const others = await findings([...lines, ...lines].reverse());
    expect(others.map(({ id, count }) => [id, count])).toEqual([[first?.id, first?.count]]);
  });

  it("a cluster that somebody only asked for in vain", async () => {
    const refused = described("10:02", "shadow", { errorCode: "ResourceNotFoundException" });
    expect(await findings([READ, ...own, refused, served("10:05", "shadow")])).toHaveLength(1);
  });
});

describe("pod-identity/foreign-cluster stays quiet on", () => {
  const green = podCredentials("10:05", POD, NODE, { key: "ASIAEXAMPLEORDERS003" }).map((line) =>
    line.replaceAll('"demo"', '"green"').replaceAll("cluster/demo", "cluster/green"),
  );
  it.each<[string, string[]]>([
    ["a cluster whose nodes asked", [READ, ...own, ...green]],
    ["a cluster that EKS was asked about", [READ, ...own, described("09:00", "green"), served("10:05", "green")]],
    [
      "one that EKS was asked about the day before",
      [READ, ...own, described("2026-11-21T09:00:00", "green"), served("10:05", "green")],
    ],
    [
      "one whose nodes asked across midnight",
      [
        READ,
        ...own,
        served("23:59:59", "green"),
        (green[0] ?? "").replaceAll("2026-11-22T10:05:00Z", "2026-11-23T00:00:01Z"),
      ],
    ],
    ["a cluster whose audit log is read", [READ, ...green, nodeOf("10:00", NODE), served("10:05")]],
    ["a trail in which no node asks, as without read events", [READ, served("10:00"), served("10:05", "shadow")]],
    ["a trail that has just begun", [...own, served("10:05", "shadow")]],
    [
      "a cluster in another region of the same account",
      [READ, ...own, served("10:05", "west", "us-west-2:111122223333")],
    ],
    ["a session without tags", [READ, ...own, served("10:05", "shadow").replace(/"tags":\[.*?\]/, '"tags":[]')]],
  ])("%s", async (_, lines) => {
    expect(await findings(lines)).toEqual([]);
    expect(await findings([...lines].reverse())).toEqual([]);
  });

  it("a cluster of another account that is listed, and of no other", async () => {
    const lines = [READ, ...own, served("10:05", "theirs", ELSEWHERE)];
    expect(await findings(lines, { accounts: ["444455556666"] })).toEqual([]);
    expect(await findings(lines, { accounts: ["777788889999"] })).toHaveLength(1);
  });
});
