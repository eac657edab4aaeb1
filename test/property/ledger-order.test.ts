import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Draft } from "../../detectors/core/compose.ts";
import { mergeDrafts } from "../../detectors/core/merge.ts";
import { type Clock, createClock, LATENESS_MS, type RawTrail } from "../../detectors/ledger/clock.ts";
import { ofLedger } from "../../detectors/ledger/contracts.ts";
import { relays } from "../../detectors/ledger/relays.ts";
import { registry } from "../../detectors/registry.ts";
import type { Findings } from "../../functions/findings/ports.ts";
import { publicationOf } from "../../functions/findings/publication.ts";
import type { Due, Store } from "../../functions/ledger/ports.ts";
import { podsMade } from "../support/event-probe.ts";
import { everybody, orderFree, simply } from "../support/order.ts";
import { probes, usedAfterPod } from "../support/probes.ts";
import { scenario } from "../support/scenario.ts";
import { type Fault, type Run, simplePlan, workersOf } from "../support/workers.ts";
import { root } from "../tools/folders.ts";

/** Runs of each property: more than what is wrong in "the proof fails where" took to show in it, at any of the seeds that were
 * tried: five for parts and samples, twelve for the rest. */
const RUNS = {
  /** Every line of the day and every detector: a batch that is forgotten, or a write that is not seen, shows within 8. */
  day: 15,
  /** Parts leave out the line that would tell the same again, and often the one that matters: within 60. */
  part: 100,
  /** A write between another's reading and writing, of one finding: within 50. */
  counted: 100,
  /** Of each detector. A batch that is forgotten shows so soon on the samples of every second one, of some fifty. */
  sample: 4,
  /** A verdict between a fact's time and its coming: within 5. */
  swept: 20,
  /** The same of every detector, and what each does with it: once more, and on each of its samples, which are short. */
  sweptDay: 10,
  sweptSample: 6,
  /** A process that is told too early, or lags too far: within 2. */
  apart: 30,
  apartDay: 5,
  /** Nothing is wrong: what is wrong is seen within 8 in the same property. */
  right: 15,
  /** Until what is wrong shows. Only what does not show takes them all. */
  wrong: 200,
} as const;

const onlyProbes = workersOf(probes);
/** One finding, of which each of these lines may be a part: all workers are at it at the same time. */
const counting = workersOf([podsMade]);
const counted = scenario.filter((line) => JSON.parse(line).objectRef?.resource === "pods");

const judging = registry.filter((detector) => ofLedger(detector).length > 0);
const samples = judging.map(({ meta: { id } }) => {
  const folder = join(root, "detectors", id, "events");
  const files = readdirSync(folder).map((file) => readFileSync(join(folder, file), "utf8").trimEnd().split("\n"));
  return { id, files };
});

describe("any order, batches, repetitions, workers, failures and crashes", () => {
  it("leave the findings of a whole day as they are", async () => {
    const simple = await everybody(simplePlan(scenario));
    expect(simple.findings.length).toBeGreaterThan(20);
    expect(simple).toMatchObject({ due: 0, untold: [] });
    await fc.assert(orderFree(everybody, fc.constant(scenario)), { numRuns: RUNS.day });
  });

  it("leave those of any part of it as they are", async () => {
    const part = fc.subarray([...scenario], { minLength: 2, maxLength: 20 });
    await fc.assert(orderFree(onlyProbes, part), { numRuns: RUNS.part });
  });

  it("leave a finding as it is that many workers have a part of", async () => {
    const { findings } = await counting(simplePlan(counted));
    expect(findings).toEqual([expect.stringMatching(/ high everybody on pods 4$/)]);
    await fc.assert(orderFree(counting, fc.constant(counted)), { numRuns: RUNS.counted });
  });

  it.each(samples)("leave the findings of $id's samples as they are", async ({ files }) => {
    const some = fc.subarray(files, { minLength: 1, maxLength: 2 }).map((all) => all.flat());
    await fc.assert(orderFree(everybody, some), { numRuns: RUNS.sample });
  });
});

/** When a verdict may be made: the clock's time, of all that was read at `now`. */
type Until = (clock: Clock, newest: number, now: number) => number | undefined;

const honest: Until = (clock, _newest, now) => clock.time(now);

/** Records come as late as their trail may be, and verdicts are made at any time between them. */
const sweepFree = (until: Until, run: Run = onlyProbes, lines: readonly string[] = scenario, fault: Fault = {}) => {
  const late = fc.array(fc.nat({ max: 100 }), { minLength: lines.length, maxLength: lines.length });
  const swept = fc.array(fc.boolean(), { minLength: lines.length, maxLength: lines.length });
  const faulty: Run = (plan, scheduler) => run(plan, scheduler, fault);
  const simple = simply(faulty);
  return fc.asyncProperty(late, swept, async (percents, sweeps) => {
    const arriving = lines.map((line, index) => arrival(line, percents[index] ?? 0)).sort((a, b) => a.now - b.now);
    const clock = createClock();
    let newest = 0;
    const plan = {
      ...simplePlan(arriving.map(({ line }) => line)),
      sweeps: arriving.map(({ trail, time, now }, index) => {
        clock.tick(trail, time, now);
        newest = Math.max(newest, time);
        return sweeps[index] === true ? until(clock, newest, now) : undefined;
      }),
    };
    expect(await faulty(plan)).toEqual(await simple(lines));
  });
};

