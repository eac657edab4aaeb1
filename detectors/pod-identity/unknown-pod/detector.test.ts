import { expect, it } from "vitest";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { audit, podBound, podCredentials, podGone, podReported, tokenMinted } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const NODE = "i-0a1b2c3d4e5f60001";
const KNOWN = { uid: "5a0b8f5e-6d1f-4c7c-9b55-0f0a3c1d2e06", name: "orders-7d9f-x2kq", node: NODE };
const GHOST = { uid: "5a0b8f5e-6d1f-4c7c-9b55-0f0a3c1d2eff", name: "orders-7d9f-ghost", node: NODE };
const DAY = "2026-11-23T";
const served = (at: string, pod = GHOST): string[] => podCredentials(at, pod, NODE, { key: "ASIAEXAMPLEGHOST0001" });
const minted = (at: string): string => tokenMinted(at, KNOWN, NODE, `t-${at}`);
const anything = (at: string): string =>
  audit(at, { verb: "list", requestURI: "/api/v1/pods", objectRef: { resource: "secrets" } });
const warm = [minted("09:00"), minted("10:20"), minted(`${DAY}10:50:00`)];
const findings = async (...lines: string[]) => (await ledgerFlow(lines, { detectors: [detector] })).findings;

it("finds a session for a pod that the audit log never named", async () => {
  const [finding] = await findings(...warm, ...served(`${DAY}10:30:00`));
  expect(finding).toMatchObject({
    ...{ severity: "medium", cluster: "demo", target: GHOST.uid, firstSeen: "2026-11-23T10:30:00.000Z" },
    actor: { kind: "pod", name: `shop/${GHOST.name}`, role: "orders" },
  });
  expect(finding?.title).toBe(
    `AWS opened a session of role orders for pod shop/${GHOST.name}, of whose uid ${GHOST.uid} the audit log of cluster demo knows nothing`,
  );
});

it("is one finding a pod, whichever record comes first and however often", async () => {
  const lines = [...warm, ...served(`${DAY}10:30:00`), ...served(`${DAY}10:40:00`)];
  const [finding] = await findings(...lines);
  expect(finding?.count).toBe(2);
  const others = await findings(...[...lines].reverse(), ...lines);
  expect(others.map(({ id, count }) => [id, count])).toEqual([[finding?.id, 2]]);
});

it.each([
  ["a pod whose token was minted", tokenMinted("20:00", GHOST, NODE, "t")],
  ["a pod that was bound", podBound("20:00", GHOST)],
  ["a pod whose node reports it, even later", podReported(`${DAY}11:00:00`, GHOST)],
  ["a pod that was removed", podGone(`${DAY}10:29:00`, GHOST)],
])("stays quiet on %s", async (_, line) => {
  expect(await findings(...warm, line, ...served(`${DAY}10:30:00`))).toEqual([]);
});

it.each([
  ["a cluster whose audit log is not read, beside one whose is", [minted("09:00"), minted("10:20")]],
  ["a cluster whose audit log begins on that day", [anything("08:00"), minted(`${DAY}10:50:00`)]],
  ["a ledger that began within the day", [minted("11:10"), minted(`${DAY}10:50:00`)]],
  [
    "an audit log without bodies",
    warm.map((line) => JSON.stringify({ ...JSON.parse(line), requestObject: undefined, level: "Metadata" })),
  ],
])("stays quiet on %s", async (_, lines) => {
  expect(await findings(...lines, ...served(`${DAY}10:30:00`))).toEqual([]);
});

it("stays quiet on a session of another cluster, and on one without tags", async () => {
  const lines = served(`${DAY}10:30:00`);
  expect(await findings(...warm, ...lines.map((line) => line.replaceAll("cluster/demo", "cluster/other")))).toEqual([]);
  expect(await findings(...warm, ...lines.map((line) => line.replaceAll("kubernetes-pod-uid", "team")))).toEqual([]);
});
