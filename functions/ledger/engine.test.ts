import { describe, expect, it } from "vitest";
import type { Draft } from "../../detectors/core/compose.ts";
import { arm } from "../../detectors/core/settings.ts";
import { defineJoinDetector, defineSettledDetector, type LedgerDetector } from "../../detectors/ledger/contracts.ts";
import { entities } from "../../detectors/ledger/entities.ts";
import { type Fact, OVERFLOW, type Ref, type State } from "../../detectors/ledger/facts.ts";
import { CrosstrailError } from "../../schemas/errors.ts";
import { neverIssued, probeHit, probeMeta, probes, usedAfterPod } from "../../test/support/probes.ts";
import { createMemoryStore } from "../adapters/ledger/memory.ts";
import { createEngine } from "./engine.ts";
import type { Store } from "./ports.ts";
import { createRecall } from "./recall.ts";

const KEY: Ref = { kind: "use", id: "ASIAEXAMPLE00000001/2026-11-22T10" };
const LATER = Date.UTC(9999);
const told = (ref: Ref, attribute: string, ...parts: string[]): Fact => ({
  ...{ kind: ref.kind, id: ref.id, attribute, value: parts.join("\t"), source: "event" },
});
const used = (n: number, minute = "10:00"): Fact =>
  told(KEY, "used", `2026-11-22T${minute}:00.000Z`, "CloudTrail", `s3:Get${n}`, "198.51.100.20", "", "success");
const gone = told(KEY, "podGone", "2026-11-22T09:00:00.000Z");
const issued = told(KEY, "issued", "2026-11-22T09:00:00.000Z", "pod", "a", "b", "c");

function start(detectors: readonly LedgerDetector[], store: Store = createMemoryStore()) {
  const { ledger, site } = arm(detectors, { version: 1 }, {}, []);
  const clock = { now: 0 };
  const counts = { merge: 0, read: 0, facts: 0 };
  const counting: Store = {
    ...store,
    merge(ref, facts, keepUntil) {
      counts.merge += 1;
      counts.facts += facts.length;
      return store.merge(ref, facts, keepUntil);
    },
    read(refs) {
      counts.read += 1;
      return store.read(refs);
    },
  };
  const engine = createEngine({
    ...{ store: counting, recall: createRecall(10_000), armed: ledger, site, now: () => clock.now },
  });
  return { engine, store, counts, clock };
}

const titles = (drafts: readonly Draft[]): string[] => drafts.map(({ finding }) => finding.subject).sort();
const stateOf = async (store: Store, ref: Ref): Promise<State> => {
  const [state] = await store.read([ref]);
  if (state === undefined) throw new Error("no answer");
  return state;
};
const sizeOf = async (store: Store, attribute: string): Promise<number> =>
  (await stateOf(store, KEY)).sets.get(attribute)?.size ?? 0;

