import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { registry } from "../../detectors/registry.ts";
import { publicationOf } from "../../functions/findings/publication.ts";
import { toAsff } from "../../schemas/findings/asff.ts";
import type { Finding } from "../../schemas/findings/finding.ts";
import type { Luck as Fate } from "../support/esm-invocation.ts";
import { podsMade } from "../support/event-probe.ts";
import type { Luck, Port } from "../support/lucky-ports.ts";
import { type Pieces, poison, recordsOf, spoiled } from "../support/marked-events.ts";
import { ACCOUNT, type Mutant, type Pipeline, REGION, type Settings, startPipeline } from "../support/pipeline.ts";
import { probes } from "../support/probes.ts";
import { scenario } from "../support/scenario.ts";
import { simplePlan, workersOf } from "../support/workers.ts";

const everybody = [...registry, ...probes, podsMade];
const few = [...probes, podsMade];

async function findingsOf({ findings }: Pipeline): Promise<readonly Finding[]> {
  const all: Finding[] = [];
  for await (const { draft } of findings.all()) all.push(draft.finding);
  return all.filter(({ family }) => family !== "health");
}

const told = ({ id, severity, subject, count }: Finding): string => `${id} ${severity} ${subject} ${count}`;

/** What is left to be said against a run that has ended; nothing, if all is well. */
async function troubleIn(pipeline: Pipeline): Promise<readonly string[]> {
  const { letters, imports, parked, dead } = pipeline;
  const findings = await findingsOf(pipeline);
  const shown = new Map(pipeline.hub().map((finding) => [finding.Id, finding]));
  const untold = findings.filter(
    ({ id, severity }) => !letters.some((letter) => letter.notify && letter.id === id && letter.severity === severity),
  );
  const unshown = findings.filter((finding) => {
    const there = shown.get(finding.id);
    if (there === undefined) return true;
    const { updatedAt = "" } = { updatedAt: String(there.UpdatedAt) };
    const wanted = toAsff(finding, { account: ACCOUNT, region: REGION, updatedAt });
    return JSON.stringify(wanted.ProductFields) !== JSON.stringify(there.ProductFields);
  });
  const still = [...Map.groupBy(imports, ({ id }) => id)].filter(
    ([, all]) => new Set(all.map(({ updatedAt }) => updatedAt)).size < all.length,
  );
  return [
    ...untold.map(({ id }) => `untold ${id}`),
    ...unshown.map(({ id }) => `not shown as it is ${id}`),
    ...still.map(([id]) => `one time twice ${id}`),
    ...parked.map(({ code, message }) => `parked ${code} ${message}`),
    ...dead.messages().map(({ body }) => `dead ${body}`),
  ];
}

interface Outcome {
  readonly findings: readonly string[];
  readonly trouble: readonly string[];
  /** How many records were kept aside before all was mended. */
  readonly aside: number;
}

/** A whole run: records, then whatever was kept aside once more when all is mended, then the verdicts, until people and Security Hub have all of it. */
async function run(settings: Settings, records: readonly Pieces[], meanwhile?: (pipeline: Pipeline) => Promise<void>) {
  const pipeline = startPipeline(settings);
  await meanwhile?.(pipeline);
  pipeline.put(records);
  await pipeline.detect();
  await pipeline.deliver();
  const { book, kept } = pipeline;
  const aside = kept.size;
  const wrong = book.afterReading([...kept.values()]);
  const fates = book.fates();
  pipeline.mend();
  await pipeline.redrive();
  await pipeline.end();
  const findings = (await findingsOf(pipeline)).map(told).sort();
  return {
    ...{ pipeline, fates },
    outcome: {
      findings,
      aside,
      trouble: [...new Set([...wrong, ...book.atLast([...kept.values()]), ...(await troubleIn(pipeline))])],
    } satisfies Outcome,
  };
}

