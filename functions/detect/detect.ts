import type { Context, KinesisStreamBatchResponse, KinesisStreamEvent, KinesisStreamRecord } from "aws-lambda";
import type { Logger } from "pino";
import { from, lastValueFrom, mergeMap, toArray } from "rxjs";
import type { Draft } from "../../detectors/core/compose.ts";
import { CrosstrailError, type ErrorCode, type ErrorKind } from "../../schemas/errors.ts";
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

/** Why a batch's effects are not safe. */
interface Failure {
  readonly kind: ErrorKind;
  readonly code: ErrorCode;
  readonly message: string;
}

export type Detect = (
  event: KinesisStreamEvent,
  context: Pick<Context, "getRemainingTimeInMillis" | "awsRequestId">,
) => Promise<KinesisStreamBatchResponse>;

const RESERVE_MS = 20_000;
const PARALLEL = 8;
/** Records that fail one after the other, of those that are tried one by one. */
const IN_A_ROW = 10;

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
    // Which of the records a verdict would have rested on is not known.
    const [failed] = taken.drafts.filter(({ finding }) => finding.detector === "health/detector-error");
    const kept =
      failed === undefined
        ? batch.kept()
        : batch.keptFor({ code: "E_DETECTOR", message: failed.finding.title }, "telling");
    if (failed !== undefined) await keepAll(kept);
    await parts.publish([...batch.drafts(), ...taken.drafts, ...keptHealth(kept, now())], program.configured);
    await parts.clock.advance(batch.newest());
    taken.remember();
    program.judge.school?.remember(batch.lessons());
    for (const totals of batch.totals()) meter.totals(totals);
    meter.count("FactsMerged", taken.merged);
    for (const [trail, time] of batch.newest()) meter.lag(trail, Math.max(0, now() - time));
    for (const { reasons } of kept) for (const { code } of reasons) meter.count("Quarantined", 1, { code });
  }

  return async ({ Records }, context) => {
    const log = parts.log.child({ requestId: context.awsRequestId, shard: Records[0]?.eventID.split(":")[0] });
    const program = await parts.program();
    const passed = await parts.passed().catch((error: unknown) => {
      // It serves a count. Whatever it is, the ledger meets it again, and knows what to do.
      log.warn({ reason: reasonOf(error) }, "how far the detection clock is could not be read");
      return undefined;
    });
    const outOfTime = (): boolean => context.getRemainingTimeInMillis() < reserveMs;
    const start = (): Batch => startBatch({ ...program.judge, passed: () => passed }, limits);

    const of = (records: readonly KinesisStreamRecord[]): Batch => {
      const batch = start();
      for (const record of records) batch.take(record);
      return batch;
    };

    /** The records of it that are to come again. */
    async function unconfirmed(batch: Batch): Promise<readonly KinesisStreamRecord[]> {
      const error = await failureOf(batch);
      if (error === undefined) return [];
      if (error.kind === "transient") return batch.records();
      if (batch.records().length > 1) return oneByOne(batch.records(), error);
      return (await isAside(batch, error)) ? [] : batch.records();
    }

    async function failureOf(batch: Batch): Promise<Failure | undefined> {
      try {
        await effects(batch, program);
        return undefined;
      } catch (cause) {
        const failure = { kind: kindOf(cause), code: codeOf(cause), message: reasonOf(cause) };
        log.error({ sequence: batch.first(), ...failure }, "a batch failed");
        meter.count("BatchFailed", 1, { kind: failure.kind });
        return failure;
      }
    }

    /** Finds out whose fault it is, so that no record stays unjudged for what stands beside it. Where one after the other fails, the rest is not tried. */
    async function oneByOne(records: readonly KinesisStreamRecord[], all: Failure) {
      let inARow = 0;
      for (const [index, record] of records.entries()) {
        const rest = records.slice(index);
        if (outOfTime()) return rest;
        if (inARow === IN_A_ROW) return (await isAside(of(rest), all)) ? [] : rest;
        const ending = await alone(record);
        if (ending === "comes again") return rest;
        inARow = ending === "out" ? 0 : inARow + 1;
      }
      return [];
    }

    async function alone(record: KinesisStreamRecord): Promise<"out" | "aside" | "comes again"> {
      const batch = of([record]);
      const failure = await failureOf(batch);
      if (failure === undefined) return "out";
      return failure.kind !== "transient" && (await isAside(batch, failure)) ? "aside" : "comes again";
    }

    /** Asking again changes nothing where access is refused, or this program fails: the stream goes on, and the records wait in quarantine. */
    async function isAside(batch: Batch, { code, message }: Failure): Promise<boolean> {
      const kept = batch.keptFor({ code, message }, "all");
      try {
        await keepAll(kept);
      } catch (cause) {
        log.error({ sequence: batch.first(), reason: reasonOf(cause) }, "the quarantine took no records");
        return false;
      }
      for (const { read } of batch.totals()) meter.count("Refused", read);
      await parts.publish(keptHealth(kept, now()), program.configured).catch((cause: unknown) => {
        log.error({ reason: reasonOf(cause) }, "that records were kept aside could not be published");
      });
      return true;
    }

    try {
      let batch = start();
      for (const [index, record] of Records.entries()) {
        if (outOfTime()) {
          log.warn({ sequence: record.kinesis.sequenceNumber }, "no time is left for the rest of the batch");
          meter.count("OutOfTime", 1);
          return again([...batch.records(), ...Records.slice(index)]);
        }
        batch.take(record);
        if (!batch.full()) continue;
        const left = await unconfirmed(batch);
        if (left.length > 0) return again([...left, ...Records.slice(index + 1)]);
        batch = start();
      }
      return again(await unconfirmed(batch));
    } finally {
      meter.flush();
    }
  };
}

/** Everything from the lowest of these records on is to come again; nothing, when there are none. */
function again(records: readonly KinesisStreamRecord[]): KinesisStreamBatchResponse {
  const numbers = records.map(({ kinesis }) => kinesis.sequenceNumber);
  const [first, ...rest] = numbers;
  if (first === undefined) return { batchItemFailures: [] };
  const lowest = rest.reduce((a, b) => (BigInt(b) < BigInt(a) ? b : a), first);
  return { batchItemFailures: [{ itemIdentifier: lowest }] };
}

/** Errors of the language are ours. What is not known to be anything else may be over when it is tried again. */
function kindOf(error: unknown): ErrorKind {
  if (error instanceof CrosstrailError) return error.kind;
  return OURS.some((kind) => error instanceof kind) ? "bug" : "transient";
}
const OURS = [TypeError, RangeError, ReferenceError, SyntaxError] as const;
const codeOf = (error: unknown): ErrorCode => (error instanceof CrosstrailError ? error.code : "E_BUG");

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
