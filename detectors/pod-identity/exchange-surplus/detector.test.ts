import { expect, it } from "vitest";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { podBound, podCredentials } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const X = "i-0a1b2c3d4e5f60001";
const Y = "i-0a1b2c3d4e5f60002";
const Z = "i-0a1b2c3d4e5f60003";
const pod = (number: number, node = X) => ({
  uid: `5a0b8f5e-6d1f-4c7c-9b55-0000000000${number}`,
  name: `orders-${number}`,
  node,
});
const STOLEN = pod(10);
const OWN = pod(11);
const OTHER = pod(20, Y);
const THIRD = pod(30, Z);
const more = [12, 13, 14].map((number) => pod(number)).concat([21, 22, 23].map((number) => pod(number, Y)));
const bound = [STOLEN, OWN, OTHER, THIRD, ...more].map((one) => podBound("09:00", one));
let keys = 0;
const both = (at: string, served: typeof STOLEN, asking: string): string[] => {
  keys += 1;
  return podCredentials(at, served, asking, { key: `ASIAEXAMPLE${String(keys).padStart(9, "0")}` });
};
const ask = (at: string, node: string): string => both(at, STOLEN, node)[0] as string;
const session = (at: string, served: typeof STOLEN): string => both(at, served, X)[1] as string;
const theft = [ask("10:05:10", Y), session("10:05:11", STOLEN)];
const findings = async (...lines: string[]) => (await ledgerFlow(lines, { detectors: [detector] })).findings;

it("finds a node that asks for the credentials of another's pod", async () => {
  const [finding] = await findings(...bound, ...theft);
  expect(finding).toMatchObject({
    ...{ severity: "critical", confidence: "high", cluster: "demo", target: STOLEN.uid },
    actor: { kind: "node", name: `system:node:${Y}`, instanceId: Y },
  });
  expect(finding?.title).toBe(
    `${Y} asked EKS Auth for a pod's credentials, and pod shop/${STOLEN.name} on ${X} was given them: ${X} had not asked`,
  );
});

it("is one finding, whichever record comes first and however often", async () => {
  const lines = [...bound, ...theft];
  const [finding] = await findings(...lines);
  const others = await findings(...[...lines].reverse(), ...lines);
  expect(others.map(({ id, count }) => [id, count])).toEqual([[finding?.id, finding?.count]]);
});

it.each([
  ["the session's record is of the second before", [ask("10:05:11", Y), session("10:05:10", STOLEN)]],
  ["both nodes are at work in the same second", [...theft, ...both("10:05:11", OWN, X), ...both("10:05:10", OTHER, Y)]],
  ["the other node asks for a pod without tags half a minute later", [...theft, ask("10:05:40", X)]],
  ["a record of the thief's own node is missing half a minute later", [...theft, session("10:05:40", OTHER)]],
  ["a minute ends between the halves", [ask("10:05:59", Y), session("10:06:00", STOLEN)]],
  ["a minute ends between the halves, the other way round", [session("10:05:59", STOLEN), ask("10:06:01", Y)]],
  [
    "a third node is at work all the time",
    [...theft, ..."08 09 10 11 12 13".split(" ").flatMap((s) => both(`10:05:${s}`, THIRD, Z))],
  ],
  [
    "the cluster is at work around a border",
    [...both("10:05:58", OWN, X), ask("10:05:59", Y), session("10:06:00", STOLEN), ...both("10:06:00", OTHER, Y)],
  ],
])("finds it once when %s", async (_, lines) => {
  const all = await findings(...bound, ...lines);
  expect(all.map(({ severity, actor }) => [severity, actor.instanceId])).toEqual([["critical", Y]]);
  expect((await findings(...[...lines].reverse(), ...bound)).map(({ id }) => id)).toEqual(all.map(({ id }) => id));
});

