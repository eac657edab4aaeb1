import { expect, it } from "vitest";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { podBound, podCreated, podCredentials, tokenMinted } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const NODE = "i-0a1b2c3d4e5f60001";
const POD = { uid: "5a0b8f5e-6d1f-4c7c-9b55-0f0a3c1d2e01", name: "orders-7d9f-x2kq", node: NODE };
const tagged = (tags: Readonly<Record<string, string>> = {}, at = "10:05"): string[] =>
  podCredentials(at, POD, NODE, { key: "ASIAEXAMPLEORDERS001", tags });
const known = [podCreated("10:00", POD), podBound("10:00:01", POD), tokenMinted("10:00:02", POD, NODE, "t1")];
const findings = async (...lines: string[]) => (await ledgerFlow(lines, { detectors: [detector] })).findings;

it.each([
  ["another service account", { "kubernetes-service-account": "payments" }],
  ["another namespace", { "kubernetes-namespace": "kube-system" }],
  ["another name", { "kubernetes-pod-name": "payments-0" }],
])("finds a session tagged with %s than the pod has, in either order", async (what, tags) => {
  const [finding] = await findings(...known, ...tagged(tags));
  expect(finding).toMatchObject({ severity: "high", cluster: "demo", target: POD.uid, reasons: [what] });
  const late = await findings(...tagged(tags).reverse(), ...[...known].reverse());
  expect(late.map(({ id, count }) => [id, count])).toEqual([[finding?.id, finding?.count]]);
});

it("says what the session claims and what the pod is", async () => {
  const [finding] = await findings(...known, ...tagged({ "kubernetes-service-account": "payments" }));
  expect(finding?.title).toBe(
    `AWS opened a session of role orders for pod shop/${POD.name} of service account payments, but the pod of that uid is shop/${POD.name} of service account orders`,
  );
  expect(finding?.firstSeen).toBe("2026-11-22T10:00:00.000Z");
});

it("is one finding however often it is delivered, and beside rightful sessions of the pod", async () => {
  const lines = [...known, ...tagged(), ...tagged({ "kubernetes-service-account": "payments" }, "10:06")];
  const once = await findings(...lines);
  expect(once).toHaveLength(1);
  expect((await findings(...lines, ...lines)).map(({ id, count }) => [id, count])).toEqual([[once[0]?.id, 1]]);
});

it("knows a pod by its token alone", async () => {
  const token = tokenMinted("10:00:02", POD, NODE, "t1");
  expect(await findings(token, ...tagged({ "kubernetes-pod-name": "payments-0" }))).toHaveLength(1);
});

it.each([
  ["a session tagged as the pod is", [...known, ...tagged()]],
  ["a pod that the audit log does not know", tagged({ "kubernetes-service-account": "payments" })],
  ["a tag that is missing", [...known, ...tagged({ "kubernetes-pod-name": "" })]],
  [
    "another pod of that name",
    [...known, ...podCredentials("10:05", { ...POD, uid: "another" }, NODE, { key: "ASIAEXAMPLEORDERS002" })],
  ],
  [
    "a session without the pod's uid",
    [...known, ...tagged({ "kubernetes-service-account": "payments" }).map((line) => line.replaceAll(POD.uid, "-"))],
  ],
])("stays quiet on %s", async (_, lines) => {
  expect(await findings(...lines)).toEqual([]);
});
