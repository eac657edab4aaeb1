import { expect, it } from "vitest";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { audit, podCall, podCredentials, podGone } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const NODE = "i-0a1b2c3d4e5f60001";
const KEY = "ASIAEXAMPLEORDERS001";
const POD = { uid: "5a0b8f5e-6d1f-4c7c-9b55-0f0a3c1d2e02", name: "orders-7d9f-x2kq", node: NODE };
const issued = podCredentials("09:00", POD, NODE, { key: KEY });
const used = (at: string, fields: object = {}): string => podCall(at, "s3:ListBuckets", KEY, "203.0.113.9", fields);
const gone = podGone("10:00", POD);
const findings = async (...lines: string[]) => (await ledgerFlow(lines, { detectors: [detector] })).findings;

it("finds the key at work when its pod was gone", async () => {
  const [finding] = await findings(...issued, gone, used("10:14"));
  expect(finding).toMatchObject({
    ...{ severity: "low", sourceIP: "203.0.113.9", cluster: "demo", firstSeen: "2026-11-22T10:14:00.000Z" },
    actor: { kind: "pod", name: `shop/${POD.name}`, accessKeyId: KEY, role: "orders" },
  });
  expect(finding?.title).toBe(
    `The key of pod shop/${POD.name} called s3:ListBuckets from 203.0.113.9, 14 minutes after the pod was gone`,
  );
});

it("is one finding a key, whichever record comes first and however often", async () => {
  const lines = [...issued, gone, used("10:14"), used("10:20", { errorCode: "AccessDenied" })];
  const [finding] = await findings(...lines);
  expect(finding?.count).toBe(2);
  const others = await findings(...[...lines].reverse(), ...lines);
  expect(others.map(({ id, count, title }) => [id, count, title])).toEqual([[finding?.id, 2, finding?.title]]);
});

it("says when the call was refused", async () => {
  const [finding] = await findings(...issued, gone, used("10:14", { errorCode: "AccessDenied" }));
  expect(finding?.title).toContain("tried s3:ListBuckets (AccessDenied)");
});

it.each([
  ["a call within two minutes of the end", [...issued, gone, used("10:01:59")]],
  ["calls while the pod lived", [...issued, used("09:30"), gone]],
  [
    "the key of another pod",
    [...podCredentials("09:00", { ...POD, uid: "other" }, NODE, { key: KEY }), gone, used("10:14")],
  ],
  [
    "a delete that asks the pod to end",
    [
      ...issued,
      gone
        .replace('"gracePeriodSeconds":0', '"gracePeriodSeconds":30')
        .replace('"deletionGracePeriodSeconds":0', '"x":0'),
      used("10:14"),
    ],
  ],
  ["a delete that was refused", [...issued, gone.replace('"code":200', '"code":403'), used("10:14")]],
  [
    "a service that goes on with the pod's work",
    [...issued, gone, used("10:14", { sourceIPAddress: "athena.amazonaws.com" })],
  ],
  [
    "a node's key",
    [gone, used("10:14"), ...issued.map((line) => line.replaceAll("pods.eks.amazonaws.com", "ec2.amazonaws.com"))],
  ],
  [
    "what the key does in the audit log",
    [
      ...issued,
      gone,
      audit("10:14", {
        ...{ verb: "list", requestURI: "/api/v1/pods" },
        user: { username: "x", groups: ["system:authenticated"], extra: { accessKeyId: [KEY] } },
      }),
    ],
  ],
])("stays quiet on %s", async (_, lines) => {
  expect(await findings(...lines)).toEqual([]);
});
