import type { Context, KinesisStreamBatchResponse, KinesisStreamEvent } from "aws-lambda";
import { readAnswer } from "./batch-answer.ts";
import { invoke, type Luck } from "./esm-invocation.ts";
import { type Condition, type FailureRecord, toEventRecord, toFailure } from "./kinesis-event.ts";
import { hashKey, type SimRecord, type SimShard, type SimStream } from "./kinesis-stream.ts";
import type { SimClock } from "./sim-clock.ts";

export type KinesisHandler = (
  event: KinesisStreamEvent,
  context: Context,
  // biome-ignore lint/suspicious/noConfusingVoidType: as the types of Lambda have it
) => Promise<KinesisStreamBatchResponse | void>;

export interface KinesisMapping {
  readonly clock: SimClock;
  readonly stream: SimStream;
  readonly handler: KinesisHandler;
  /** 1 to 10,000; 100 when left out. */
  readonly batchSize?: number;
  readonly batchingWindowMs?: number;
  /** Lanes of a shard, 1 to 10: order holds within a partition key. */
  readonly parallelizationFactor?: number;
  readonly reportBatchItemFailures?: boolean;
  readonly bisectBatchOnFunctionError?: boolean;
  /** -1, the default: without end. */
  readonly maximumRetryAttempts?: number;
  /** -1, the default: without limit. */
  readonly maximumRecordAgeMs?: number;
  readonly onFailure?: "sqs" | "s3";
  readonly functionTimeoutMs?: number;
  /** Asked for each invocation, by its number from 0. */
  readonly luck?: (invocation: number) => Luck;
  /** On a split or merge a second worker takes the closed shard over, while the first is still at its batch. */
  readonly twoWorkersOnReshard?: boolean;
}

export interface Invocation {
  readonly shardId: string;
  readonly worker: number;
  readonly atMs: number;
  readonly sequenceNumbers: readonly string[];
  readonly outcome: "success" | "partial" | "failure" | "throttled";
}

export interface Simulation {
  /** Starts polling (once), and goes on until every record is through or given up. False when the limit came first. */
  readonly drain: (limitMs?: number) => Promise<boolean>;
  readonly invocations: readonly Invocation[];
  readonly failures: readonly FailureRecord[];
}

/** Of a synchronous invocation: 6 MB, in which the data counts as base64. */
export const MAX_PAYLOAD_BYTES = 6 * 1024 * 1024;
const POLL_MS = 1000;
const MAX_BACKOFF_MS = 60_000;

/** Where a shard's lane stands. Workers on one lane share it. */
interface Lane {
  readonly shard: SimShard;
  readonly index: number;
  /** Index in the shard of the first record that is not done with. */
  next: number;
  /** Counts the workers that have had the lane; only the newest may move it on. */
  owner: number;
  busy: boolean;
}

/** Records that are tried together, and how often they were. */
interface Batch {
  readonly records: readonly SimRecord[];
  readonly attempts: number;
  readonly invoked: number;
}

/**
 * The event source mapping between a stream of Kinesis and a function, by its documented contract (aws-plumbing.md §1.5, §1.6), on a
 * simulated clock. Not documented and therefore chosen here: how long it waits between tries (1 s, doubling, to 60 s), and that a
 * batch which got smaller by a partial answer keeps its count of tries.
 */
