import { createAuditIdMemory } from "../../detectors/core/audit-ids.ts";
import { createChain } from "../../detectors/core/chain.ts";
import { createScreen } from "../../detectors/core/screen.ts";
import { arm } from "../../detectors/core/settings.ts";
import type { LedgerCounts } from "../../detectors/ledger/chain.ts";
import type { Detector } from "../../detectors/ledger/contracts.ts";
import type { AuditLearner, CallLearner } from "../../detectors/ledger/learner.ts";
import { auditLearners, callLearners } from "../../detectors/ledger/learners.ts";
import type { Relaying } from "../../detectors/ledger/relays.ts";
import { registry } from "../../detectors/registry.ts";
import { createMemoryStore } from "../../functions/adapters/ledger/memory.ts";
import { createFindingBook } from "../../functions/findings/book.ts";
import { createEngine } from "../../functions/ledger/engine.ts";
import type { Store } from "../../functions/ledger/ports.ts";
import { createRecall } from "../../functions/ledger/recall.ts";
import { createSchool } from "../../functions/ledger/school.ts";
import { createFrames } from "../../functions/pipeline/decode/frame.ts";
import type { Chunk } from "../../functions/pipeline/records.ts";
import { pipeline, run } from "../../functions/pipeline/run.ts";
import { createTally, type Totals } from "../../functions/pipeline/tally.ts";
import type { Config } from "../../schemas/config/config.ts";
import type { Finding } from "../../schemas/findings/finding.ts";
import { scope } from "./sample.ts";

export interface LedgerFlowOptions {
  readonly detectors?: readonly Detector[];
  readonly config?: Config;
  readonly store?: Store;
  readonly learners?: readonly [readonly AuditLearner[], readonly CallLearner[]];
  readonly relaying?: Relaying;
  /** Judges what is due at the end; default: all of it. */
  readonly settle?: boolean;
}

/** Facts and lessons that a flow remembers. A test has many flows, and the memory of each takes its whole size at once. */
const REMEMBERED = 10_000;

export interface LedgerFlow {
  readonly findings: readonly Finding[];
  readonly totals: Totals;
  readonly store: Store;
  readonly counts: LedgerCounts;
}

/** The whole flow with a ledger over texts in wire form, one chunk a text: what the laptop does with its files. */
export async function ledgerFlow(texts: readonly string[], options: LedgerFlowOptions = {}): Promise<LedgerFlow> {
  const settings = arm(options.detectors ?? registry, options.config ?? { version: 1 }, {}, []);
  const store = options.store ?? createMemoryStore();
  const book = createFindingBook();
  const engine = createEngine({
    ...{ store, recall: createRecall(REMEMBERED), armed: settings.ledger, site: settings.site },
    suppressions: settings.suppressions,
    ...(options.relaying && { relaying: options.relaying }),
    now: () => 0,
  });
  const judge = {
    chain: createChain(settings.armed, settings.site, settings.suppressions),
    screen: createScreen(settings.armed.map(({ detector }) => detector)),
    school: createSchool(...(options.learners ?? [auditLearners, callLearners]), REMEMBERED),
    auditIds: createAuditIdMemory(10_000),
    tally: createTally(),
    unwrapping: { scope },
  };
  const sink = { write: (drafts: Parameters<typeof book.add>[0]) => book.add(drafts) };
  await run(pipeline(chunksOf(texts), { judge, ledger: engine, sink, limit: 1 }));
  if (options.settle !== false) await engine.settle(Date.UTC(9999), async (drafts) => book.add(drafts));
  return { findings: book.all(), totals: judge.tally.totals(), store, counts: engine.counts() };
}

async function* chunksOf(texts: readonly string[]): AsyncGenerator<Chunk> {
  for (const [index, text] of texts.entries()) {
    const framer = createFrames({ from: `input-${index}` });
    yield { frames: [...framer.push(text), ...framer.end()], bytes: 0 };
  }
}

/** The findings of some detectors over these lines: the same backwards, or it throws. */
export async function eitherWay(lines: readonly string[], options: LedgerFlowOptions): Promise<readonly Finding[]> {
  const { findings } = await ledgerFlow(lines, options);
  const told = (all: readonly Finding[]): string =>
    JSON.stringify(all.map(({ id, severity, count, title, reasons }) => [id, severity, count, title, reasons]));
  const backwards = (await ledgerFlow([...lines].reverse(), options)).findings;
  if (told(backwards) !== told(findings)) throw new Error(`${told(findings)} is, backwards, ${told(backwards)}`);
  return findings;
}
