import type {
  GetRecordsCommandInput,
  GetShardIteratorCommandInput,
  KinesisClient,
  ListShardsCommandInput,
} from "@aws-sdk/client-kinesis";
import type { KinesisStreamEvent } from "aws-lambda";
import { describe, expect, it } from "vitest";
import { clientOf, serviceError } from "../../../test/support/aws.ts";
import { createMemoryPositions, type Positions } from "../../positions.ts";
import { type ConsumerOptions, consume } from "./consumer.ts";

const STREAM = "arn:aws:kinesis:eu-central-1:111122223333:stream/crosstrail";
const NOW = Date.UTC(2026, 10, 22);

interface Shard {
  readonly id: string;
  readonly parents?: readonly string[];
  /** Sequence numbers of its records; their data are the same text. */
  readonly records: readonly string[];
  readonly closed?: boolean;
}

/** A stream of these shards, two records a request; iterators hold their position. `trouble` is thrown by GetRecords, one a request. */
function kinesis(shards: readonly Shard[], trouble: (string | undefined)[] = []) {
  const shardOf = (id: string | undefined): Shard => shards.find((shard) => shard.id === id) as Shard;
  return clientOf<KinesisClient>({
    ListShardsCommand({ NextToken = "0" }: ListShardsCommandInput) {
      const at = Number(NextToken);
      const Shards = shards.slice(at, at + 2).map(({ id, parents = [] }) => ({
        ...{ ShardId: id, ParentShardId: parents[0], AdjacentParentShardId: parents[1] },
      }));
      return { Shards, ...(at + 2 < shards.length && { NextToken: String(at + 2) }) };
    },
    GetShardIteratorCommand({
      ShardId = "",
      ShardIteratorType,
      StartingSequenceNumber = "",
    }: GetShardIteratorCommandInput) {
      const { records } = shardOf(ShardId);
      const from = ShardIteratorType === "AFTER_SEQUENCE_NUMBER" ? records.indexOf(StartingSequenceNumber) + 1 : 0;
      return { ShardIterator: `${ShardId} ${from}` };
    },
    GetRecordsCommand({ ShardIterator = "" }: GetRecordsCommandInput) {
      const problem = trouble.shift();
      if (problem !== undefined) throw serviceError(problem);
      const [id, from] = ShardIterator.split(" ");
      const { records, closed } = shardOf(id);
      const at = Number(from);
      const Records = records.slice(at, at + 2).map((sequence) => ({
        ...{ SequenceNumber: sequence, PartitionKey: "key", Data: Buffer.from(sequence) },
        ApproximateArrivalTimestamp: new Date(NOW),
      }));
      const rest = records.length - at - Records.length;
      const next = { NextShardIterator: `${id} ${at + Records.length}` };
      return { Records, MillisBehindLatest: rest * 1_000, ...(rest > 0 || closed !== true ? next : {}) };
    },
  });
}

/** Consumes until all shards are idle or ended. `answer`: what the handler answers to the sequence numbers of a batch; default: all is well. */
async function consumed(
  shards: readonly Shard[],
  {
    positions = createMemoryPositions(),
    trouble = [],
    answer = () => undefined,
    waits = 12,
    onRead = () => undefined,
  }: {
    readonly positions?: Positions;
    readonly trouble?: (string | undefined)[];
    readonly answer?: (sequences: readonly string[]) => string | undefined;
    readonly waits?: number;
    readonly onRead?: ConsumerOptions["onRead"];
  } = {},
) {
  const { client, sent } = kinesis(shards, trouble);
  const stop = new AbortController();
  const handled: string[] = [];
  const events: KinesisStreamEvent[] = [];
  let left = waits;
  const outcome = await consume({
    ...{ client, positions, stream: STREAM, consumer: "test", start: {}, signal: stop.signal, onRead, now: () => NOW },
    async handle(event) {
      events.push(event);
      const sequences = event.Records.map(({ kinesis: { sequenceNumber } }) => sequenceNumber);
      const failed = answer(sequences);
      handled.push(
        ...sequences.slice(0, failed === undefined ? sequences.length : Math.max(0, sequences.indexOf(failed))),
      );
      return { batchItemFailures: failed === undefined ? [] : [{ itemIdentifier: failed }] };
    },
    async wait(ms) {
      await new Promise((resolve) => setImmediate(resolve));
      // Shards are listed once a minute; what is waited for here is the shards' turns.
      if (ms >= 60_000) await new Promise<void>((resolve) => stop.signal.addEventListener("abort", () => resolve()));
      left -= 1;
      if (left <= 0) stop.abort();
    },
    log: { warn: () => undefined },
  }).then(
    () => "ended" as const,
    (error: Error) => error,
  );
  return { handled, events, sent, outcome };
}

const inputs = (
  sent: Awaited<ReturnType<typeof consumed>>["sent"],
  name: string,
): readonly GetShardIteratorCommandInput[] => sent.filter((one) => one.name === name).map(({ input }) => input);