const outcomeOf = async (...args: Parameters<typeof run>): Promise<Outcome> => (await run(...args)).outcome;

describe("undisturbed", () => {
  it("the functions find what one worker finds that reads line by line", async () => {
    const { findings, trouble, aside } = await outcomeOf({ detectors: everybody }, recordsOf(scenario, 5));
    const plain = await workersOf(everybody)(simplePlan(scenario));
    expect(findings).toEqual(plain.findings);
    expect(findings.length).toBeGreaterThan(20);
    expect({ trouble, aside }).toEqual({ trouble: [], aside: 0 });
  });
});

/** A part of the day of which each line matters to somebody. */
const part = scenario.filter((_, index) => index % 3 !== 1).slice(0, 24);
const undisturbed = outcomeOf({ detectors: few }, recordsOf(part, 3));

/** Of the calls of one port that go wrong, each in a run of its own. */
const MOST = 6;

describe("one fault", () => {
  const lucks = ["fails", "breaks", "lost", "refused", "dies before", "dies after"] as const;
  const usual = { detectors: few, batchSize: 4, functionTimeoutMs: 60_000 };
  const where = ["ledger", "findings", "outbox", "quarantine", "config", "clock"] as const;
  it.each(where.flatMap((port) => lucks.map((luck) => ({ port, luck }))))(
    "at any call of $port that $luck changes nothing in the end",
    async ({ port, luck }) => {
      const records = recordsOf(part, 3);
      const all = records.toSpliced(2, 0, poison);
      const { findings } = await undisturbed;
      const { pipeline } = await run(usual, all);
      const calls = pipeline.calls.get(port) ?? 0;
      expect(calls).toBeGreaterThan(0);
      expect(findings.length).toBeGreaterThan(3);
      for (let at = 0; at < calls; at += Math.ceil(calls / MOST)) {
        const plan = (name: Port, call: number): Luck => (name === port && call === at ? luck : "fine");
        const outcome = await outcomeOf({ ...usual, luck: plan }, all);
        expect({ at, ...outcome, aside: 0 }).toEqual({ at, findings, trouble: [], aside: 0 });
        expect(outcome.aside).toBeGreaterThan(0);
      }
    },
    60_000,
  );
});

interface Plan {
  readonly records: readonly Pieces[];
  readonly settings: Omit<Settings, "detectors">;
  /** ms after which the first shard is split. */
  readonly splits?: number;
  /** Publishing is under way from the beginning. */
  readonly publishing: boolean;
}

/** Any order, repetition, cut, lanes, shards, resharding, misfortunes and crashes. `lines`: what is told, once at least. */
function plansOf(lines: readonly string[]): fc.Arbitrary<Plan> {
  const luck = fc.constantFrom<Luck>(
    ...(["fine", "fine", "fine", "fine", "fine", "fine"] as const),
    ...(["fails", "breaks", "lost", "refused", "dies before", "dies after"] as const),
  );
  const some = fc.array(luck, { maxLength: 25, size: "max" });
  const fate = fc.constantFrom<Fate>("fine", "fine", "crash before", "crash after", "throttled", "forgotten");
  const order = fc
    .subarray([...lines], { maxLength: 8 })
    .chain((twice) => fc.shuffledSubarray([...lines, ...twice], { minLength: lines.length + twice.length }));
  return fc
    .record({
      sequence: order,
      size: fc.integer({ min: 1, max: 4 }),
      poisoned: fc.array(fc.nat({ max: lines.length }), { maxLength: 3 }),
      lucks: fc.record({
        ...{ ledger: fc.array(luck, { maxLength: 50, size: "max" }), findings: some, outbox: some, quarantine: some },
        ...{ config: some, clock: some, hub: some, topic: some },
      }),
      fates: fc.array(fate, { maxLength: 12, size: "max" }),
      times: fc.array(fc.constantFrom(0, 0, 100, 2_500), { minLength: 1, maxLength: 7 }),
      mapping: fc.record({
        batchSize: fc.integer({ min: 1, max: 9 }),
        parallelizationFactor: fc.integer({ min: 1, max: 3 }),
        bisectBatchOnFunctionError: fc.boolean(),
        twoWorkersOnReshard: fc.boolean(),
        shards: fc.integer({ min: 1, max: 2 }),
        limits: fc.constantFrom({}, { size: 1 }, { facts: 12 }, { drafts: 1 }),
      }),
      publishing: fc.nat({ max: 7 }).map((one) => one === 0),
      splits: fc.option(fc.nat({ max: 6_000 }), { nil: undefined }),
      broken: fc.array(fc.nat({ max: lines.length }), { maxLength: 2 }),
    })
    .map(({ sequence, size, broken, poisoned, lucks, fates, times, mapping, splits, publishing }) => ({
      publishing,
      records: poisoned.reduce((all, at) => all.toSpliced(at, 0, poison), recordsOf(spoiled(sequence, broken), size)),
      settings: {
        ...mapping,
        fates,
        takesMs: (call) => times[call % times.length] ?? 0,
        luck: (port, call) => lucks[port][call] ?? "fine",
      },
      ...(splits !== undefined && { splits }),
    }));
}