describe("a set that more is told of than is kept", () => {
  const flood = (from: number, count: number): Fact[] =>
    Array.from({ length: count }, (_, index) => used(from + index));

  it("says so, and takes no more", async () => {
    const { engine, store, counts } = start([]);
    for (let n = 0; n < 50; n += 1) (await engine.take(flood(n * 100, 100), [])).remember();
    const state = await stateOf(store, KEY);
    expect(state.sets.get("used")?.size).toBe(500);
    expect([...(state.sets.get(OVERFLOW)?.keys() ?? [])]).toEqual(["used"]);
    // Five batches until it is beyond 400, and the mark; then nothing is written any more.
    expect(counts.merge).toBe(6);
    expect(counts.facts).toBe(501);
  });

  it("with what was tried only keeps nothing out that was done", async () => {
    const { engine, store } = start([]);
    const tried = (n: number): Fact => ({ ...used(n), value: used(n).value.replace("success", "denied") });
    for (let n = 0; n < 10; n += 1)
      (
        await engine.take(
          Array.from({ length: 300 }, (_, index) => tried(n * 300 + index)),
          [],
        )
      ).remember();
    expect(await sizeOf(store, "used")).toBeLessThanOrEqual(400);
    for (let n = 0; n < 300; n += 1) (await engine.take([used(10_000 + n)], [])).remember();
    const values = [...((await stateOf(store, KEY)).sets.get("used")?.keys() ?? [])];
    expect(values.filter((value) => value.endsWith("success"))).toHaveLength(300);
    expect(Object.fromEntries(engine.counts().overflows)).toEqual({ "use.used": 1 });
  });

  it("is counted, once", async () => {
    const { engine, store } = start([]);
    expect(engine.counts().overflows.size).toBe(0);
    for (let n = 0; n < 10; n += 1) await engine.take(flood(n * 100, 100), []);
    expect(Object.fromEntries(engine.counts().overflows)).toEqual({ "use.used": 1 });
    expect((await store.stats()).overflows).toEqual({ "use.used": 1 });
  });

  it("is told of once for all entities of a kind on a day, when that is out, and before then as often as its batch comes again", async () => {
    const { engine } = start([]);
    const on = (day: string, id: string): Fact[] =>
      flood(0, 450).map((fact) => ({ ...fact, id, source: `${day}T10:00:00.000Z event` }));
    const tells = async (day: string, id: string) => {
      const taken = await engine.take(on(day, id), []);
      return { ...taken, sets: taken.overflowed.map(({ kind, attribute, at }) => `${kind}.${attribute} ${at}`) };
    };
    const first = await tells("2026-11-22", "a");
    expect(first.sets).toEqual(["use.used 2026-11-22T10:00:00.000Z"]);
    const again = await tells("2026-11-22", "a");
    expect(again.sets).toEqual(first.sets);
    again.remember();
    expect((await tells("2026-11-22", "a")).sets).toEqual([]);
    expect((await tells("2026-11-22", "b")).sets).toEqual([]);
    expect((await tells("2026-11-23", "a")).sets).toEqual(["use.used 2026-11-23T10:00:00.000Z"]);
  });

  it("of which the first tell enough is counted, and nobody hears of it", async () => {
    const habit: Ref = { kind: "habit", id: "111122223333/orders/*/2026-11-19" };
    const callers = Array.from({ length: 100 }, (_, n) => told(habit, "caller", `pod-${n}`));
    const { engine } = start([]);
    expect((await engine.take(callers, [])).overflowed).toEqual([]);
    expect(Object.fromEntries(engine.counts().overflows)).toEqual({ "habit.caller": 1 });
  });

  it("that a verdict rests on leaves it unmade, which is counted", async () => {
    const rests = { ...neverIssued, rests: ["used"] };
    for (const [count, verdicts] of [
      [400, 1],
      [450, 0],
    ] as const) {
      const { engine } = start([rests]);
      for (let n = 0; n < count; n += 50) await engine.take(flood(n, 50), []);
      const subjects = new Set<string>();
      await engine.settle(LATER, async (drafts) => {
        for (const { finding } of drafts) subjects.add(finding.subject);
      });
      expect(subjects.size).toBe(verdicts);
      expect(engine.counts().full.size).toBe(1 - verdicts);
    }
  });

  it("takes no more than its cap of one batch", async () => {
    const { engine, store } = start([]);
    expect((await engine.take(flood(0, 20_000), [])).merged).toBe(400);
    expect(await sizeOf(store, "used")).toBe(400);
    expect((await stateOf(store, KEY)).sets.get(OVERFLOW)?.has("used")).toBe(true);
  });

  it("keeps no other set of its entity out", async () => {
    const { engine, store } = start([usedAfterPod]);
    (await engine.take(flood(0, 20_000), [])).remember();
    const { drafts } = await engine.take([...flood(20_000, 100), gone], []);
    expect(await sizeOf(store, "podGone")).toBe(1);
    // All that one finding counts.
    expect(drafts).toHaveLength(256);
    expect(await sizeOf(store, "used")).toBe(400);
  });

  it("lets a batch that comes again find what it found, and what waits for it", async () => {
    const { engine, store } = start([usedAfterPod, neverIssued]);
    await store.merge(KEY, [gone], 1);
    const first = await engine.take(flood(0, 450), []);
    expect(first.drafts).toHaveLength(256);
    // Its findings are not out: it comes again, to a worker that knows the set to be full, and whose records were not put.
    await store.done(await store.due("9999", 1_000));
    const again = await engine.take(flood(0, 450), []);
    expect(titles(again.drafts)).toEqual(titles(first.drafts));
    expect(await store.due("9999", 1_000)).not.toEqual([]);
    again.remember();
    const third = await engine.take(flood(0, 400), []);
    expect(third.drafts).toEqual([]);
  });

  it("is tried again at half the life of its entity, which renews that", async () => {
    const { engine, counts, clock } = start([]);
    (await engine.take(flood(0, 450), [])).remember();
    const before = counts.merge;
    clock.now = entities.use.keepMs / 2 - 1;
    await engine.take([used(1_000)], []);
    expect(counts.merge).toBe(before);
    clock.now = entities.use.keepMs / 2;
    await engine.take([used(1_001)], []);
    expect(counts.merge).toBe(before + 1);
  });

  it("is left out where the store takes no more, and only that set", async () => {
    const store = createMemoryStore();
    const small: Store = {
      ...store,
      async merge(ref, facts, keepUntil) {
        const { sets } = await stateOf(store, ref);
        const size = (sets.get("used")?.size ?? 0) + facts.filter(({ attribute }) => attribute === "used").length;
        if (size > 10) throw new CrosstrailError("E_LEDGER_FULL", "too large", { cause: undefined });
        return store.merge(ref, facts, keepUntil);
      },
    };
    const { engine } = start([usedAfterPod], small);
    (await engine.take(flood(0, 10), [])).remember();
    const { drafts } = await engine.take([...flood(10, 5), gone, issued], []);
    expect(await sizeOf(store, "used")).toBe(10);
    expect(await sizeOf(store, "issued")).toBe(1);
    expect(drafts).toHaveLength(10);
    expect((await stateOf(store, KEY)).sets.get(OVERFLOW)?.has("used")).toBe(true);
  });

  it("is no excuse for any other error of the store", async () => {
    const broken: Store = {
      ...createMemoryStore(),
      async merge() {
        throw new CrosstrailError("E_LEDGER", "away", { cause: undefined });
      },
    };
    await expect(start([], broken).engine.take([gone], [])).rejects.toMatchObject({ code: "E_LEDGER" });
  });
});

