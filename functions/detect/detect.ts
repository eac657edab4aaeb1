import type { Context, KinesisStreamBatchResponse, KinesisStreamEvent } from "aws-lambda";
import type { Logger } from "pino";
import { from, lastValueFrom, mergeMap, toArray } from "rxjs";
import type { Draft } from "../../detectors/core/compose.ts";
import { CrosstrailError, type ErrorKind } from "../../schemas/errors.ts";
import type { KeptRecord } from "../../schemas/quarantine/kept-record.ts";
import { reasonOf } from "../adapters/sinks/reason.ts";
import type { SharedClock } from "../ledger/shared-clock.ts";
import type { Configured } from "../runtime/config-source.ts";
import { conditions, healthDraft } from "../runtime/health.ts";
import type { Meter } from "../runtime/meter.ts";
import type { Program } from "../runtime/program.ts";
import type { Quarantine } from "../runtime/quarantine.ts";
import { type Batch, type BatchLimits, startBatch } from "./batch.ts";

export interface DetectParts {
  /** What stands now; rejects when there is none to be had. */
  readonly program: () => Promise<Program>;
  /** Resolves when the findings are safe: kept, in the outbox, and marked. */
  readonly publish: (drafts: readonly Draft[], configured: Configured) => Promise<void>;
  /** Told how far a batch has read the trails, when its findings are out. */
  readonly clock: Pick<SharedClock, "advance">;
  /** ms: what the detection clock has passed, for counting what comes late. */
  readonly passed: () => Promise<number | undefined>;
  readonly quarantine: Quarantine;
  readonly meter: Meter;
  readonly log: Logger;
  /** ms since 1970: of what is measured, never of verdicts. */
  readonly now: () => number;
  readonly limits?: Partial<BatchLimits>;
  /** ms that are left when no more is taken: enough for what is under way to fail. Default 20 s. */
  readonly reserveMs?: number;
}

export type Detect = (
  event: KinesisStreamEvent,
  context: Pick<Context, "getRemainingTimeInMillis" | "awsRequestId">,
) => Promise<KinesisStreamBatchResponse>;

const RESERVE_MS = 20_000;
const PARALLEL = 8;

/** The handler of the stream: whatever an invocation brings is judged, kept aside, or asked for again, and nothing else. It answers with the one lowest
 * sequence number that had a part in anything unconfirmed; Lambda brings everything from there on again (aws-plumbing.md §1.6). */
export function createDetect(parts: DetectParts): Detect {
  const { quarantine, meter, limits, now } = parts;
  const reserveMs = parts.reserveMs ?? RESERVE_MS;

  const keepAll = (records: readonly KeptRecord[]): Promise<unknown> =>
    lastValueFrom(
      from(records).pipe(
        mergeMap((record) => quarantine.keep(record), PARALLEL),
        toArray(),
      ),
    );

  /** Merge, judge, publish, mark, remember: in this order (design §6). */
  async function effects(batch: Batch, program: Program): Promise<void> {
    await keepAll(batch.kept());
    const taken = await program.ledger.take(batch.facts(), batch.drafts());
    await parts.publish([...batch.drafts(), ...taken.drafts, ...keptHealth(batch.kept(), now())], program.configured);
    await parts.clock.advance(batch.newest());
    taken.remember();
    program.judge.school?.remember(batch.lessons());
    for (const totals of batch.totals()) meter.totals(totals);
    meter.count("FactsMerged", taken.merged);
    for (const [trail, time] of batch.newest()) meter.lag(trail, Math.max(0, now() - time));
    for (const { reasons } of batch.kept()) for (const { code } of reasons) meter.count("Quarantined", 1, { code });
  }

  /** Whether all of the batch's effects are safe. */
  async function confirmed(batch: Batch, program: Program, log: Logger): Promise<boolean> {
    try {
      await effects(batch, program);
      return true;
    } catch (error) {
      const kind = kindOf(error);
      const reason = reasonOf(error);
      log.error({ sequence: batch.first(), kind, code: codeOf(error), reason }, "a batch failed");
      meter.count("BatchFailed", 1, { kind });
      if (kind !== "refused") return false;
      return setAside(batch, error, log);
    }
  }

  /** Asking again changes nothing where access is refused: the stream goes on, and the records wait in quarantine. */
  async function setAside(batch: Batch, error: unknown, log: Logger): Promise<boolean> {
    try {
      await keepAll(batch.keptFor({ code: codeOf(error), message: reasonOf(error) }));
      for (const { read } of batch.totals()) meter.count("Refused", read);
      return true;
    } catch (cause) {
      log.error({ sequence: batch.first(), reason: reasonOf(cause) }, "the quarantine took no records");
      return false;
    }
  }

  return async ({ Records }, context) => {
    const log = parts.log.child({ requestId: context.awsRequestId, shard: Records[0]?.eventID.split(":")[0] });
    const program = await parts.program();
    const passed = await parts.passed().catch((error: unknown) => {
      // Only a count hangs on it. A ledger that refuses is met again below, where the records can be set aside.
      log.warn({ reason: reasonOf(error) }, "how far the clock is could not be read");
      return undefined;
    });
    const start = (): Batch => startBatch({ ...program.judge, passed: () => passed }, limits);
    let batch = start();
    try {
      for (const record of Records) {
        if (context.getRemainingTimeInMillis() < reserveMs) {
          log.warn({ sequence: record.kinesis.sequenceNumber }, "no time is left for the rest of the batch");
          meter.count("OutOfTime", 1);
          return again(batch.first() ?? record.kinesis.sequenceNumber);
        }
        batch.take(record);
        if (!batch.full()) continue;
        if (!(await confirmed(batch, program, log))) return again(batch.first());
        batch = start();
      }
      return (await confirmed(batch, program, log)) ? { batchItemFailures: [] } : again(batch.first());
    } finally {
      meter.flush();
    }
  };
}

/** Everything from this record on is to come again. An identifier that is missing would be the whole batch. */
const again = (sequence: string | undefined): KinesisStreamBatchResponse => ({
  batchItemFailures: [{ itemIdentifier: sequence ?? "" }],
});

/** What is not known to be anything else may be over when it is tried again. */
const kindOf = (error: unknown): ErrorKind => (error instanceof CrosstrailError ? error.kind : "transient");
const codeOf = (error: unknown) => (error instanceof CrosstrailError ? error.code : "E_BUG");

/** That records were kept aside: one finding a reason and day. */
function keptHealth(kept: readonly KeptRecord[], at: number): readonly Draft[] {
  const byCode = Map.groupBy(
    kept.flatMap(({ reasons, shard, sequence }) => reasons.map((reason) => ({ ...reason, shard, sequence }))),
    ({ code }) => code,
  );
  return [...byCode].flatMap(([code, [first]]) =>
    first === undefined
      ? []
      : healthDraft(conditions.quarantined, {
          sentence: `Records were kept aside with ${code}: ${first.message}`,
          ...{ on: code, at },
          evidence: [
            { field: "shard", value: first.shard },
            { field: "sequence number", value: first.sequence },
          ],
        }),
  );
}
