/** Workers on one ledger, as the shards of a stream have them: whatever may happen to their batches and store calls happens by plan. */
import fc from "fast-check";
import { createAuditIdMemory } from "../../detectors/core/audit-ids.ts";
import { createChain } from "../../detectors/core/chain.ts";
import { createScreen } from "../../detectors/core/screen.ts";
import { arm } from "../../detectors/core/settings.ts";
import type { Detector } from "../../detectors/ledger/contracts.ts";
import { knownSince } from "../../detectors/ledger/facts.ts";
import { auditLearners, callLearners } from "../../detectors/ledger/learners.ts";
import { createMemoryFindings } from "../../functions/adapters/findings/memory.ts";
import { createMemoryStore } from "../../functions/adapters/ledger/memory.ts";
import { createDesk } from "../../functions/findings/desk.ts";
import type { Findings } from "../../functions/findings/ports.ts";
import { createEngine } from "../../functions/ledger/engine.ts";
import type { Store } from "../../functions/ledger/ports.ts";
import { createRecall } from "../../functions/ledger/recall.ts";
import { createSchool } from "../../functions/ledger/school.ts";
import { createSharedClock } from "../../functions/ledger/shared-clock.ts";
import { createFrames } from "../../functions/pipeline/decode/frame.ts";
import { type Judge, judgeChunk } from "../../functions/pipeline/judge.ts";
import { createTally } from "../../functions/pipeline/tally.ts";
import type { Letter } from "../../schemas/findings/letter.ts";
import { scope } from "./sample.ts";

/** What a mutant changes. */
export interface Fault {
  readonly store?: (store: Store) => Store;
  readonly findings?: (findings: Findings) => Findings;
  readonly remembersBeforePublish?: boolean;
  readonly tellsTimeBeforeMerge?: boolean;
}

/** What becomes of a call: of a store, or the outbox. */
export type Luck = "fine" | "fails before" | "fails after";

export interface Plan {
  /** In the order in which they are taken. */
  readonly batches: readonly (readonly string[])[];
  readonly workers: number;
  /** Of store calls, as they come; then all is fine. */
  readonly calls: readonly Luck[];
  /** Of calls of the finding store. */
  readonly keeps: readonly Luck[];
  /** Of the outbox. */
  readonly publishes: readonly Luck[];
  /** Whether a worker that failed goes on (false) or is started anew, as after a crash. */
  readonly crashes: readonly boolean[];
  /** For each batch, in turn: who takes it, when (ms, by the wall clock), and whether a sweep of another process follows, which knows the time by
   * the ledger only. */
  readonly shared?: readonly { readonly taker: number; readonly now: number; readonly sweep: boolean }[];
  /** Until when (ms) verdicts are made when the batch of this index is done. */
  readonly sweeps?: readonly (number | undefined)[];
}

/** What happened by plan, not by mistake. */
class Planned extends Error {
  override readonly name = "Planned";
}

export interface Outcome {
  /** id, severity, subject and count of every finding, sorted. */
  readonly findings: readonly string[];
  /** Every value that the ledger holds, and since when it is known, sorted. */
  readonly values: readonly string[];
  readonly due: number;
  /** Findings of which the outbox never told anybody at the severity that they have in the end. */
  readonly untold: readonly string[];
}

/** Facts and lessons that a worker remembers: all of a scenario's. It is started again and again, and its memory takes its whole size at once. */
const REMEMBERED = 2_000;

type Interleave = Pick<fc.Scheduler, "schedule" | "waitFor">;
const atOnce: Interleave = { schedule: (task) => task, waitFor: (task) => task };

export type Run = (plan: Plan, scheduler?: Interleave, fault?: Fault) => Promise<Outcome>;