it("names every pod that it may have been", async () => {
  const [finding] = await findings(
    ...bound,
    ask("10:05:10", Y),
    ask("10:05:10", X),
    session("10:05:10", STOLEN),
    session("10:05:10", OWN),
  );
  expect(finding?.title).toContain(`one of the pods shop/${STOLEN.name}, shop/${OWN.name} on ${X}`);
});

it("is high when two nodes asked too often", async () => {
  const all = await findings(...bound, ...theft, ask("10:05:11", Z));
  expect(all.map(({ severity, confidence }) => [severity, confidence])).toEqual([
    ["high", "medium"],
    ["high", "medium"],
  ]);
});

it.each([
  ["nodes that ask for their own pods", [...both("10:05:10", STOLEN, X), ...both("10:05:10", OTHER, Y)]],
  [
    "the halves a second or two apart, around a border",
    [ask("10:05:59", X), session("10:06:01", STOLEN), ask("10:06:01", Y), session("10:06:01", OTHER)],
  ],
  ["an ask that gave no session", [...both("10:05:10", STOLEN, X), ask("10:05:10", Y)]],
  ["a session whose ask is not in the log", [session("10:05:10", STOLEN), ...both("10:05:10", OTHER, Y)]],
  ["a surplus minutes away from the deficit", [ask("10:04:10", Y), session("10:05:10", STOLEN)]],
  ["a surplus three seconds away from the deficit", [ask("10:05:07", Y), session("10:05:10", STOLEN)]],
  [
    "a node whose session comes late, beside one that asked too often",
    [ask("10:05:05", X), session("10:05:10", STOLEN), ask("10:05:10", Y)],
  ],
  [
    "a node whose session comes late, beside one whose question is not in the log",
    [session("10:05:10", STOLEN), ask("10:05:10", Y), session("10:05:15", OTHER)],
  ],
  [
    "halves that lie beyond what is known of a minute, behind it",
    [
      ...["10:05:59", "10:06:01", "10:06:03"].map((at, index) => session(at, pod(12 + index))),
      ...["10:06:01", "10:06:03", "10:06:05"].map((at) => ask(at, X)),
      ...[ask("10:06:03", Y), session("10:06:05", OTHER)],
    ],
  ],
  [
    "halves that lie beyond what is known of a minute, before it",
    [
      ...["10:04:55", "10:04:57", "10:04:59"].map((at, index) => session(at, pod(21 + index, Y))),
      ...["10:04:57", "10:04:59", "10:05:01"].map((at) => ask(at, Y)),
      session("10:05:01", STOLEN),
    ],
  ],
  [
    "two nodes whose halves both come late",
    [ask("10:05:05", X), ask("10:05:10", Y), session("10:05:10", STOLEN), session("10:05:15", OTHER)],
  ],
  [
    "a pod served twice for one ask, as through a chained role",
    [ask("10:05:10", X), session("10:05:10", STOLEN), session("10:05:10", STOLEN), ask("10:05:10", Y)],
  ],
  ["a pod of which it is not known where it runs", [...theft, session("10:05:10", pod(40))]],
  ["a pod that two nodes claim", [...theft, podBound("09:00", { ...STOLEN, node: Z })]],
  [
    "an ask that was refused",
    [ask("10:05:10", Y).replace('"responseElements":null', '"errorCode":"AccessDenied"'), session("10:05:10", STOLEN)],
  ],
])("stays quiet on %s", async (_, lines) => {
  expect(await findings(...bound, ...lines)).toEqual([]);
  expect(await findings(...[...lines].reverse(), ...bound)).toEqual([]);
});

it("stays quiet while it is not known where the pod runs, and on another cluster's node", async () => {
  expect(await findings(...theft)).toEqual([]);
  const away = theft[0]?.replaceAll('"demo"', '"other"') ?? "";
  expect(await findings(...bound, away, theft[1] as string)).toEqual([]);
});

it("stays quiet when more was asked than is kept", async () => {
  const many = Array.from({ length: 1_001 }, () => ask("10:05:30", Z));
  expect(await findings(...bound, ...theft, ...many)).toEqual([]);
});