export function simulateKinesis(mapping: KinesisMapping): Simulation {
  const { clock, stream, batchSize = 100, parallelizationFactor = 1, luck = () => "fine" } = mapping;
  const invocations: Invocation[] = [];
  const failures: FailureRecord[] = [];
  const lanes: Lane[] = [];
  let workers = 0;
  /** Batches that a worker is at. */
  let inFlight = 0;

  const laneOf = (record: SimRecord): number => Number(hashKey(record.partitionKey) % BigInt(parallelizationFactor));
  const isFor = (lane: Lane, record: SimRecord): boolean => laneOf(record) === lane.index;
  const firstOf = (lane: Lane): number =>
    lane.shard.records.findIndex((record, at) => at >= lane.next && isFor(lane, record));
  const isDone = (lane: Lane): boolean => firstOf(lane) === -1;

  /** The next batch, or nothing while the window may still fill it. */
  function form(lane: Lane): { readonly records: readonly SimRecord[]; readonly next: number } | undefined {
    const records: SimRecord[] = [];
    let bytes = Buffer.byteLength(JSON.stringify({ Records: [] }));
    let next = lane.next;
    let full = false;
    for (const [at, record] of lane.shard.records.entries()) {
      if (at < lane.next) continue;
      if (isFor(lane, record)) {
        bytes += Buffer.byteLength(JSON.stringify(toEventRecord(record, stream.arn))) + 1;
        full = records.length === batchSize || (records.length > 0 && bytes > MAX_PAYLOAD_BYTES);
        if (full) break;
        records.push(record);
      }
      next = at + 1;
    }
    const [first] = records;
    if (first === undefined) return;
    const waited = clock.now() - first.arrivedMs >= (mapping.batchingWindowMs ?? 0);
    return full || records.length === batchSize || waited ? { records, next } : undefined;
  }

  async function serve(lane: Lane): Promise<void> {
    workers += 1;
    const worker = workers;
    lane.owner = worker;
    for (;;) {
      if (lane.owner !== worker) return; // another has it
      const formed = form(lane);
      if (formed === undefined) {
        if (lane.shard.closed && isDone(lane)) return;
        await clock.sleep(POLL_MS);
        continue;
      }
      lane.busy = true;
      inFlight += 1;
      const forgotten = await see({ records: formed.records, attempts: 0, invoked: 0 }, worker);
      inFlight -= 1;
      // A worker that lost the lane meanwhile cannot write down how far it came.
      if (lane.owner !== worker) return;
      lane.busy = false;
      if (!forgotten) lane.next = formed.next;
    }
  }

  /** Tries a batch until it is through or given up. True when the last success was forgotten. */
  async function see(batch: Batch, worker: number): Promise<boolean> {
    const fresh = await giveUpOld(batch);
    if (fresh.records.length === 0) return false;
    const { outcome, rest, forgotten } = await attempt(fresh, worker);
    if (outcome === "success") return forgotten;
    if (outcome === "throttled") {
      await clock.sleep(POLL_MS);
      return await see(fresh, worker);
    }
    const invoked = fresh.invoked + 1;
    const [one, two] = halve(fresh, outcome, rest);
    if (two !== undefined) {
      // A split does not count as a try.
      for (const records of [one, two])
        if (records.length > 0) await see({ records, attempts: fresh.attempts, invoked }, worker);
      return false;
    }
    const attempts = fresh.attempts + 1;
    const next = { records: one, attempts, invoked };
    const { maximumRetryAttempts: limit = -1 } = mapping;
    if (limit >= 0 && attempts > limit) {
      give(next, "RetryAttemptsExhausted");
      return false;
    }
    await clock.sleep(Math.min(1000 * 2 ** (attempts - 1), MAX_BACKOFF_MS));
    return await see(next, worker);
  }

  /** What is tried next: one part, or two where the batch is bisected (the first may be done with already). */
  function halve(
    { records }: Batch,
    outcome: Invocation["outcome"],
    rest: readonly SimRecord[],
  ): readonly [readonly SimRecord[], (readonly SimRecord[])?] {
    if (mapping.bisectBatchOnFunctionError !== true || records.length === 1) return [rest];
    // At the number that was returned; where that is the first, nothing has been split off.
    if (outcome === "partial") return rest.length < records.length ? [[], rest] : [rest];
    const middle = Math.floor(records.length / 2);
    return [records.slice(0, middle), records.slice(middle)];
  }

  async function attempt({ records }: Batch, worker: number) {
    const number = invocations.length;
    const fate = luck(number);
    const ids = records.map(({ sequenceNumber }) => sequenceNumber);
    const shardId = records[0]?.shardId ?? "";
    const note = (outcome: Invocation["outcome"]): void => {
      invocations[number] = { shardId, worker, atMs, sequenceNumbers: ids, outcome };
    };
    const atMs = clock.now();
    note("throttled");
    if (fate === "throttled") return { outcome: "throttled", rest: records, forgotten: false } as const;
    note("failure");
    const timeoutMs = mapping.functionTimeoutMs ?? 60_000;
    const event = { Records: records.map((record) => toEventRecord(record, stream.arn)) };
    const ending = await invoke({ clock, handler: mapping.handler, timeoutMs }, event, fate);
    const forgotten = fate === "forgotten";
    if (ending.is === "error") return { outcome: "failure", rest: records, forgotten } as const;
    const verdict =
      mapping.reportBatchItemFailures === true ? readAnswer(ending.answer, ids) : ({ is: "success" } as const);
    note(verdict.is);
    if (verdict.is !== "partial") return { outcome: verdict.is, rest: records, forgotten };
    const lowest = verdict.failed.map(BigInt).reduce((a, b) => (a < b ? a : b));
    const rest = records.filter(({ sequenceNumber }) => BigInt(sequenceNumber) >= lowest);
    return { outcome: "partial", rest, forgotten } as const;
  }

  /** Sends what has become too old to the destination; gives the batch without it. */
  async function giveUpOld(batch: Batch): Promise<Batch> {
    const { maximumRecordAgeMs: limit = -1 } = mapping;
    if (limit < 0) return batch;
    const isOld = ({ arrivedMs }: SimRecord): boolean => clock.now() - arrivedMs >= limit;
    const old = batch.records.filter(isOld);
    if (old.length > 0) give({ ...batch, records: old }, "RecordAgeExceeded");
    return { ...batch, records: batch.records.filter((record) => !isOld(record)) };
  }

  function give({ records, invoked }: Batch, condition: Condition): void {
    if (mapping.onFailure === undefined || records.length === 0) return;
    const what = { condition, invoked, atMs: clock.now(), streamArn: stream.arn };
    failures.push(toFailure(records, what, mapping.onFailure === "s3"));
  }

  const lanesOf = (shardId: string): readonly Lane[] => lanes.filter(({ shard }) => shard.id === shardId);
  const isThrough = (shardId: string): boolean =>
    lanesOf(shardId).length > 0 && lanesOf(shardId).every((lane) => lane.shard.closed && !lane.busy && isDone(lane));

  /** Lanes for shards whose parents are through. */
  function open(): readonly Lane[] {
    const ready = stream.shards().filter(({ id, parents }) => lanesOf(id).length === 0 && parents.every(isThrough));
    return ready.flatMap((shard) =>
      Array.from({ length: parallelizationFactor }, (_, index) => ({ shard, index, next: 0, owner: 0, busy: false })),
    );
  }

  /** Lanes at a batch of a shard that was closed meanwhile, once. */
  function takeOver(): readonly Lane[] {
    if (mapping.twoWorkersOnReshard !== true) return [];
    const taken = lanes.filter((lane) => lane.shard.closed && lane.busy && !doubled.has(lane));
    for (const lane of taken) doubled.add(lane);
    return taken;
  }
  const doubled = new Set<Lane>();

  const trouble: unknown[] = [];
  function start(): boolean {
    const opened = open();
    lanes.push(...opened);
    const started = [...takeOver(), ...opened];
    for (const lane of started) serve(lane).catch((error: unknown) => trouble.push(error));
    return started.length > 0;
  }
  function isThroughAll(): boolean {
    if (trouble.length > 0) throw trouble[0];
    const known = stream.shards().every(({ id }) => lanesOf(id).length > 0);
    return known && inFlight === 0 && lanes.every((lane) => !lane.busy && isDone(lane));
  }

  return { invocations, failures, drain: (limitMs) => clock.run(isThroughAll, limitMs, start) };
}