/** Everything that workers share is made once. */
export function workersOf(detectors: readonly Detector[]): Run {
  const settings = arm(detectors, { version: 1 }, {}, []);
  const chain = createChain(settings.armed, settings.site, settings.suppressions);
  const screen = createScreen(settings.armed.map(({ detector }) => detector));

  return async (plan, scheduler = atOnce, fault = {}) => {
    const memory = createMemoryStore();
    const faulty = fault.store?.(interleaved(memory, scheduler)) ?? interleaved(memory, scheduler);
    const store = failing(faulty, plan.calls);
    const kept = interleavedFindings(createMemoryFindings(), scheduler);
    const findings = fault.findings?.(kept) ?? kept;
    const letters: Letter[] = [];
    const outbox = lucky(plan.publishes, async (more: readonly Letter[]) => {
      letters.push(...more);
    });
    const desk = createDesk({ store: failingFindings(findings, plan.keeps), outbox, now: () => 0, parallel: 4 });
    const publish = async (drafts: Parameters<typeof desk.take>[0]): Promise<void> => {
      await desk.take(drafts);
    };
    const crashes = plan.crashes.values();
    let wall = 0;

    function start() {
      const options = { store, armed: settings.ledger, site: settings.site, now: () => 0, parallel: 4 };
      const engine = createEngine({ ...options, recall: createRecall(REMEMBERED) });
      const clock = createSharedClock({ store, now: () => wall });
      const school = createSchool(auditLearners, callLearners, REMEMBERED);
      const judge: Judge = {
        ...{ chain, screen, school, auditIds: createAuditIdMemory(1_000), tally: createTally() },
        unwrapping: { scope },
      };
      const judged = (batch: readonly string[]) => {
        const framer = createFrames({ from: "batch" });
        return judgeChunk({ frames: [...framer.push(batch.join("\n")), ...framer.end()], bytes: 0 }, judge);
      };
      return {
        async take(batch: readonly string[]): Promise<void> {
          const { drafts, facts, lessons, newest } = judged(batch);
          const taken = await engine.take(facts, drafts);
          const remember = (): void => {
            taken.remember();
            school.remember(lessons);
          };
          if (fault.remembersBeforePublish === true) remember();
          await publish([...drafts, ...taken.drafts]);
          remember();
          if (plan.shared !== undefined) await clock.advance(newest);
        },
        /** How far it will have read, without having merged anything. */
        tell: (batch: readonly string[]) => clock.advance(judged(batch).newest),
        settle: (until: number) => engine.settle(until, publish),
      };
    }
    type Worker = ReturnType<typeof start>;

    /** Until it succeeds: in the same process, or in a new one. */
    async function persist(worker: Worker, work: (worker: Worker) => Promise<unknown>): Promise<Worker> {
      for (let current = worker; ; ) {
        try {
          await work(current);
          return current;
        } catch (error) {
          if (!(error instanceof Planned)) throw error;
          if (crashes.next().value === true) current = start();
        }
      }
    }

    async function sweepOnce(): Promise<void> {
      const until = await createSharedClock({ store: memory, now: () => wall }).time();
      if (until !== undefined) await persist(start(), ({ settle }) => settle(until));
    }

    async function serveInTurn(steps: NonNullable<Plan["shared"]>): Promise<void> {
      const workers = Array.from({ length: plan.workers }, start);
      for (const [index, batch] of plan.batches.entries()) {
        const { taker = 0, now = 0, sweep = false } = steps[index] ?? {};
        const ahead = fault.tellsTimeBeforeMerge === true ? plan.batches.slice(index + 1, index + 6) : [];
        for (const next of ahead) await workers[taker]?.tell(next);
        wall = now;
        workers[taker] = await persist(workers[taker] ?? start(), ({ take }) => take(batch));
        if (sweep) await sweepOnce();
      }
    }

    const queue = plan.batches.entries();
    async function serve(): Promise<void> {
      let worker = start();
      for (const [index, batch] of queue) {
        worker = await persist(worker, ({ take }) => take(batch));
        const until = plan.sweeps?.[index];
        if (until !== undefined) worker = await persist(worker, ({ settle }) => settle(until));
      }
    }
    if (plan.shared !== undefined) await serveInTurn(plan.shared);
    else await scheduler.waitFor(Promise.all(Array.from({ length: plan.workers }, serve)));
    await scheduler.waitFor(persist(start(), ({ settle }) => settle(Date.UTC(9999))));
    return outcomeOf(findings, letters, memory);
  };
}

/** One worker, one record at a time, and nothing goes wrong. */
export const simplePlan = (lines: readonly string[]): Plan => ({
  batches: lines.map((line) => [line]),
  workers: 1,
  ...{ calls: [], keeps: [], publishes: [], crashes: [] },
});

