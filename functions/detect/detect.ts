import type { Context, KinesisStreamBatchResponse, KinesisStreamEvent, KinesisStreamRecord } from "aws-lambda";
import type { Logger } from "pino";
import { from, lastValueFrom, mergeMap, toArray } from "rxjs";
import type { Draft } from "../../detectors/core/compose.ts";
import type { KeptRecord } from "../../schemas/quarantine/kept-record.ts";
import { reasonOf } from "../adapters/sinks/reason.ts";
import type { SharedClock } from "../ledger/shared-clock.ts";
import type { Configured } from "../runtime/config-source.ts";
import { conditions, healthDraft, overflowHealth } from "../runtime/health.ts";
import { countFound, countKept, type Meter } from "../runtime/meter.ts";
import type { Program } from "../runtime/program.ts";
import type { Quarantine } from "../runtime/quarantine.ts";
import { type Batch, type BatchLimits, startBatch } from "./batch.ts";
import { createConfirm } from "./confirm.ts";

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
    // Which of the records a verdict would have rested on is not known.
    const [failed] = taken.drafts.filter(({ threw }) => threw !== undefined);
    const kept =
      failed === undefined
        ? batch.kept()
        : batch.keptFor({ code: "E_DETECTOR", message: failed.finding.title }, "telling");
    if (failed !== undefined) await keepAll(kept);
    const health = [...keptHealth(kept, now()), ...overflowHealth(taken.overflowed)];
    const found = [...batch.drafts(), ...taken.drafts, ...health];
    await parts.publish(found, program.configured);
    await parts.clock.advance(batch.newest());
    taken.remember();
    program.judge.school?.remember(batch.lessons());
    for (const totals of batch.totals()) meter.totals(totals);
    meter.count("FactsMerged", taken.merged);
    for (const [trail, time] of batch.newest()) meter.lag(trail, Math.max(0, now() - time));
    countKept(meter, kept);
    countFound(meter, found);
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

    const unconfirmed = createConfirm({
      ...{ start, outOfTime, meter, log },
      effects: (batch) => effects(batch, program),
      keepAside: keepAll,
      report: async (kept) => {
        const found = keptHealth(kept, now());
        await parts.publish(found, program.configured);
        countFound(meter, found);
      },
    });

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