describe("a consumer", () => {
  it("hands records over as Lambda does", async () => {
    const { events } = await consumed([{ id: "shardId-000000000007", records: ["101"] }]);
    expect(events[0]?.Records[0]).toMatchObject({
      ...{ eventID: "shardId-000000000007:101", eventSourceARN: STREAM, awsRegion: "eu-central-1" },
      kinesis: {
        ...{ sequenceNumber: "101", partitionKey: "key", approximateArrivalTimestamp: NOW / 1_000 },
        data: Buffer.from("101").toString("base64"),
      },
    });
  });

  it("reads all shards, over all pages of their list", async () => {
    const shards = ["a", "b", "c", "d", "e"].map((id, index) => ({
      id,
      records: [`${index}1`, `${index}2`, `${index}3`],
    }));
    const { handled } = await consumed(shards, { waits: 40 });
    expect(handled.toSorted()).toEqual(shards.flatMap(({ records }) => records).toSorted());
  });

  it("reads children after their parents, after a split and after a merge", async () => {
    const { handled } = await consumed([
      { id: "merged", parents: ["left", "right"], records: ["31"] },
      { id: "left", parents: ["old"], records: ["21", "22", "23"], closed: true },
      { id: "right", parents: ["old"], records: ["24"], closed: true },
      { id: "old", parents: ["gone"], records: ["11", "12", "13"], closed: true },
    ]);
    expect(handled.slice(0, 3)).toEqual(["11", "12", "13"]);
    expect(handled.slice(3, 7).toSorted()).toEqual(["21", "22", "23", "24"]);
    expect(handled.slice(7)).toEqual(["31"]);
  });

  it("does not count an ended shard as waiting, but its children until they are read", async () => {
    const times: string[] = [];
    await consumed(
      [
        { id: "old", records: ["11"], closed: true },
        { id: "new", parents: ["old"], records: ["21"] },
      ],
      { onRead: (shard, time) => void times.push(`${shard} ${time - NOW}`) },
    );
    const ended = times.indexOf("old Infinity");
    expect(times.indexOf("new -Infinity")).toBeGreaterThan(times.indexOf("old -Infinity"));
    expect(ended).toBeGreaterThan(times.indexOf("new -Infinity"));
    expect(times).toContain("new 0");
  });

  it("goes on behind its checkpoint, and leaves ended shards", async () => {
    const positions = createMemoryPositions();
    const before: readonly Shard[] = [
      { id: "a", records: ["1", "2", "3"] },
      { id: "b", records: ["7"], closed: true },
    ];
    await consumed(before, { positions });
    const { handled, sent } = await consumed([{ id: "a", records: ["1", "2", "3", "4", "5"] }, before[1] as Shard], {
      positions,
    });
    expect(handled).toEqual(["4", "5"]);
    expect(inputs(sent, "GetShardIteratorCommand").map(({ ShardId }) => ShardId)).toEqual(["a"]);
  });

  it("keeps the time that it began at, though it ends before any record came", async () => {
    const positions = createMemoryPositions();
    await positions.write(`stream test ${STREAM} start`, JSON.stringify({ time: 5 }));
    const { sent } = await consumed([{ id: "a", records: [] }], { positions });
    expect(inputs(sent, "GetShardIteratorCommand")[0]).toMatchObject({
      ShardIteratorType: "AT_TIMESTAMP",
      Timestamp: new Date(5),
    });
  });

  it.each(["ExpiredIteratorException", "ProvisionedThroughputExceededException", "InternalFailure", "ECONNRESET"])(
    "asks for a new iterator after %s, and leaves nothing out",
    async (name) => {
      const { handled, sent } = await consumed([{ id: "a", records: ["1", "2", "3", "4"] }], {
        trouble: [undefined, name],
      });
      expect(handled).toEqual(["1", "2", "3", "4"]);
      expect(inputs(sent, "GetShardIteratorCommand")[1]).toMatchObject({
        ...{ ShardIteratorType: "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber: "2" },
      });
    },
  );

  it.each(["AccessDeniedException", "UnrecognizedClientException"])(
    "ends after %s, when its shards have come to rest",
    async (name) => {
      const { outcome } = await consumed([{ id: "a", records: ["1"] }], { trouble: [name] });
      expect(outcome).toMatchObject({ code: "E_AWS_REFUSED" });
    },
  );

  it("brings again what is asked for again, from there on", async () => {
    let failures = 2;
    const { handled, events } = await consumed([{ id: "a", records: ["1", "2", "3", "4"] }], {
      answer(sequences) {
        failures -= 1;
        return failures >= 0 ? sequences[1] : undefined;
      },
    });
    // First 1 is confirmed and 2 is not, then 2 is and 3 is not.
    expect(handled).toEqual(["1", "2", "3", "4"]);
    expect(
      events.map(({ Records }) => Records.map(({ kinesis: { sequenceNumber } }) => sequenceNumber).join()),
    ).toEqual(["1,2", "2,3", "3,4"]);
  });

  it.each([[""], ["unknown"]])("brings all of a batch again whose failure is named %j", async (failed) => {
    let first = true;
    const { handled, events } = await consumed([{ id: "a", records: ["1", "2"] }], {
      answer() {
        const once = first ? failed : undefined;
        first = false;
        return once;
      },
    });
    expect(events).toHaveLength(2);
    expect(handled).toEqual(["1", "2"]);
  });

  it("brings a batch again whose handler throws", async () => {
    let first = true;
    const { handled } = await consumed([{ id: "a", records: ["1", "2"] }], {
      answer() {
        if (!first) return undefined;
        first = false;
        throw new Error("no store");
      },
    });
    expect(handled).toEqual(["1", "2"]);
  });

  it("writes a checkpoint only when the batch is confirmed", async () => {
    const positions = createMemoryPositions();
    const { handled } = await consumed([{ id: "a", records: ["1", "2"] }], { positions, answer: ([first]) => first });
    expect(handled).toEqual([]);
    expect(await positions.read(`stream test ${STREAM} a`)).toBeUndefined();
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])("that is ended at turn %i loses nothing and is gone on with", async (waits) => {
    const positions = createMemoryPositions();
    const shards: readonly Shard[] = [
      { id: "old", records: ["11", "12", "13", "14", "15"], closed: true },
      { id: "new", parents: ["old"], records: ["21", "22", "23"] },
    ];
    const first = await consumed(shards, { positions, waits });
    const second = await consumed(shards, { positions });
    expect([...first.handled, ...second.handled]).toEqual(shards.flatMap(({ records }) => records));
  });
});
