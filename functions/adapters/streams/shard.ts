import { GetRecordsCommand, GetShardIteratorCommand, type KinesisClient } from "@aws-sdk/client-kinesis";
import type { Context, KinesisStreamBatchResponse, KinesisStreamEvent } from "aws-lambda";
import type { Logger } from "pino";
import { lambdaEvent, type Shard, type ShardRecord } from "../../pipeline/encode/lambda-event.ts";
import type { Positions } from "../../positions.ts";
import { awsFailure } from "../aws-failure.ts";
import { type Checkpoint, checkpointOf, type Start } from "./checkpoint.ts";

export interface ShardOptions {
  readonly client: Pick<KinesisClient, "send">;
  readonly positions: Positions;
  /** Where a shard begins that has no checkpoint. */
  readonly start: Start;
  /** As Lambda calls its function: what it answers is to be asked for again is not confirmed (aws-plumbing.md §1.6). */
  readonly handle: (
    event: KinesisStreamEvent,
    context: Pick<Context, "getRemainingTimeInMillis" | "awsRequestId">,
  ) => Promise<KinesisStreamBatchResponse>;
  /** ms: up to when all that arrived in this shard is confirmed; infinite when it has ended and its children are known. */
  readonly onRead: (shard: string, arrived: number) => void;
  readonly now: () => number;
  /** Resolves after that time, or when the reading is over. */
  readonly wait: (ms: number) => Promise<void>;
  readonly signal: AbortSignal;
  readonly log: Pick<Logger, "warn">;
}

/** A shard allows five GetRecords a second, for all of its readers together (GetRecords, API reference). Lambda asks once a second while nothing waits. */
const SPACING_MS = 250;
const IDLE_MS = 1_000;
/** Of GetRecords, which would give ten thousand, or 10 MiB. */
const RECORDS = 500;
const MAX_BACKOFF_MS = 30_000;

/** Reads a shard to its end, or until the signal: gives whether it has ended. A checkpoint is written when the findings of all up to it are out: at least once.
 * What may pass (throttling, a sink that does not take findings) is tried again without end. Rejects with E_AWS_REFUSED. */
export async function readShard(shard: Shard, name: string, options: ShardOptions): Promise<boolean> {
  const { client, positions, handle, now, wait, signal } = options;
  const log = (reason: string): void => options.log.warn({ shard: shard.id, reason }, "a shard is read again");
  let at: Checkpoint | undefined;
  let iterator: string | undefined;
  let failures = 0;

  /** Resolves with how many of the records are confirmed, from the first on. */
  async function confirmed(records: readonly ShardRecord[]): Promise<number> {
    const requestId = `${shard.id}:${records[0]?.SequenceNumber ?? ""}`;
    const context = { awsRequestId: requestId, getRemainingTimeInMillis: () => Number.MAX_SAFE_INTEGER };
    try {
      const { batchItemFailures } = await handle(lambdaEvent(shard, records), context);
      const indices = batchItemFailures.map(({ itemIdentifier }) =>
        Math.max(
          0,
          records.findIndex(({ SequenceNumber }) => SequenceNumber === itemIdentifier),
        ),
      );
      return Math.min(records.length, ...indices);
    } catch (cause) {
      log(cause instanceof Error ? cause.message : String(cause));
      return 0;
    }
  }

  /** One GetRecords and its effects. Gives whether the shard has ended; undefined: something has to be asked for again. */
  async function turn(): Promise<boolean | undefined> {
    at ??= checkpointOf(await positions.read(name)) ?? options.start;
    if (at.end === true) return true;
    iterator ??= await iteratorAt(client, shard, at);
    const command = new GetRecordsCommand({ StreamARN: shard.stream, ShardIterator: iterator, Limit: RECORDS });
    const { Records = [], NextShardIterator, MillisBehindLatest = 0 } = await client.send(command);
    const arrived = now() - MillisBehindLatest;
    if (Records.length > 0) {
      const done = await confirmed(Records);
      const sequence = Records[done - 1]?.SequenceNumber;
      if (sequence !== undefined) {
        at = { sequence };
        await positions.write(name, JSON.stringify(at));
      }
      if (done < Records.length) return undefined;
    }
    if (NextShardIterator === undefined || NextShardIterator === null) {
      at = { end: true };
      await positions.write(name, JSON.stringify(at));
      return true;
    }
    iterator = NextShardIterator;
    options.onRead(shard.id, arrived);
    failures = 0;
    await wait(MillisBehindLatest > 0 ? SPACING_MS : IDLE_MS);
    return false;
  }

  while (!signal.aborted) {
    let ended: boolean | undefined;
    try {
      ended = await turn();
    } catch (cause) {
      // An iterator lasts five minutes (GetShardIterator, API reference): a batch, or a pause of the machine, may last longer.
      const expired = cause instanceof Error && cause.name === "ExpiredIteratorException";
      const failure = awsFailure(cause, { of: `shard ${shard.id} of ${shard.stream}`, action: "kinesis:GetRecords" });
      if (failure.kind === "refused") throw failure;
      log(expired ? "its iterator has expired" : failure.message);
    }
    if (ended === true) return true;
    if (ended === false) continue;
    iterator = undefined;
    failures += 1;
    await wait(Math.min(MAX_BACKOFF_MS, SPACING_MS * 2 ** (failures - 1)));
  }
  return false;
}

async function iteratorAt(
  client: Pick<KinesisClient, "send">,
  { stream, id }: Shard,
  at: Checkpoint,
): Promise<string | undefined> {
  const from =
    at.sequence === undefined
      ? { ShardIteratorType: "AT_TIMESTAMP" as const, Timestamp: new Date(at.time ?? 0) }
      : { ShardIteratorType: "AFTER_SEQUENCE_NUMBER" as const, StartingSequenceNumber: at.sequence };
  const oldest = { ShardIteratorType: "TRIM_HORIZON" as const };
  const where = at.sequence === undefined && at.time === undefined ? oldest : from;
  const command = new GetShardIteratorCommand({ StreamARN: stream, ShardId: id, ...where });
  return (await client.send(command)).ShardIterator;
}