function arrival(line: string, percent: number) {
  const { eventTime, requestReceivedTimestamp = eventTime } = JSON.parse(line);
  const trail: RawTrail = eventTime === undefined ? "k8s-audit" : "cloudtrail";
  const time = Date.parse(requestReceivedTimestamp);
  return { line, trail, time, now: time + (LATENESS_MS[trail] * percent) / 100 };
}

describe("verdicts made while records come", () => {
  it("are those that are made at the end", async () => {
    await fc.assert(sweepFree(honest), { numRuns: RUNS.swept });
  });

  it("are so of every detector, over a whole day", async () => {
    await fc.assert(sweepFree(honest, everybody), { numRuns: RUNS.sweptDay });
  });

  const files = samples.flatMap(({ id, files: all }) => all.map((lines) => ({ id, lines })));
  it.each(files)("are so of every detector, on the samples of $id", async ({ lines }) => {
    await fc.assert(sweepFree(honest, everybody, lines), { numRuns: RUNS.sweptSample });
  });
});

/** Several processes read the trails, one may lag; another makes the verdicts, and knows only the ledger's time. `late`: of what a trail's lateness
 * allows, in percent. */
const workersApart = (fault: Fault = {}, late = 100, run: Run = onlyProbes) => {
  const each = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
    fc.array(one, { minLength: scenario.length, maxLength: scenario.length });
  const choices = fc.record({
    delays: each(fc.nat({ max: late })),
    takers: each(fc.nat({ max: 3 })),
    sweeps: each(fc.boolean()),
    workers: fc.integer({ min: 2, max: 4 }),
    lagging: fc.nat({ max: 3 }),
  });
  const simple = simply(run);
  return fc.asyncProperty(choices, async ({ delays, takers, sweeps, workers, lagging }) => {
    const arriving = scenario
      .map((line, index) => {
        const taker = (takers[index] ?? 0) % workers;
        return { ...arrival(line, taker === lagging ? late : (delays[index] ?? 0)), taker };
      })
      .sort((a, b) => a.now - b.now);
    const plan = {
      ...simplePlan(arriving.map(({ line }) => line)),
      workers,
      shared: arriving.map(({ taker, now }, index) => ({ taker, now, sweep: sweeps[index] === true })),
    };
    expect(await run(plan, undefined, fault)).toEqual(await simple(scenario));
  });
};

describe("verdicts of a process that reads no trail", () => {
  it("are those that are made at the end, while each worker is within its trail's lateness", async () => {
    await fc.assert(workersApart(), { numRuns: RUNS.apart });
  });

  it("are so of every detector", async () => {
    await fc.assert(workersApart({}, 100, everybody), { numRuns: RUNS.apartDay });
  });
});

