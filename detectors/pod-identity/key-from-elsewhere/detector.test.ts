import { expect, it } from "vitest";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { podBound, podCall, podCredentials } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const [X = "", Y = "", Z = ""] = ["1", "2", "3"].map((last) => `i-0a1b2c3d4e5f6000${last}`);
const HOME = "198.51.100.20";
const AWAY = "203.0.113.9";
const DAY = "2026-11-23T";
const pod = (number: number, node: string) => ({
  uid: `5a0b8f5e-6d1f-4c7c-9b55-0000000000${number}`,
  name: `orders-${number}`,
  node,
});
const key = (number: number): string => `ASIAEXAMPLEORDERS0${number}`;

/** A pod on a node, and its credentials as its node asked for them from an address. */
const served = (at: string, number: number, node: string, ip = HOME, fields: object = {}): string[] => {
  const [ask = "", session = ""] = podCredentials(at, pod(number, node), node, { key: key(number) });
  return [
    JSON.stringify({ ...JSON.parse(ask), sourceIPAddress: ip, ...fields }),
    session,
    podBound("09:00", pod(number, node)),
  ];
};
const used = (at: string, number: number, ip = AWAY, fields: object = {}): string =>
  podCall(at, "sts:GetCallerIdentity", key(number), ip, fields);
/** A day before, so that the ledger is warm; nodes that show the way out, then and on the day. */
const before = [X, Y, Z].flatMap((node, index) => served("08:00", 10 + index, node));
const today = [X, Y, Z].flatMap((node, index) => served(`${DAY}08:0${index}:00`, 20 + index, node));
const findings = async (lines: readonly string[], config: object = {}) =>
  (await ledgerFlow(lines, { detectors: [detector], config: { version: 1, ...config } })).findings;

it("finds a pod's key at an address that no node comes from", async () => {
  const [finding] = await findings([...before, ...today, used(`${DAY}10:34:00`, 20)]);
  expect(finding).toMatchObject({
    ...{ severity: "high", confidence: "medium", sourceIP: AWAY, cluster: "demo" },
    actor: { kind: "pod", name: "shop/orders-20", accessKeyId: key(20), role: "orders" },
    firstSeen: "2026-11-23T10:34:00.000Z",
  });
  expect(finding?.title).toBe(
    `The key of pod shop/orders-20 called sts:GetCallerIdentity from ${AWAY}, from where no node of its cluster comes`,
  );
});

it("is one finding an address and day, whichever record comes first and however often", async () => {
  const lines = [...before, ...today, used(`${DAY}10:34:00`, 20), used(`${DAY}11:00:00`, 21)];
  const [finding] = await findings(lines);
  expect(finding?.count).toBe(2);
  const others = await findings([...[...lines].reverse(), ...lines]);
  expect(others.map(({ id, count, severity }) => [id, count, severity])).toEqual([[finding?.id, 2, "high"]]);
});

it("finds it on a new day, knowing the ways out of the day before", async () => {
  const long = served("2026-11-21T20:00:00", 14, X);
  expect(await findings([...long, ...before, ...served("21:00", 15, X), used(`${DAY}00:30:00`, 15)])).toHaveLength(1);
});

it.each([
  [
    "medium",
    "the key's own node, which asks from elsewhere, too",
    [...served(`${DAY}09:00:00`, 30, X, AWAY), used(`${DAY}10:30:00`, 30)],
  ],
  [
    "medium",
    "one other node, which asks from elsewhere, too",
    [...served(`${DAY}09:00:00`, 30, Y, AWAY), used(`${DAY}10:30:00`, 20)],
  ],
  [
    "medium",
    "the key's own node and one other, which ask from elsewhere, too",
    [...served(`${DAY}09:00:00`, 30, X, AWAY), ...served(`${DAY}09:01:00`, 31, Y, AWAY), used(`${DAY}10:30:00`, 30)],
  ],
  [
    "informational",
    "the key's own node, which asks from nowhere else",
    [...served(`${DAY}09:00:00`, 30, "i-0a1b2c3d4e5f60009", AWAY), used(`${DAY}10:30:00`, 30)],
  ],
  [
    "low",
    "one other node, which asks from nowhere else",
    [...served(`${DAY}09:00:00`, 30, "i-0a1b2c3d4e5f60009", AWAY), used(`${DAY}10:30:00`, 20)],
  ],
  [
    "high",
    "an instance's name that somebody chose",
    [
      ...served(`${DAY}09:00:00`, 30, Y, AWAY).map((line) => line.replace(',"ec2RoleDelivery":"2.0"', "")),
      used(`${DAY}10:30:00`, 20),
    ],
  ],
])("is %s for an address of %s", async (severity, _, lines) => {
  expect((await findings([...before, ...today, ...lines])).map((finding) => finding.severity)).toEqual([severity]);
});

it("is low where pods of two other nodes came from a day before: they may have a way of their own", async () => {
  const warm = served("2026-11-21T07:00:00", 14, X);
  const usual = [used("09:00", 11), used("09:10", 12)];
  const all = await findings([...warm, ...before, ...today, ...usual, used(`${DAY}10:30:00`, 20)]);
  expect(all.map(({ severity, firstSeen }) => [severity, firstSeen.slice(0, 10)])).toEqual([
    ["high", "2026-11-22"],
    ["low", "2026-11-23"],
  ]);
  const one = await findings([...warm, ...before, ...today, used("09:00", 11), used(`${DAY}10:30:00`, 20)]);
  expect(one.map(({ severity }) => severity)).toEqual(["high", "high"]);
  // What is used while the ledger is cold stays unjudged when it has warmed up.
  const cold = await findings([...before, ...today, ...usual, used(`${DAY}10:30:00`, 20)]);
  expect(cold.map(({ firstSeen }) => firstSeen.slice(0, 10))).toEqual(["2026-11-23"]);
});

