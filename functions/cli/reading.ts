import { performance } from "node:perf_hooks";
import { addCounts } from "../../detectors/core/chain.ts";
import type { Settings } from "../../detectors/core/settings.ts";
import type { CrosstrailError } from "../../schemas/errors.ts";
import { type Severity, severityRank } from "../../schemas/findings/finding.ts";
import { compact } from "../../schemas/json.ts";
import { type Output, openOutput } from "../adapters/sinks/output.ts";
import { withStories } from "../ledger/story.ts";
import type { Chunk } from "../pipeline/records.ts";
import { pipeline, run } from "../pipeline/run.ts";
import { safe, styleOf, wantsColour } from "../terminal.ts";
import { assertBalanced } from "./balance.ts";
import { EXIT } from "./exit.ts";
import { onInterrupt } from "./interrupt.ts";
import { type PrintOptions, print } from "./print.ts";
import type { Progress } from "./progress.ts";
import { openParts, type RunOptions, type Scoping } from "./run-parts.ts";
import { type Outcome, summaryLines } from "./summary.ts";
import { takeUntil } from "./take-until.ts";

export interface ReadingOptions extends Omit<PrintOptions, "cluster">, RunOptions {
  readonly since?: number;
  readonly until?: number;
  readonly failOn?: Severity;
}

/** What a command reads to its end. */
export interface Input {
  readonly chunks: (to: {
    readonly signal: AbortSignal;
    readonly onError: (error: CrosstrailError) => void;
  }) => AsyncIterable<Chunk>;
  /** Chunks between input and findings; 1: that a chunk is asked for says that all before it is safe. */
  readonly limit?: number;
  readonly scoping: Scoping;
  readonly progress: Progress;
  /** ms: what is due until then gets its verdict when the reading is over. `clock`: the kept ledger's detection clock; `whole`: nothing failed, nobody interrupted. */
  readonly settleUntil: (at: { readonly clock: number | undefined; readonly whole: boolean }) => number | undefined;
}

/** Later than whatever is due. */
export const LAST_TIME = Date.UTC(9999);

/** Reads an input through the whole chain, writes the findings and tells what became of every event. Gives the exit code. */
export async function readAndReport(input: Input, options: ReadingOptions, settings: Settings): Promise<number> {
  // Opened first: hours of reading for an output that cannot be written would be lost.
  const output = await openOutput(options.out, process.stdout);
  const asideOutput = options.setAside === undefined ? undefined : await openOutput(options.setAside, process.stdout);
  const outcome = await read(input, options, settings, asideOutput);
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

/** Reads and judges everything, until the input ends or Ctrl-C. */
async function read(
  { chunks, limit, scoping, progress, settleUntil }: Input,
  options: ReadingOptions,
  settings: Settings,
  asideOutput: Output | undefined,
): Promise<Outcome> {
  const started = performance.now();
  const interrupt = onInterrupt();
  const parts = await openParts(options, settings, asideOutput, scoping);
  const { engine, tally, clock, book, keep } = parts;
  const inputErrors: string[] = [];
  const onError = (error: CrosstrailError): void => {
    inputErrors.push(error.message);
    progress.clear();
    console.error(safe(`crosstrail: ${error.message}`));
  };
  const source = takeUntil(chunks({ onError, signal: interrupt.signal }), interrupt.signal);
  const sink = {
    async write(drafts: Parameters<typeof keep>[0], { bytes }: Chunk) {
      await keep(drafts);
      progress.advance(bytes, tally.totals().read);
      await parts.writeAside();
      // Lets a signal, and whoever reads our output, have a turn between two chunks.
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
  const stages = { judge: parts.judge, ledger: engine, sink, ...compact({ limit, clock }) };
  await run(pipeline(source, stages));
  const whole = !interrupt.signal.aborted && inputErrors.length === 0;
  const until = settleUntil({ clock: await clock?.time(), whole });
  if (until !== undefined) await engine.settle(until, keep);
  progress.clear();
  await interrupt.settled();
  const all = await withStories(parts.store, book.all());
  const { forgotten = 0 } = options.ledger === undefined ? await parts.store.stats() : {};
  parts.close();
  const { cold, overflows, full } = engine.counts();
  const findings = options.shadow === true ? all : all.filter(({ status }) => status !== "shadow");
  return {
    totals: tally.totals(),
    findings,
    shadow: all.length - findings.length,
    leftOut: book.leftOut(),
    counts: addCounts(parts.chain.counts(), engine.counts(), parts.school.threw()),
    ...{ cold, overflows, full, forgotten },
    suppressions: parts.suppressions.report(),
    firstAside: parts.firstAside,
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
