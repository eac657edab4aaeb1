import { expect, it } from "vitest";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { podCall, podCredentials, podGone } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const NODE = "i-0a1b2c3d4e5f60001";
const KEY = "ASIAEXAMPLEORDERS001";
const POD = { uid: "5a0b8f5e-6d1f-4c7c-9b55-0f0a3c1d2e03", name: "orders-7d9f-x2kq", node: NODE };
const HOME = "198.51.100.20";
const AWAY = "203.0.113.9";
const issued = podCredentials("09:00", POD, NODE, { key: KEY });
const used = (at: string, ip = HOME, api = "sqs:ReceiveMessage", fields: object = {}): string =>
  podCall(at, api, KEY, ip, fields);
const gone = podGone("10:00", POD);
const lived = [...issued, used("09:10"), used("09:40"), gone];
const findings = async (lines: readonly string[], config: object = {}) =>
  (await ledgerFlow(lines, { detectors: [detector], config: { version: 1, ...config } })).findings;

it("finds the key at a new address", async () => {
  const [finding] = await findings([...lived, used("10:30", AWAY)]);
  expect(finding).toMatchObject({ severity: "high", confidence: "high", sourceIP: AWAY, cluster: "demo" });
  expect(finding?.title).toBe(
    `The key of pod shop/${POD.name} called sqs:ReceiveMessage from ${AWAY} after the pod was gone: an address that it was not used from before`,
  );
});

it("finds the key used for something new from the pod's own address", async () => {
  const [finding] = await findings([...lived, used("10:30", HOME, "iam:ListRoles")]);
  expect(finding?.severity).toBe("high");
  expect(finding?.title).toContain("an API that it was not used for before");
});

it("is one finding a key, whichever record comes first and however often", async () => {
  const lines = [...lived, used("10:30", AWAY), used("10:40", AWAY, "iam:ListRoles")];
  const [finding] = await findings(lines);
  expect(finding?.count).toBe(2);
  const others = await findings([...[...lines].reverse(), ...lines]);
  expect(others.map(({ id, count, severity }) => [id, count, severity])).toEqual([[finding?.id, 2, "high"]]);
});

it("counts a call once, however often the pod was removed", async () => {
  const [finding] = await findings([...lived, podGone("10:05", POD), used("10:30", AWAY)]);
  expect(finding?.count).toBe(1);
});

it.each([
  [
    "high",
    "a refused call from a new address",
    [...lived, used("10:30", AWAY, undefined, { errorCode: "AccessDenied" })],
  ],
  [
    "medium",
    "a refused call for something new",
    [...lived, used("10:30", HOME, "iam:ListRoles", { errorCode: "AccessDenied" })],
  ],
  ["medium", "a key that the pod itself never used", [...issued, gone, used("10:30", AWAY)]],
])("is %s for %s", async (severity, _, lines) => {
  expect((await findings(lines))[0]?.severity).toBe(severity);
});

it("is medium when earlier uses may be missing", async () => {
  const many = Array.from({ length: 401 }, (_, index) => used("09:30", HOME, `sqs:Call${index}`));
  const [finding] = await findings([...issued, gone, used("10:30", AWAY), ...many]);
  expect(finding).toMatchObject({ severity: "medium", confidence: "low" });
});

it.each([
  ["a container that outlives its pod and goes on", [...lived, used("10:30")]],
  ["a call within two minutes of the end", [...lived, used("10:01", AWAY)]],
  ["another pod's end", [...issued, used("09:10"), podGone("10:00", { ...POD, uid: "other" }), used("10:30", AWAY)]],
  ["what was done elsewhere before the pod's end", [...lived, used("09:50", AWAY)]],
  [
    "a pod that is removed again until its last finaliser is gone",
    [...lived, podGone("10:31", POD), used("10:30", AWAY)],
  ],
])("stays quiet on %s", async (_, lines) => {
  expect(await findings(lines)).toEqual([]);
});

it("stays quiet on an address that the site declares its own", async () => {
  const lines = [...lived, used("10:30", AWAY)];
  expect(await findings(lines, { egress: ["203.0.113.0/28"] })).toEqual([]);
  expect(await findings(lines, { egress: ["203.0.113.128/28"] })).toHaveLength(1);
});