it.each([
  ["the way out that other nodes show", [...before, ...today, used(`${DAY}10:30:00`, 20, HOME)]],
  [
    "a new way out, once two other nodes ask from it, also later",
    [
      ...before,
      ...today,
      used(`${DAY}10:30:00`, 20),
      ...served(`${DAY}10:40:00`, 31, Y, AWAY),
      ...served(`${DAY}10:41:00`, 32, Z, AWAY),
    ],
  ],
  ["an address within the VPC", [...before, ...today, used(`${DAY}10:30:00`, 20, "10.0.7.7")]],
  [
    "a call through an endpoint",
    [...before, ...today, used(`${DAY}10:30:00`, 20, AWAY, { vpcEndpointId: "vpce-0a1b2c3d" })],
  ],
  [
    "a service that goes on with the pod's work",
    [...before, ...today, used(`${DAY}10:30:00`, 20, "athena.amazonaws.com")],
  ],
  [
    "a key that is no pod's",
    [...before, ...today, podCall(`${DAY}10:30:00`, "s3:ListBuckets", "ASIAEXAMPLESOMEBODY1", AWAY)],
  ],
  ["a ledger that knows a day of nothing yet", [...today, used(`${DAY}10:30:00`, 20)]],
  [
    "a cluster of one node",
    [...served("08:00", 10, X), ...served(`${DAY}08:00:00`, 20, X), used(`${DAY}10:30:00`, 20)],
  ],
  [
    "a cluster whose nodes ask through an endpoint",
    [X, Y, Z].flatMap((node, index) => [
      ...served("08:00", 10 + index, node, "10.0.1.1", { vpcEndpointId: "vpce-0a1b2c3d" }),
      ...served(`${DAY}08:00:00`, 20 + index, node, "10.0.1.1", { vpcEndpointId: "vpce-0a1b2c3d" }),
      used(`${DAY}10:30:00`, 20 + index),
    ]),
  ],
])("stays quiet on %s", async (_, lines) => {
  expect(await findings(lines)).toEqual([]);
});

it("goes by the site's own addresses", async () => {
  const lines = [...before, ...today, used(`${DAY}10:30:00`, 20)];
  expect(await findings(lines, { egress: ["203.0.113.0/28"] })).toEqual([]);
  const alone = [...served("08:00", 10, X), ...served(`${DAY}08:00:00`, 20, X), used(`${DAY}10:30:00`, 20)];
  expect((await findings(alone, { egress: [HOME] })).map(({ severity }) => severity)).toEqual(["high"]);
});

it("does not hold against a node's old address that somebody asks in its name from elsewhere", async () => {
  const W = "i-0a1b2c3d4e5f60009";
  const own = [...served("08:30", 50, W, "198.51.100.99"), ...served(`${DAY}08:30:00`, 51, W, "198.51.100.99")];
  const thief = served(`${DAY}10:00:00`, 52, W, AWAY);
  const both = [used(`${DAY}10:30:00`, 51, "198.51.100.99"), used(`${DAY}10:31:00`, 52)];
  const all = await findings([...before, ...today, ...own, ...thief, ...both]);
  expect(all.map(({ severity, sourceIP }) => [sourceIP, severity]).sort()).toEqual([
    ["198.51.100.99", "informational"],
    [AWAY, "medium"],
  ]);
});

it("goes by a VPC's block over IPv6, where every pod has an address of its own", async () => {
  const six = (at: string, number: number, node: string, host: string) =>
    served(at, number, node, `2001:db8:0:5${host}::7`);
  const askers = [six("08:10:00", 41, Y, "01"), six("08:11:00", 42, Z, "02")]
    .flat()
    .map((line) => line.replaceAll("2026-11-22T08", `${DAY}08`));
  const stolen = used(`${DAY}10:30:00`, 20, "2001:db8:77::1234");
  expect(await findings([...before, ...today, ...askers, used(`${DAY}10:30:00`, 20, "2001:db8:0:5ff::9")])).toEqual([]);
  const [high, ...more] = await findings([...before, ...today, ...askers, stolen]);
  expect(more).toEqual([]);
  expect(high).toMatchObject({ severity: "high", sourceIP: "2001:db8:77::1234" });
  expect(high?.title).toContain("from 2001:db8:77::1234, from where no node of its cluster comes");
  // Where no node shows how IPv6 leaves, the pods' own may.
  const [medium] = await findings([...before, ...today, stolen]);
  expect(medium).toMatchObject({ severity: "medium", reasons: ["no node of the cluster asks EKS Auth over IPv6"] });
  expect(await findings([...before, ...today, stolen], { egress: ["2001:db8:77::/48"] })).toEqual([]);
});

it("counts any node as the key's own while that is not known", async () => {
  const unknown = (lines: readonly string[]): string[] => lines.filter((line) => !line.includes('"binding"'));
  const shown = [...served(`${DAY}10:00:00`, 31, Y, AWAY), ...served(`${DAY}10:01:00`, 32, Z, AWAY)];
  const [finding] = await findings(unknown([...before, ...today, ...shown, used(`${DAY}10:30:00`, 20)]));
  expect(finding?.severity).toBe("medium");
  const third = served(`${DAY}10:02:00`, 33, X, AWAY);
  expect(await findings(unknown([...before, ...today, ...shown, ...third, used(`${DAY}10:30:00`, 20)]))).toEqual([]);
});