const runPlan = (
  { records, settings, splits, publishing }: Plan,
  detectors: Settings["detectors"],
  mutant: Mutant = {},
) =>
  outcomeOf({ ...settings, detectors, mutant }, records, async ({ clock, stream, deliver }) => {
    if (publishing) await deliver();
    const [first] = stream.shards();
    if (splits !== undefined && first !== undefined)
      clock.sleep(splits).then(() => stream.split(first.id), expect.fail);
  });

const unharmed = (lines: readonly string[], detectors: Settings["detectors"], mutant?: Mutant) => {
  const wanted = outcomeOf({ detectors }, recordsOf(lines, 3));
  return fc.asyncProperty(plansOf(lines), async (plan) => {
    const { findings, trouble } = await runPlan(plan, detectors, mutant);
    expect({ findings, trouble }).toEqual({ findings: (await wanted).findings, trouble: [] });
  });
};

describe("a record that is kept aside", () => {
  const records = recordsOf(part, 3);

  it.each(records.map((_, at) => at))(
    "as it cannot be read, at place %i, keeps nothing from the others",
    async (at) => {
      const { findings } = await undisturbed;
      const outcome = await outcomeOf({ detectors: few, batchSize: 3 }, records.toSpliced(at, 0, poison));
      expect(outcome).toEqual({ findings, trouble: [], aside: 1 });
    },
  );

  it("as a detector failed on it is judged when that is mended, and the findings are those of a run without the fault", async () => {
    const throws = (): never => {
      throw new TypeError("planted");
    };
    const broken = few.map((detector) => ({ ...detector, detect: throws })) as unknown as typeof few;
    const { findings } = await undisturbed;
    const outcome = await outcomeOf({ detectors: few, broken, batchSize: 4 }, records);
    expect(outcome).toMatchObject({ findings, trouble: [] });
    expect(outcome.aside).toBeGreaterThan(3);
  });

  it("as access was refused for a while is judged when it is granted", async () => {
    const { findings } = await undisturbed;
    const luck: Settings["luck"] = (port) => (port === "ledger" ? "refused" : "fine");
    const outcome = await outcomeOf({ detectors: few, luck, batchSize: 4 }, records);
    expect(outcome).toEqual({ findings, trouble: [], aside: records.length });
  });
});