describe("a million names of an attacker", () => {
  const BATCH = 10_000;
  const at = "2026-11-22T10:00:00.000Z";

  it("in one set leave a bounded entity", async () => {
    const { engine, store, counts } = start(probes);
    for (let n = 0; n < 100; n += 1)
      (
        await engine.take(
          Array.from({ length: BATCH }, (_, index) => used(n * BATCH + index)),
          [],
        )
      ).remember();
    const stats = await store.stats();
    expect(stats.facts).toBeLessThan(1_000);
    expect(stats.due).toBeLessThan(10);
    expect(stats.entities).toMatchObject({ use: 1 });
    expect(counts.facts).toBeLessThan(2_000);
  });

  it("of as many entities leave no more of them, and of what waits for them, than the memory is told to hold", async () => {
    const { engine, store } = start([neverIssued], createMemoryStore(5_000));
    // A tenth of it: each is written on its own.
    for (let n = 0; n < 10; n += 1) {
      const facts = Array.from({ length: BATCH }, (_, index) =>
        told({ kind: "use", id: `${n}-${index}` }, "used", at, "CloudTrail", "s3:Get", "198.51.100.20", "", "success"),
      );
      (await engine.take(facts, [])).remember();
    }
    const stats = await store.stats();
    expect(stats.entities.use).toBeLessThanOrEqual(5_000);
    expect(stats.entities.use).toBeGreaterThan(2_000);
    expect(stats.facts).toBe(stats.entities.use);
    expect(stats.due).toBeLessThanOrEqual(5_000);
  });
});