/** Any order, batches, repetitions, workers and misfortunes. */
export function planOf(lines: readonly string[]): fc.Arbitrary<Plan> {
  const luck = fc.constantFrom<Luck>("fine", "fine", "fine", "fails before", "fails after");
  const order = fc
    .subarray([...lines], { maxLength: Math.ceil(lines.length / 3) })
    .chain((twice) => fc.shuffledSubarray([...lines, ...twice], { minLength: lines.length + twice.length }));
  return fc.record({
    batches: fc.tuple(order, fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 6 })).map(cut),
    workers: fc.integer({ min: 1, max: 4 }),
    calls: fc.array(luck, { maxLength: 80, size: "max" }),
    keeps: fc.array(luck, { maxLength: 60, size: "max" }),
    // The more often, as there are few: what a batch found must be found again.
    publishes: fc.array(fc.constantFrom<Luck>("fine", "fails before", "fails after"), { maxLength: 30, size: "max" }),
    crashes: fc.array(fc.boolean(), { maxLength: 40 }),
  });
}

function cut([lines, sizes]: readonly [readonly string[], readonly number[]]): string[][] {
  const batches: string[][] = [];
  for (let at = 0, index = 0; at < lines.length; index += 1) {
    const size = sizes[index % sizes.length] ?? 1;
    batches.push(lines.slice(at, at + size));
    at += size;
  }
  return batches;
}

/** Every call waits for its turn twice: before its effect, and between its effect and its answer. */
const turns =
  (scheduler: Interleave) =>
  async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    await scheduler.schedule(Promise.resolve(), `${name} comes`);
    const answer = await work();
    await scheduler.schedule(Promise.resolve(), `${name} is answered`);
    return answer;
  };

function interleavedFindings(store: Findings, scheduler: Interleave): Findings {
  const turn = turns(scheduler);
  return {
    ...store,
    merge: (draft, keepUntil) => turn("merge finding", () => store.merge(draft, keepUntil)),
    read: (ids) => turn("read findings", () => store.read(ids)),
    mark: (id, mark) => turn("mark", () => store.mark(id, mark)),
    remind: (reminders) => turn("remind", () => store.remind(reminders)),
  };
}

function failingFindings(store: Findings, keeps: readonly Luck[]): Findings {
  const luck = keeps.values();
  return {
    ...store,
    merge: lucky(luck, store.merge),
    read: lucky(luck, store.read),
    mark: lucky(luck, store.mark),
    remind: lucky(luck, store.remind),
  };
}

function interleaved(store: Store, scheduler: Interleave): Store {
  const turn = turns(scheduler);
  return {
    ...store,
    merge: (ref, facts, keepUntil) => turn(`merge ${ref.kind}`, () => store.merge(ref, facts, keepUntil)),
    read: (refs) => turn("read", () => store.read(refs)),
    put: (records) => turn("put", () => store.put(records)),
    due: (until, limit, after) => turn("due", () => store.due(until, limit, after)),
    done: (records) => turn("done", () => store.done(records)),
  };
}

function failing(store: Store, calls: readonly Luck[]): Store {
  const luck = calls.values();
  return {
    ...store,
    merge: lucky(luck, store.merge),
    read: lucky(luck, store.read),
    put: lucky(luck, store.put),
    due: lucky(luck, store.due),
    done: lucky(luck, store.done),
  };
}

function lucky<A extends unknown[], T>(
  all: readonly Luck[] | IterableIterator<Luck>,
  call: (...args: A) => Promise<T>,
): (...args: A) => Promise<T> {
  const luck = Array.isArray(all) ? all.values() : (all as IterableIterator<Luck>);
  return async (...args) => {
    const what: Luck | undefined = luck.next().value;
    if (what === "fails before") throw new Planned(what);
    const answer = await call(...args);
    if (what === "fails after") throw new Planned(what);
    return answer;
  };
}

async function outcomeOf(kept: Findings, letters: readonly Letter[], store: Store): Promise<Outcome> {
  const findings: string[] = [];
  const untold: string[] = [];
  for await (const { draft } of kept.all()) {
    const { id, severity, subject, count } = draft.finding;
    findings.push(`${id} ${severity} ${subject} ${count}`);
    if (!letters.some((letter) => letter.notify && letter.id === id && letter.severity === severity)) untold.push(id);
  }
  const values: string[] = [];
  // How far somebody read, and when, is no fact about what happened.
  for await (const { kind, id, sets } of store.all())
    for (const [attribute, all] of sets)
      for (const [value, source] of kind === "tide" || attribute === "day" ? [] : all)
        values.push(`${kind}/${id} ${attribute}=${value} since ${knownSince(source)}`);
  const left = await store.due("9999-12-31", 1_000);
  return { findings: findings.sort(), values: values.sort(), due: left.length, untold };
}
