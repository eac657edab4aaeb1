import { createWriteStream } from "node:fs";
import { performance } from "node:perf_hooks";
import { createAuditIdMemory } from "../../detectors/core/audit-ids.ts";
import { createChain } from "../../detectors/core/chain.ts";
import { createScreen } from "../../detectors/core/screen.ts";
import { arm } from "../../detectors/core/settings.ts";
import { registry } from "../../detectors/registry.ts";
import { samples } from "../../detectors/samples.generated.ts";
import { CrosstrailError, type ErrorCode } from "../../schemas/errors.ts";
import { UNKNOWN } from "../../schemas/events/event.ts";
import { type Finding, type Severity, severityRank } from "../../schemas/findings/finding.ts";
import { openOutput } from "../adapters/sinks/output.ts";
import { readInputs, totalBytes } from "../adapters/sources/files.ts";
import { createLog, type Level } from "../log.ts";
import { createFindingBook } from "../pipeline/findings.ts";
import type { Judge } from "../pipeline/judge.ts";
import type { SetAside } from "../pipeline/records.ts";
import { pipeline, run } from "../pipeline/run.ts";
import { balanced, createTally } from "../pipeline/tally.ts";
import { safe, safeJson, styleOf, wantsColour } from "../terminal.ts";
import { readConfig } from "./config.ts";
import { EXIT } from "./exit.ts";
import type { Format } from "./options.ts";
import { print } from "./print.ts";
import { createProgress } from "./progress.ts";
import { type Outcome, summaryLines } from "./summary.ts";

export interface ReplayOptions {
  readonly format?: Format;
  readonly out?: string;
  readonly config?: string;
  readonly cluster?: { readonly account: string; readonly region: string; readonly cluster: string };
  readonly since?: number;
  readonly until?: number;
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly failOn?: Severity;
  readonly setAside?: string;
  readonly shadow?: boolean;
  readonly quiet?: boolean;
  readonly color: boolean;
  readonly logLevel: Level;
}

/** How many requests a reused auditID may stand apart and still be seen: 16 bytes each, twice. */
const AUDIT_IDS = 1_000_000;

/** Replays the inputs through the whole chain, writes the findings and tells what became of every event. Gives the exit code. */
export async function replay(paths: readonly string[], options: ReplayOptions): Promise<number> {
  const { armed, site, suppressions } = arm(registry, readConfig(options.config), options, samples);
  const log = createLog(options.logLevel);
  const stop = interruptible();
  const chain = createChain(armed, site, suppressions);
  const tally = createTally();
  const book = createFindingBook();
  const firstAside = new Map<ErrorCode, SetAside>();
  const inputErrors: string[] = [];
  const asideFile = options.setAside === undefined ? undefined : createWriteStream(options.setAside);
  const judge: Judge = {
    chain,
    screen: createScreen(armed.map(({ detector }) => detector)),
    auditIds: createAuditIdMemory(AUDIT_IDS),
    tally,
    unwrapping: { scope: options.cluster ?? { account: UNKNOWN, region: UNKNOWN, cluster: UNKNOWN } },
    ...(options.since !== undefined && { since: options.since }),
    ...(options.until !== undefined && { until: options.until }),
    onAside: (piece) => {
      if (!firstAside.has(piece.code)) firstAside.set(piece.code, piece);
      asideFile?.write(
        `${safeJson({ from: piece.origin.from, line: piece.origin.line, code: piece.code, message: piece.message, excerpt: piece.excerpt })}\n`,
      );
      log.info({ code: piece.code, from: piece.origin.from, line: piece.origin.line }, "set aside");
    },
  };
  const started = performance.now();
  const progress = createProgress(options.quiet === true ? undefined : await totalBytes(paths));
  const onError = (error: CrosstrailError): void => {
    inputErrors.push(error.message);
    progress.clear();
    console.error(safe(`crosstrail: ${error.message}`));
  };
  const source = readInputs(paths, { onError, signal: stop.signal });
  await run(
    pipeline(source, judge, {
      write(drafts, { bytes }) {
        book.add(drafts);
        progress.advance(bytes, tally.totals().read);
        // Lets a signal, and whoever reads our output, have a turn between two chunks.
        return new Promise((resolve) => setImmediate(resolve));
      },
    }),
  );
  progress.clear();
  asideFile?.end();
  const all = book.all();
  const findings = options.shadow === true ? all : all.filter(({ status }) => status !== "shadow");
  const outcome: Outcome = {
    totals: tally.totals(),
    findings,
    shadow: all.length - findings.length,
    counts: chain.counts(),
    suppressions: suppressions.report(),
    firstAside,
    inputErrors,
    elapsedMs: performance.now() - started,
    interrupted: stop.signal.aborted,
  };
  const refused = await print(outcome, options, openOutput(options.out, process.stdout));
  if (options.quiet !== true && options.format !== "json-summary") {
    const style = styleOf(wantsColour(process.stderr, options.color, process.env));
    for (const line of summaryLines(outcome, style)) console.error(line);
  }
  for (const message of refused) console.error(safe(`crosstrail: E_ASFF: ${message}`));
  if (!balanced(outcome.totals)) {
    const { read, judged, setAside } = outcome.totals;
    throw new CrosstrailError(
      "E_DETECTOR",
      `internal error: ${read} events read, but ${judged} judged and ${setAside} set aside`,
      { cause: undefined },
    );
  }
  return exitCode(outcome, options.failOn, refused.length);
}

/** The first Ctrl-C ends the reading and reports what was read; the second ends the program. */
function interruptible(): { readonly signal: AbortSignal } {
  const stop = new AbortController();
  process.on("SIGINT", () => {
    if (stop.signal.aborted) process.exit(EXIT.interrupted);
    stop.abort();
  });
  return stop;
}

function exitCode(
  { findings, inputErrors, interrupted }: Outcome,
  failOn: Severity | undefined,
  refused: number,
): number {
  if (interrupted) return EXIT.interrupted;
  if (inputErrors.length > 0 || refused > 0) return EXIT.failed;
  const reached =
    failOn !== undefined && findings.some((finding: Finding) => severityRank(finding.severity) >= severityRank(failOn));
  return reached ? EXIT.findings : EXIT.fine;
}