describe("what waits for its verdict", () => {
  const settle = async ({ engine }: Pick<ReturnType<typeof start>, "engine">, until = LATER): Promise<string[]> => {
    const drafts: Draft[] = [];
    await engine.settle(until, async (more) => {
      drafts.push(...more);
    });
    return titles(drafts);
  };

  it("is judged when its time has come, once", async () => {
    const run = start([neverIssued]);
    await run.engine.take([used(1)], []);
    expect(await settle(run, Date.parse("2026-11-22T10:24:59Z"))).toEqual([]);
    expect(await settle(run, Date.parse("2026-11-22T10:25:00Z"))).toEqual([`use/${KEY.id} never issued`]);
    expect(await settle(run)).toEqual([]);
  });

  it("is judged again when more was told while it was judged", async () => {
    const run = start([neverIssued]);
    await run.engine.take([used(1)], []);
    const seen: Draft[] = [];
    await run.engine.settle(LATER, async (drafts) => {
      // Another worker, at the same minute, before this verdict is marked as made.
      if (seen.length === 0) await run.engine.take([used(2)], []);
      seen.push(...drafts);
    });
    const more = await settle(run);
    expect(seen.length + more.length).toBe(3);
    expect((await run.store.stats()).due).toBe(0);
  });

  it("is still there when its findings could not be written", async () => {
    const run = start([neverIssued]);
    await run.engine.take([used(1)], []);
    const failing = run.engine.settle(LATER, async () => {
      throw new Error("the sink is away");
    });
    await expect(failing).rejects.toThrow("the sink is away");
    expect(await settle(run)).toEqual([`use/${KEY.id} never issued`]);
  });

  it("includes what rests on the hits of other verdicts, also when that was due before them", async () => {
    const afterHit = defineSettledDetector({
      ...{ meta: probeMeta("sequence/after-hit"), watch: "principal", anchor: "hit", settleMs: 0 },
      params: neverIssued.params,
      detect:
        () =>
        ({ time, detector }) => [probeHit(`after ${detector}`, time, "mallory")],
    });
    const run = start([neverIssued, afterHit]);
    await run.engine.take([used(1)], []);
    const subjects = await settle(run);
    expect(subjects).toContain(`use/${KEY.id} never issued`);
    expect(subjects.filter((subject) => subject.includes("after probe/never-issued"))).toHaveLength(1);
    expect((await run.store.stats()).due).toBe(0);
  });

  it("is written down also for what hits tell of their principal", async () => {
    const day = defineSettledDetector({
      ...{ meta: probeMeta("sequence/day"), watch: "principal", anchor: "hit", settleMs: 0 },
      params: neverIssued.params,
      detect:
        () =>
        ({ time }) => [probeHit("a day", time, "mallory")],
    });
    const run = start([usedAfterPod, day]);
    await run.engine.take([gone, used(1)], []);
    expect(await run.store.due("9999", 10)).toMatchObject([{ kind: "principal", detector: "sequence/day" }]);
    expect(await settle(run)).toHaveLength(1);
  });

  it("ends also where a verdict rests on the hits that it makes", async () => {
    const ofItself = defineSettledDetector({
      ...{ meta: probeMeta("probe/of-itself"), watch: "principal", anchor: "hit", settleMs: 0 },
      params: neverIssued.params,
      detect:
        (principal) =>
        ({ time }) => [probeHit("again", time, principal.id)],
    });
    const run = start([neverIssued, ofItself]);
    await run.engine.take([used(1)], []);
    expect((await settle(run)).length).toBeGreaterThan(1);
  });

  it("of another selection of detectors is left to it", async () => {
    const { engine, store } = start([neverIssued]);
    await engine.take([used(1)], []);
    expect(await settle(start([], store))).toEqual([]);
    expect(await settle(start([neverIssued], store))).toEqual([`use/${KEY.id} never issued`]);
  });
});

describe("a batch", () => {
  it("that failed is merged, relayed and judged again; one whose findings are out is not", async () => {
    const pod: Ref = { kind: "pod", id: "111122223333/eu-central-1/demo/uid" };
    const key: Ref = { kind: "key", id: "ASIAEXAMPLE00000001" };
    const facts = [
      told(pod, "deleted", "2026-11-22T09:00:00.000Z"),
      told(pod, "key", key.id),
      told(key, "hour", KEY.id),
      used(1),
    ];
    const { engine, counts } = start([usedAfterPod]);
    const first = await engine.take(facts, []);
    expect(titles(first.drafts)).toEqual([`use/${KEY.id} after its pod`]);
    const again = await engine.take(facts, []);
    expect(titles(again.drafts)).toEqual(titles(first.drafts));
    again.remember();
    const before = counts.merge;
    expect((await engine.take(facts, [])).drafts).toEqual([]);
    expect(counts.merge).toBe(before);
  });

  it("writes each entity once a round, whatever it tells of it", async () => {
    const { engine, counts } = start([]);
    await engine.take([used(1), used(2), issued, used(1)], []);
    expect(counts).toMatchObject({ merge: 1, facts: 3 });
  });

  it("whose hits make a sequence finds that, and makes no more of it", async () => {
    const twoHits = defineJoinDetector({
      ...{ meta: probeMeta("sequence/two"), watch: "principal", match: ["hit", "hit"], params: neverIssued.params },
      detect: ([one, two]) => (one.finding < two.finding ? probeHit("two", one.time, "mallory") : undefined),
    });
    const other = { ...usedAfterPod, meta: probeMeta("probe/other") };
    const { engine } = start([usedAfterPod, other, twoHits]);
    const { drafts } = await engine.take([gone, used(1)], []);
    expect(drafts.map(({ finding }) => finding.detector).sort()).toEqual([
      "probe/other",
      "probe/used-after-pod",
      "sequence/two",
    ]);
  });
});
