import { describe, expect, it } from "vitest";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { type Asked, nodeAsks, nodeOf } from "../../../test/support/node-work.ts";
import { nodeAtWork, podBound, podGone, podReported, tokenMinted } from "../../../test/support/trails.ts";
import { siteOf } from "../../core/site.ts";
import { viewOf } from "../../ledger/view.ts";
import { detector } from "./detector.ts";

const THIEF = nodeOf(1);
const pod = (index: number, on = 2, namespace = "shop") => ({
  ...{ uid: `11111111-0000-4000-8000-00000000000${index}`, name: `orders-${index}`, node: nodeOf(on), namespace },
});
/** The log, being read for two days; six nodes at work, the first with a pod of `web` alone. */
const fleet = (count = 6): string[] => [
  nodeAtWork("2026-11-20T09:00:00", nodeOf(9), "ASIAEXAMPLENODE00009"),
  ...Array.from({ length: count }, (_, index) => nodeAtWork("09:00", nodeOf(index + 1), "ASIAEXAMPLENODE00001")),
  podBound("09:00", pod(9, 1, "web")),
];
const refused = (at: string, asked: Partial<Asked>, node = THIEF): string =>
  nodeAsks(at, node, { verb: "get", resource: "secrets", namespace: "shop", code: 403, ...asked });
const secrets = (node = THIEF, minutes = [0, 4, 9], hour = 10): string[] =>
  minutes.map((minute, index) =>
    refused(`${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`, { name: `db-${index}` }, node),
  );
const pods = [1, 2, 3].map((index) => refused("10:00", { resource: "pods", name: `orders-${index}` }));
const findings = async (lines: readonly string[], params: object = {}) =>
  (
    await ledgerFlow(lines, {
      detectors: [detector],
      config: { version: 1, detectors: { "node-identity/refusals": { params: { ...params } } } },
    })
  ).findings;

describe("node-identity/refusals finds", () => {
  it("Secrets of a namespace that has no pod on the node", async () => {
    const [finding, ...rest] = await findings([...fleet(), ...secrets()]);
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({
      ...{ severity: "high", confidence: "medium", cluster: "demo", outcome: "attempt", count: 3 },
      actor: { instanceId: THIEF },
      title: `Node ${THIEF} was refused 3 or more objects of pods that are not on it within 10 minutes`,
      reasons: ["secret shop/db-0", "secret shop/db-1", "secret shop/db-2"],
    });
  });

  it("pods that are known to be elsewhere, with or without their namespace here", async () => {
    const known = [1, 2, 3].map((index) => podBound("09:30", pod(index)));
    expect(await findings([...fleet(), ...known, ...pods])).toHaveLength(1);
    expect(await findings([...fleet(), podBound("09:00", pod(8, 1)), ...known, ...pods])).toHaveLength(1);
  });

  it("tokens: by their pod where the request says it, by their service account where it does not", async () => {
    const token = (index: number, requestObject?: object): string =>
      refused("10:00", {
        ...{ verb: "create", resource: "serviceaccounts", subresource: "token", name: `sa-${index}` },
        ...(requestObject && { requestObject, more: { annotations: { "authorization.k8s.io/decision": "allow" } } }),
      });
    expect(await findings([...fleet(), ...[1, 2, 3].map((index) => token(index))])).toHaveLength(1);
    const bound = (index: number): object => ({
      spec: { audiences: [], boundObjectRef: { kind: "Pod", name: `orders-${index}`, uid: pod(index).uid } },
    });
    const lines = [...fleet(), podBound("09:00", pod(8, 1)), ...[1, 2, 3].map((index) => token(index, bound(index)))];
    expect(await findings(lines)).toEqual([]);
    expect(await findings([...lines, ...[1, 2, 3].map((index) => podBound("09:30", pod(index)))])).toHaveLength(1);
  });

  it("a thief while one other node has the same trouble", async () => {
    expect(
      await findings([...fleet(), podBound("09:00", pod(8, 2)), ...secrets(), ...secrets(nodeOf(2))]),
    ).toHaveLength(1);
  });

  it("a thief hours after an outage", async () => {
    const outage = [2, 3, 4].flatMap((index) => secrets(nodeOf(index), [1, 2, 3], 6));
    expect(await findings([...fleet(), ...outage, ...secrets()])).toHaveLength(1);
  });

  it("a thief while three other nodes are refused something once", async () => {
    const races = [2, 3, 4].map((index) => refused("10:05", { name: "db-0" }, nodeOf(index)));
    expect(await findings([...fleet(), ...secrets(), ...races])).toHaveLength(1);
  });

  it("one thing a node, in whatever order and however often, over midnight too", async () => {
    const lines = [...fleet(), ...secrets(), ...secrets(THIEF, [57, 58, 59], 23)];
    const late = [0, 1].map((index) => refused(`2026-11-23T00:0${index}:00`, { name: `late-${index}` }));
    const all = [...lines, ...late];
    const found = await findings(all);
    // The day of a fact is the finding's.
    expect(found.map(({ count, firstSeen }) => [count, firstSeen.slice(0, 10)]).sort()).toEqual([
      [2, "2026-11-23"],
      [6, "2026-11-22"],
    ]);
    const again = await findings([...all, ...all].reverse());
    expect(again.map(({ id, count }) => `${id} ${count}`).sort()).toEqual(
      found.map(({ id, count }) => `${id} ${count}`).sort(),
    );
  });
});

