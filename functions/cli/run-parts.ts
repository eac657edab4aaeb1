import { createAuditIdMemory } from "../../detectors/core/audit-ids.ts";
import { createChain } from "../../detectors/core/chain.ts";
import type { Draft } from "../../detectors/core/compose.ts";
import { createScreen } from "../../detectors/core/screen.ts";
import { arm, type Settings } from "../../detectors/core/settings.ts";
import { auditLearners, callLearners } from "../../detectors/ledger/learners.ts";
import { registry } from "../../detectors/registry.ts";
import { samples } from "../../detectors/samples.generated.ts";
import type { ErrorCode } from "../../schemas/errors.ts";
import { UNKNOWN } from "../../schemas/events/event.ts";
import { redact } from "../../schemas/redact.ts";
import { createMemoryFindings } from "../adapters/findings/memory.ts";
import { createMemoryStore } from "../adapters/ledger/memory.ts";
import type { Output } from "../adapters/sinks/output.ts";
import { CAPACITY } from "../capacity.ts";
import { createFindingBook } from "../findings/book.ts";
import { FINDING_KEEP_MS, mergeAll } from "../findings/desk.ts";
import { createEngine } from "../ledger/engine.ts";
import { createRecall } from "../ledger/recall.ts";
import { createSchool } from "../ledger/school.ts";
import { createSharedClock } from "../ledger/shared-clock.ts";
import { createLog, type Level } from "../log.ts";
import type { Judge } from "../pipeline/judge.ts";
import type { SetAside } from "../pipeline/records.ts";
import { createTally } from "../pipeline/tally.ts";
import { safeJson } from "../terminal.ts";
import { readConfig } from "./config.ts";
import { openFindings, openLedger } from "./ledger.ts";

export interface RunOptions {
  readonly config?: string;
  readonly cluster?: { readonly account: string; readonly region: string; readonly cluster: string };
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly setAside?: string;
  readonly shadow?: boolean;
  /** File of a ledger that is kept between runs. */
  readonly ledger?: string;
  readonly logLevel: Level;
}

/** Part of what an event has to be, to be judged. */
export interface Scoping {
  /** Of audit events whose envelope does not tell. */
  readonly region?: string;
  /** ms; events outside are set aside. */
  readonly since?: number;
  readonly until?: number;
  /** What comes may have come before, when it was in time: nothing is counted as late. */
  readonly again?: true;
}

/** The detectors that were chosen, as the configuration sets them. Rejects with E_CONFIG. */
export const settingsOf = async (options: RunOptions): Promise<Settings> =>
  arm(registry, await readConfig(options.config), options, samples);

/** Everything between a source and an output, for one run of one process. */
export async function openParts(
  options: RunOptions,
  { armed, ledger, site, suppressions }: Settings,
  asideOutput: Output | undefined,
  scoping: Scoping = {},
) {
  const log = createLog(options.logLevel);
  const chain = createChain(armed, site, suppressions);
  const store = options.ledger === undefined ? createMemoryStore() : await openLedger(options.ledger, { create: true });
  const engine = createEngine({
    store,
    recall: createRecall(CAPACITY.facts),
    armed: ledger,
    site,
    suppressions,
    now: Date.now,
  });
  // A ledger in memory is nobody else's, and waits for nothing but its own input.
  const clock = options.ledger === undefined ? undefined : createSharedClock({ store, now: Date.now });
  const passed = scoping.again === true ? undefined : await clock?.time();
  const tally = createTally();
  const school = createSchool(auditLearners, callLearners);
  // What this run touches, as it is over all runs.
  const book = createFindingBook();
  const findings = options.ledger === undefined ? createMemoryFindings(book) : await openFindings(options.ledger);
  const firstAside = new Map<ErrorCode, SetAside>();
  const asideLines: string[] = [];
  const unknown = { account: UNKNOWN, region: scoping.region ?? UNKNOWN, cluster: UNKNOWN };
  const judge: Judge = {
    chain,
    screen: createScreen(armed.map(({ detector }) => detector)),
    auditIds: createAuditIdMemory(CAPACITY.laptopAuditIds),
    tally,
    school,
    passed: () => passed,
    unwrapping: { scope: options.cluster ?? unknown },
    ...(scoping.since !== undefined && { since: scoping.since }),
    ...(scoping.until !== undefined && { until: scoping.until }),
    onAside({ origin: { from, line }, code, message, excerpt }) {
      if (!firstAside.has(code))
        firstAside.set(code, { origin: { from, ...(line && { line }) }, code, message, excerpt });
      if (asideOutput !== undefined) asideLines.push(safeJson({ from, line, code, message, excerpt: redact(excerpt) }));
      log.info({ code, from, line }, "set aside");
    },
  };
  return {
    ...{ chain, store, engine, clock, tally, school, book, findings, firstAside, judge, suppressions },
    async keep(drafts: readonly Draft[]): Promise<void> {
      book.add((await mergeAll(findings, drafts, Date.now() + FINDING_KEEP_MS)).map(({ draft }) => draft));
    },
    async writeAside(): Promise<void> {
      for (const line of asideLines.splice(0)) await asideOutput?.write(line);
    },
    close(): void {
      store.close();
      findings.close();
    },
  };
}