describe("the proof fails where", () => {
  /** Whether it sees within so many runs what is wrong; in which of them is a matter of the seed. Whatever else goes wrong is no proof. */
  async function fails<T>(property: fc.IAsyncPropertyWithHooks<T>, numRuns: number = RUNS.wrong): Promise<boolean> {
    const { failed, errorInstance } = await fc.check(property, { numRuns, seed: 1, endOnFailure: true });
    if (failed && (errorInstance as Error | null)?.name !== "AssertionError") throw errorInstance;
    return failed;
  }
  const failsWith = (fault: Fault, run: Run = onlyProbes): Promise<boolean> =>
    fails(orderFree(run, fc.constant(scenario), fault));

  const countsWrong = (findings: (inner: Findings) => Findings): Promise<boolean> =>
    fails(orderFree(counting, fc.constant(counted), { findings }));

  it("nothing is wrong: not at all", async () => {
    expect(await fails(orderFree(onlyProbes, fc.constant(scenario)), RUNS.right)).toBe(false);
  });

  it("a batch is remembered before its findings are out", async () => {
    expect(await failsWith({ remembersBeforePublish: true })).toBe(true);
  });

  it("a merge answers with what was read before it", async () => {
    const store = (inner: Store): Store => ({
      ...inner,
      async merge(ref, facts, keepUntil) {
        const [before] = await inner.read([ref]);
        await inner.merge(ref, facts, keepUntil);
        const sets = new Map(before?.sets);
        for (const { attribute, value, source } of facts)
          sets.set(attribute, new Map([...(sets.get(attribute) ?? []), [value, source]]));
        return { kind: ref.kind, id: ref.id, sets };
      },
    });
    expect(await failsWith({ store })).toBe(true);
  });

  it("one record waits for each entity and time, whichever was written last", async () => {
    const store = (inner: Store): Store => {
      const last = new Map<string, Due>();
      return {
        ...inner,
        async put(records) {
          for (const due of records) {
            const place = `${due.at} ${due.kind}/${due.id}`;
            const overwritten = last.get(place);
            if (overwritten !== undefined)
              await inner.done(
                (await inner.due("9999", 10_000)).filter(
                  ({ at, id, detector }) =>
                    at === overwritten.at && id === overwritten.id && detector === overwritten.detector,
                ),
              );
            last.set(place, due);
            await inner.put([due]);
          }
        },
      };
    };
    expect(await failsWith({ store })).toBe(true);
  });

  it("what is written first is passed on, and not what a later link would carry", async () => {
    const facts = new Set(relays.filter(({ from }) => from === "pod").map(({ fact }) => fact));
    const store = (inner: Store): Store => ({
      ...inner,
      async merge(ref, told, keepUntil) {
        const state = await inner.merge(ref, told, keepUntil);
        const seen = (name: string): boolean => !facts.has(name) || told.some(({ attribute }) => attribute === name);
        return ref.kind === "pod" ? { ...state, sets: new Map([...state.sets].filter(([name]) => seen(name))) } : state;
      },
    });
    // Nobody else looks at pods.
    expect(await failsWith({ store }, workersOf([usedAfterPod]))).toBe(true);
  });

  it("verdicts go by the newest event of any trail", async () => {
    expect(await fails(sweepFree((_clock, newest) => newest))).toBe(true);
  });

  it("verdicts go by the newest event of any trail that may not come later", async () => {
    expect(await fails(sweepFree((_clock, newest) => newest - LATENESS_MS["k8s-audit"]))).toBe(true);
  });

  it("verdicts are made on what is known by now, and not on what was known at their time", async () => {
    const store = (inner: Store): Store => ({
      ...inner,
      read: async (refs) =>
        (await inner.read(refs)).map((state) => ({
          ...state,
          // The last place that a key comes from, which is later than the verdicts on the others; uses are judged by when they are known.
          sets: new Map(
            [...state.sets].map(([name, all]) => [
              name,
              new Map(
                [...all].map(([one, source]) => [one, name === "used" && !one.includes("192.0.2.44") ? source : ""]),
              ),
            ]),
          ),
        })),
    });
    expect(await fails(sweepFree(honest, onlyProbes, scenario, { store }))).toBe(true);
    expect(await fails(sweepFree(honest, everybody, scenario, { store }))).toBe(true);
  });

  it("a fact is known since it was told first, and not since the earliest of what told it", async () => {
    const store = (inner: Store): Store => ({
      ...inner,
      async merge(ref, facts, keepUntil) {
        const [before] = await inner.read([ref]);
        const known = ({ attribute, value }: (typeof facts)[number]): boolean =>
          before?.sets.get(attribute)?.has(value) === true;
        return inner.merge(
          ref,
          facts.filter((one) => !known(one)),
          keepUntil,
        );
      },
    });
    expect(await fails(sweepFree(honest, onlyProbes, scenario, { store }))).toBe(true);
  });

  it("a worker tells how far it reads before its facts are merged", async () => {
    expect(await fails(workersApart({ tellsTimeBeforeMerge: true }))).toBe(true);
  });

  it("a worker lags by more than the lateness", async () => {
    expect(await fails(workersApart({}, 400))).toBe(true);
  });

  /** Findings that are kept in another way: `combine` makes of what was read, and what is told, what is written. */
  const keptBy =
    (combine: (known: Draft, told: Draft) => Draft) =>
    (inner: Findings): Findings => {
      const drafts = new Map<string, Draft>();
      return {
        ...inner,
        async merge(told) {
          const { id } = told.finding;
          const known = drafts.get(id);
          // Others have their turn between reading and writing.
          const [kept] = await inner.read([id]);
          const draft = known === undefined ? told : combine(known, told);
          drafts.set(id, draft);
          await inner.merge(draft, 0);
          return { steps: new Set(), ...kept, draft };
        },
        async *all() {
          for (const draft of drafts.values()) yield { draft, steps: new Set<string>() };
        },
      };
    };

  it("counts are added up", async () => {
    const added = (known: Draft, told: Draft): Draft => {
      const merged = mergeDrafts(known, told);
      const count = known.finding.count + told.finding.count;
      return { ...merged, finding: { ...merged.finding, count } };
    };
    expect(await countsWrong(keptBy(added))).toBe(true);
  });

  it("a finding is written over whatever others wrote since it was read", async () => {
    expect(await countsWrong(keptBy(mergeDrafts))).toBe(true);
  });

  it("a finding is marked as published before it is", async () => {
    const store = (inner: Findings): Findings => ({
      ...inner,
      async merge(draft, keepUntil) {
        const kept = await inner.merge(draft, keepUntil);
        const { publish } = publicationOf(kept, 0);
        if (publish !== undefined) await inner.mark(draft.finding.id, publish.mark);
        return kept;
      },
    });
    expect(await countsWrong(store)).toBe(true);
  });

  it("a finding counts as out at whatever severity it was published", async () => {
    const store = (inner: Findings): Findings => ({
      ...inner,
      mark: (id, mark) => inner.mark(id, { ...mark, steps: [...mark.steps, "severity critical"] }),
    });
    expect(await countsWrong(store)).toBe(true);
  });
});