describe("node-identity/refusals stays quiet on", () => {
  const others = [2, 3, 4].flatMap((index) => secrets(nodeOf(index), [1, 2, 3]));
  const known = [1, 2, 3].map((index) => podBound("09:30", pod(index, 1)));
  it.each<[string, string[]]>([
    ["two objects", [...fleet(), ...secrets().slice(0, 2)]],
    [
      "one object, again and again",
      [...fleet(), ...[0, 1, 2, 3].map((minute) => refused(`10:0${minute}`, { name: "db" }))],
    ],
    ["three objects within eleven minutes", [...fleet(), ...secrets(THIEF, [0, 5, 11])]],
    [
      "Secrets of a namespace whose pods were put on the node",
      [...fleet(), podBound("09:30", pod(1, 1)), ...secrets()],
    ],
    ["those of a pod of yesterday", [...fleet(), podBound("2026-11-21T20:00:00", pod(1, 1)), ...secrets()]],
    ["those of a pod that has just left", [...fleet(), podGone("09:59", pod(1, 1)), ...secrets()]],
    ["those of a pod whose status the kubelet reports", [...fleet(), podReported("09:30", pod(1, 1)), ...secrets()]],
    [
      "those of a pod whose token the kubelet renews",
      [...fleet(), tokenMinted("09:30", pod(1, 1), THIEF, "b7d2f9a4-2c95-47b8-af3f-000000000001"), ...secrets()],
    ],
    ["pods that nobody has seen", [...fleet(), ...pods]],
    [
      "pods that were bound to the node, wherever their names are now",
      [...fleet(), ...known, podBound("09:40", pod(1)), ...pods],
    ],
    ["a node of which no pod was seen", [...fleet().slice(0, -1), ...secrets()]],
    ["an outage that three other nodes have as well", [...fleet(), ...secrets(), ...others]],
    [
      "an outage just after midnight",
      [
        ...fleet().slice(0, -1),
        ...[1, 2, 3, 4, 5, 6].map((index) => nodeAtWork("2026-11-23T00:10:00", nodeOf(index), "ASIAEXAMPLENODE00001")),
        podBound("2026-11-22T23:00:00", pod(9, 1, "web")),
        ...[0, 1, 2].map((index) => refused(`2026-11-23T00:30:0${index}`, { name: `db-${index}` })),
        ...[2, 3, 4].flatMap((node) =>
          [0, 1, 2].map((index) => refused(`2026-11-23T01:20:0${index}`, { name: `db-${index}` }, nodeOf(node))),
        ),
      ],
    ],
    ["an outage that half of a small cluster has", [...fleet(3), ...secrets(), ...secrets(nodeOf(2))]],
    ["a log that has been read since today", [...fleet().slice(1), ...secrets()]],
    [
      "what is allowed",
      [...fleet(), ...[1, 2, 3].map((index) => refused("10:00", { name: `db-${index}`, code: 200 }))],
    ],
    [
      "what is not there",
      [...fleet(), ...[1, 2, 3].map((index) => refused("10:00", { name: `db-${index}`, code: 404 }))],
    ],
    [
      "lists, which are judged at once",
      [...fleet(), ...["a", "b", "c"].map((namespace) => refused("10:00", { verb: "list", namespace }))],
    ],
    [
      "volumes",
      [
        ...fleet(),
        ...[1, 2, 3].map((index) => refused("10:00", { resource: "persistentvolumeclaims", name: `v-${index}` })),
      ],
    ],
    [
      "impersonations that were refused",
      [...fleet(), ...[1, 2, 3].map((index) => refused("10:00", { name: `db-${index}`, more: { annotations: {} } }))],
    ],
  ])("%s", async (_, lines) => {
    expect(await findings(lines)).toEqual([]);
    expect(await findings([...lines].reverse())).toEqual([]);
  });

  it("a node of which not all is kept", () => {
    const set = (values: readonly string[]): [string, string][] => values.map((value) => [value, "event"]);
    const judged = (overflow: readonly string[]): number => {
      const refusedThere = ["a", "b", "c"].map((name) => `2026-11-22T10:00:00.000Z\t${THIEF}\tsecret\tshop\t${name}`);
      const sets = new Map([
        ["of", new Map(set(["demo\t2026-11-22"]))],
        ["refused", new Map(set(refusedThere))],
        ["ran", new Map(set([`${THIEF}\tweb`]))],
        ["overflow", new Map(set(overflow))],
      ]);
      const view = viewOf({ kind: "refusals", id: "demo", sets });
      const params = { objects: 3, windowMinutes: 10, others: 3 };
      const verdict = detector.detect(view as never, { params, site: siteOf({}), id: "demo", epochs: () => [] });
      return verdict?.(view.all("refused")[0] as never).length ?? 0;
    };
    expect(judged([])).toBe(3);
    expect(judged(["ran"])).toBe(0);
  });

  it("what the site sets", async () => {
    expect(await findings([...fleet(), ...secrets()], { objects: 4 })).toEqual([]);
    expect(await findings([...fleet(), ...secrets()], { windowMinutes: 5 })).toEqual([]);
    expect(await findings([...fleet(), ...secrets(), ...secrets(nodeOf(2))], { others: 1 })).toEqual([]);
  });
});
