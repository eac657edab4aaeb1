import { performance } from "node:perf_hooks";
import { createAuditIdMemory } from "../../detectors/core/audit-ids.ts";
import { addCounts, createChain } from "../../detectors/core/chain.ts";
import type { Draft } from "../../detectors/core/compose.ts";
import { createScreen } from "../../detectors/core/screen.ts";
import { arm } from "../../detectors/core/settings.ts";
import { auditLearners, callLearners } from "../../detectors/ledger/learners.ts";
import { registry } from "../../detectors/registry.ts";
import { samples } from "../../detectors/samples.generated.ts";
import type { CrosstrailError, ErrorCode } from "../../schemas/errors.ts";
import { UNKNOWN } from "../../schemas/events/event.ts";
import { type Severity, severityRank } from "../../schemas/findings/finding.ts";
import { redact } from "../../schemas/redact.ts";
import { createMemoryFindings } from "../adapters/findings/memory.ts";
import { createMemoryStore } from "../adapters/ledger/memory.ts";
import { type Output, openOutput } from "../adapters/sinks/output.ts";
import { readInputs, totalBytes } from "../adapters/sources/files.ts";
import { createFindingBook } from "../findings/book.ts";
import { FINDING_KEEP_MS, mergeAll } from "../findings/desk.ts";
import { createEngine } from "../ledger/engine.ts";
import { createRecall } from "../ledger/recall.ts";
import { createSchool } from "../ledger/school.ts";
import { createSharedClock } from "../ledger/shared-clock.ts";
import { withStories } from "../ledger/story.ts";
import { createLog, type Level } from "../log.ts";
import type { Judge } from "../pipeline/judge.ts";
import type { Chunk, SetAside } from "../pipeline/records.ts";
import { pipeline, run } from "../pipeline/run.ts";
import { createTally } from "../pipeline/tally.ts";
import { safe, safeJson, styleOf, wantsColour } from "../terminal.ts";
import { assertBalanced } from "./balance.ts";
import { refuseClashes } from "./clash.ts";
import { readConfig } from "./config.ts";
import { EXIT } from "./exit.ts";
import { onInterrupt } from "./interrupt.ts";
import { openFindings, openLedger } from "./ledger.ts";
import { type PrintOptions, print } from "./print.ts";
import { createProgress } from "./progress.ts";
import { type Outcome, summaryLines } from "./summary.ts";
import { takeUntil } from "./take-until.ts";

export interface ReplayOptions extends PrintOptions {
  readonly config?: string;
  readonly cluster?: { readonly account: string; readonly region: string; readonly cluster: string };
  readonly since?: number;
  readonly until?: number;
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly failOn?: Severity;
  readonly setAside?: string;
  readonly shadow?: boolean;
  /** File of a ledger that is kept between runs. */
  readonly ledger?: string;
  readonly logLevel: Level;
}

/** How many requests a reused auditID may stand apart and still be seen: 16 bytes each, twice. */
const AUDIT_IDS = 1_000_000;
/** Facts that need not be written again: a few hundred bytes each. */
const FACTS = 200_000;
/** Later than whatever is due. */
const LAST_TIME = Date.UTC(9999);

/** Replays the inputs through the whole chain, writes the findings and tells what became of every event. Gives the exit code. */
export async function replay(paths: readonly string[], options: ReplayOptions): Promise<number> {
  const settings = arm(registry, readConfig(options.config), options, samples);
  refuseClashes(paths, options);
  // Opened first: hours of reading for an output that cannot be written would be lost.
  const output = await openOutput(options.out, process.stdout);
  const asideOutput = options.setAside === undefined ? undefined : await openOutput(options.setAside, process.stdout);
  const outcome = await read(paths, options, settings, asideOutput);
  await asideOutput?.end();
  const refused = await print(outcome, options, output);
  if (options.quiet !== true && options.format !== "json-summary") {
    const style = styleOf(wantsColour(process.stderr, options.color, process.env));
    for (const line of summaryLines(outcome, style)) console.error(line);
  }
  for (const message of refused) console.error(safe(`crosstrail: ${message}`));
  assertBalanced(outcome.totals);
  return exitCode(outcome, options.failOn, refused.length);
}