describe("while Security Hub is down", () => {
  it("the stream waits for nothing, and people are told once", async () => {
    const pipeline = startPipeline({ detectors: few, luck: (port) => (port === "hub" ? "breaks" : "fine") });
    const began = pipeline.clock.now();
    pipeline.put(recordsOf(part, 3));
    await pipeline.detect();
    expect(pipeline.clock.now() - began).toBeLessThan(5_000);
    await pipeline.clock.run(() => false, 1_000);
    await expect(pipeline.deliver(3_600_000)).rejects.toThrow("do not drain");
    const heard = pipeline.messages.map(({ id, attributes }) => `${id} ${attributes.severity}`);
    expect(heard.length).toBeGreaterThan(1);
    expect(new Set(heard).size).toBe(heard.length);
    pipeline.mend();
    await pipeline.end();
    expect(await troubleIn(pipeline)).toEqual([]);
  });
});

describe("any order, repetitions, poison, lanes, resharding, faults and crashes", () => {
  it("change nothing in the end", async () => {
    await fc.assert(unharmed(part, few), { numRuns: 20 });
  }, 120_000);

  it("change nothing of a whole day for all detectors", async () => {
    await fc.assert(unharmed(scenario, everybody), { numRuns: 2 });
  }, 120_000);
});

it("what is published between two records is brought up to date, also where evidence alone changes", async () => {
  // Of this order findings come to another leading event when they are out, and no count changes.
  await fc.assert(unharmed(scenario, everybody), { numRuns: 1, seed: 2 });
}, 60_000);

describe("the proof fails where", () => {
  /** Whether it sees within so many runs what is wrong. Whatever else goes wrong is no proof. */
  async function sees(mutant: Mutant, numRuns = 100): Promise<boolean> {
    const { failed, errorInstance } = await fc.check(unharmed(part, few, mutant), {
      ...{ numRuns, seed: 1, endOnFailure: true },
    });
    if (failed && (errorInstance as Error | null)?.name !== "AssertionError") throw errorInstance;
    return failed;
  }

  it("nothing is wrong: not at all", async () => {
    expect(await sees({}, 8)).toBe(false);
  }, 60_000);

  it("a finding is marked before it is in the outbox", async () => {
    const findings: Mutant["findings"] = (inner) => ({
      ...inner,
      async merge(draft, keepUntil) {
        const kept = await inner.merge(draft, keepUntil);
        const { publish } = publicationOf(kept, 0);
        if (publish !== undefined) await inner.mark(draft.finding.id, publish.mark);
        return kept;
      },
    });
    expect(await sees({ findings })).toBe(true);
  }, 60_000);

  it("the last number is answered, and not the lowest", async () => {
    const detect: Mutant["detect"] = (inner) => async (event, context) => {
      const answer = await inner(event, context);
      const last = event.Records.at(-1)?.kinesis.sequenceNumber ?? "";
      return answer.batchItemFailures.length === 0 ? answer : { batchItemFailures: [{ itemIdentifier: last }] };
    };
    expect(await sees({ detect })).toBe(true);
  }, 60_000);

  it("records are kept aside when the rest is confirmed, and not before", async () => {
    const waiting: (() => Promise<void>)[] = [];
    const mutant: Mutant = {
      parts: (parts) => ({
        ...parts,
        quarantine: { keep: async (record) => void waiting.push(() => parts.quarantine.keep(record)) },
      }),
      detect: (inner) => async (event, context) => {
        const answer = await inner(event, context);
        for (const keep of waiting.splice(0)) await keep().catch(() => undefined);
        return answer;
      },
    };
    const luck: Settings["luck"] = (port, call) => (port === "quarantine" && call === 0 ? "fails" : "fine");
    const records = [poison, ...recordsOf(part, 3)];
    expect((await outcomeOf({ detectors: few, luck }, records)).trouble).toEqual([]);
    expect((await outcomeOf({ detectors: few, luck, mutant }, records)).trouble).toContainEqual(
      expect.stringMatching(/^neither judged nor set aside: /),
    );
  }, 60_000);

  it("an error of the outbox is swallowed", async () => {
    expect(await sees({ outbox: (inner) => (letters) => inner(letters).catch(() => undefined) })).toBe(true);
  }, 60_000);
});
