/** The whole flow over a day's lines: what a deployment does with them as they arrive. */
import { createAuditIdMemory } from "../../../detectors/core/audit-ids.ts";
import { createChain } from "../../../detectors/core/chain.ts";
import { createScreen } from "../../../detectors/core/screen.ts";
import { arm } from "../../../detectors/core/settings.ts";
import { createClock } from "../../../detectors/ledger/clock.ts";
import { auditLearners, callLearners } from "../../../detectors/ledger/learners.ts";
import { registry } from "../../../detectors/registry.ts";
import { createMemoryStore } from "../../../functions/adapters/ledger/memory.ts";
import { createFindingBook } from "../../../functions/findings/book.ts";
import { createEngine } from "../../../functions/ledger/engine.ts";
import type { Store } from "../../../functions/ledger/ports.ts";
import { createRecall } from "../../../functions/ledger/recall.ts";
import { createSchool } from "../../../functions/ledger/school.ts";
import { judgeChunk } from "../../../functions/pipeline/judge.ts";
import { createTally, type Totals } from "../../../functions/pipeline/tally.ts";
import { overflowHealth } from "../../../functions/runtime/health.ts";
import type { Finding } from "../../../schemas/findings/finding.ts";
import { scope } from "../sample.ts";
import type { Line } from "./clockwork.ts";

export interface JudgedOptions {
  readonly store?: Store;
  /** Lines of a chunk, as a batch of Kinesis records holds them. */
  readonly chunk?: number;
  /** ms of arrival between two sweeps; 0: one sweep at the end. */
  readonly sweepMs?: number;
  /** Judges at the end what is not due yet. */
  readonly settleAll?: boolean;
  readonly onChunk?: (last: Line) => void;
}

export interface JudgedDay {
  readonly findings: readonly Finding[];
  readonly totals: Totals;
  /** Verdicts for which the ledger was too cold. */
  readonly cold: number;
}

/** `now` is the time of arrival: a day is judged as it was, not as fast as it can be read. */
export async function judged(lines: Iterable<Line>, options: JudgedOptions = {}): Promise<JudgedDay> {
  const { store = createMemoryStore(), chunk = 500, sweepMs = 5 * 60_000, settleAll = true, onChunk } = options;
  const settings = arm(registry, { version: 1 }, {}, []);
  let now = 0;
  const engine = createEngine({
    ...{ store, recall: createRecall(200_000), armed: settings.ledger, site: settings.site, now: () => now },
    suppressions: settings.suppressions,
  });
  const clock = createClock();
  const book = createFindingBook();
  const school = createSchool(auditLearners, callLearners);
  const judge = {
    chain: createChain(settings.armed, settings.site, settings.suppressions),
    screen: createScreen(settings.armed.map(({ detector }) => detector)),
    ...{ school, auditIds: createAuditIdMemory(1_000_000), tally: createTally(), unwrapping: { scope } },
    onTime: (trail: Line["trail"], time: number) => clock.tick(trail, time, now),
  };
  let swept = 0;
  const settle = async (until: number | undefined): Promise<void> => {
    if (until !== undefined)
      await engine.settle(until, async (drafts, full) => book.add([...drafts, ...overflowHealth(full)]));
  };
  const take = async (taking: readonly Line[]): Promise<void> => {
    const last = taking.at(-1);
    if (last === undefined) return;
    now = Math.max(now, last.arrival);
    const frames = taking.map(({ text, trail }) => ({ text, origin: { from: trail } }));
    const { drafts, facts, lessons } = judgeChunk({ frames, bytes: 0 }, judge);
    const taken = await engine.take(facts, drafts);
    book.add([...drafts, ...taken.drafts, ...overflowHealth(taken.overflowed)]);
    taken.remember();
    school.remember(lessons);
    onChunk?.(last);
    if (sweepMs === 0 || now - swept < sweepMs) return;
    swept = now;
    await settle(clock.time(now));
  };
  let batch: Line[] = [];
  for (const line of lines) {
    batch.push(line);
    if (batch.length < chunk) continue;
    await take(batch);
    batch = [];
  }
  await take(batch);
  await settle(settleAll ? Date.UTC(9999) : clock.time(now));
  const cold = [...engine.counts().cold.values()].reduce((sum, count) => sum + count, 0);
  return { findings: book.all(), totals: judge.tally.totals(), cold };
}