/** Reads and judges everything, until the inputs end or Ctrl-C. */
async function read(
  paths: readonly string[],
  options: ReplayOptions,
  { armed, ledger, site, suppressions }: ReturnType<typeof arm>,
  asideOutput: Output | undefined,
): Promise<Outcome> {
  const started = performance.now();
  const log = createLog(options.logLevel);
  const interrupt = onInterrupt();
  const chain = createChain(armed, site, suppressions);
  const store = options.ledger === undefined ? createMemoryStore() : await openLedger(options.ledger, { create: true });
  const engine = createEngine({ store, recall: createRecall(FACTS), armed: ledger, site, suppressions, now: Date.now });
  // What comes of a ledger in memory is judged at the end, when nothing more comes.
  const clock = options.ledger === undefined ? undefined : createSharedClock({ store, now: Date.now });
  const passed = await clock?.time();
  const tally = createTally();
  const school = createSchool(auditLearners, callLearners);
  // What this run touches, as it is over all runs.
  const book = createFindingBook();
  const kept = options.ledger === undefined ? createMemoryFindings(book) : await openFindings(options.ledger);
  async function keep(drafts: readonly Draft[]): Promise<void> {
    book.add((await mergeAll(kept, drafts, Date.now() + FINDING_KEEP_MS)).map(({ draft }) => draft));
  }
  const firstAside = new Map<ErrorCode, SetAside>();
  const asideLines: string[] = [];
  const inputErrors: string[] = [];
  const judge: Judge = {
    chain,
    screen: createScreen(armed.map(({ detector }) => detector)),
    auditIds: createAuditIdMemory(AUDIT_IDS),
    tally,
    school,
    passed: () => passed,
    unwrapping: { scope: options.cluster ?? { account: UNKNOWN, region: UNKNOWN, cluster: UNKNOWN } },
    ...(options.since !== undefined && { since: options.since }),
    ...(options.until !== undefined && { until: options.until }),
    onAside({ origin: { from, line }, code, message, excerpt }) {
      if (!firstAside.has(code))
        firstAside.set(code, { origin: { from, ...(line && { line }) }, code, message, excerpt });
      if (asideOutput !== undefined) asideLines.push(safeJson({ from, line, code, message, excerpt: redact(excerpt) }));
      log.info({ code, from, line }, "set aside");
    },
  };
  const progress = createProgress(options.quiet === true ? undefined : await totalBytes(paths));
  const onError = (error: CrosstrailError): void => {
    inputErrors.push(error.message);
    progress.clear();
    console.error(safe(`crosstrail: ${error.message}`));
  };
  const source = takeUntil(readInputs(paths, { onError, signal: interrupt.signal }), interrupt.signal);
  const sink = {
    async write(drafts: readonly Draft[], { bytes }: Chunk) {
      await keep(drafts);
      progress.advance(bytes, tally.totals().read);
      for (const line of asideLines.splice(0)) await asideOutput?.write(line);
      // Lets a signal, and whoever reads our output, have a turn between two chunks.
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
  await run(pipeline(source, { judge, ledger: engine, sink, ...(clock && { clock }) }));
  // Of what is kept, that which is not yet due waits for the files of the next day.
  const until = clock === undefined ? LAST_TIME : await clock.time();
  if (until !== undefined) await engine.settle(until, keep);
  progress.clear();
  await interrupt.settled();
  const all = await withStories(store, book.all());
  const { forgotten = 0 } = options.ledger === undefined ? await store.stats() : {};
  store.close();
  kept.close();
  const findings = options.shadow === true ? all : all.filter(({ status }) => status !== "shadow");
  return {
    totals: tally.totals(),
    findings,
    shadow: all.length - findings.length,
    leftOut: book.leftOut(),
    counts: addCounts(chain.counts(), engine.counts(), school.threw()),
    cold: engine.counts().cold,
    overflows: engine.counts().overflows,
    full: engine.counts().full,
    forgotten,
    suppressions: suppressions.report(),
    firstAside,
    inputErrors,
    elapsedMs: performance.now() - started,
    interrupted: interrupt.signal.aborted,
  };
}

function exitCode(
  { findings, inputErrors, interrupted }: Outcome,
  failOn: Severity | undefined,
  refused: number,
): number {
  if (interrupted) return EXIT.interrupted;
  if (inputErrors.length > 0 || refused > 0) return EXIT.failed;
  const reached =
    failOn !== undefined && findings.some(({ severity }) => severityRank(severity) >= severityRank(failOn));
  return reached ? EXIT.findings : EXIT.fine;
}
