import type { KinesisClient, PutRecordsCommandInput } from "@aws-sdk/client-kinesis";
import type {
  CopyObjectCommandInput,
  DeleteObjectCommandInput,
  GetObjectCommandInput,
  ListObjectsV2CommandInput,
  S3Client,
} from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import type { KeptRecord } from "../../../schemas/quarantine/kept-record.ts";
import { atOnce, clientOf, serviceError } from "../../../test/support/aws.ts";
import { batch, record } from "../../../test/support/stream.ts";
import { PREFIXES } from "./prefixes.ts";
import { type RedriveOptions, redrive } from "./redrive.ts";

const STREAM = "arn:aws:kinesis:eu-central-1:111122223333:stream/crosstrail";
const WRITTEN = new Date("2026-11-22T10:00:00Z");
const AFTER = WRITTEN.getTime() + 1;

const kept = (sequence: string, rest: Partial<KeptRecord> = {}): KeptRecord => ({
  ...{ version: 1, stream: STREAM, shard: "shardId-000000000000", sequence, partitionKey: `key ${sequence}` },
  arrived: "2026-11-22T09:00:00.000Z",
  reasons: [{ code: "E_BUG", message: "a record that this program failed on" }],
  data: Buffer.from(`data ${sequence}`).toString("base64"),
  ...rest,
});
const keyOf = (sequence: string): string => `kept/2026-11-22/shardId-000000000000/${sequence}.json`;

/** As Lambda's S3 destination writes it (docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html). */
const invocation = (payload?: unknown): object => ({
  requestContext: { requestId: "r", functionArn: "f", condition: "RetryAttemptsExhausted", approximateInvokeCount: 4 },
  responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
  ...{ version: "1.0", timestamp: "2026-11-22T10:00:00.000Z" },
  KinesisBatchInfo: { shardId: "shardId-000000000000", batchSize: 2, streamArn: STREAM },
  ...(payload !== undefined && { payload: JSON.stringify(payload) }),
});
const INVOCATION_KEY = "aws/lambda/0a1b/shardId-000000000000/2026/11/22/2026-11-22T10.00.00-0a1b";

/** A bucket, a stream, and what may go wrong: `fails` is asked before every request. */
function world(
  objects: Readonly<Record<string, object | string>>,
  fails: (name: string, at: number) => boolean = () => false,
) {
  const bucket = new Map(
    Object.entries(objects).map(([key, body]) => [key, typeof body === "string" ? body : JSON.stringify(body)]),
  );
  const took: string[] = [];
  const problems: string[] = [];
  let requests = 0;
  const trouble = (name: string): void => {
    requests += 1;
    if (fails(name, requests)) throw serviceError("ServiceUnavailable");
  };
  const s3 = clientOf<S3Client>({
    ListObjectsV2Command({ Prefix = "", ContinuationToken = "" }: ListObjectsV2CommandInput) {
      trouble("List");
      const keys = [...bucket.keys()].filter((key) => key.startsWith(Prefix) && key > ContinuationToken).toSorted();
      const page = keys.slice(0, 3);
      return {
        Contents: page.map((Key) => ({ Key, LastModified: WRITTEN })),
        ...(keys.length > 3 && { NextContinuationToken: page.at(-1) }),
      };
    },
    GetObjectCommand({ Key = "" }: GetObjectCommandInput) {
      trouble("Get");
      return { Body: { transformToString: async () => bucket.get(Key) } };
    },
    CopyObjectCommand({ Key = "", CopySource = "" }: CopyObjectCommandInput) {
      trouble("Copy");
      bucket.set(Key, bucket.get(decodeURIComponent(CopySource.slice("quarantine/".length))) ?? "");
    },
    DeleteObjectCommand({ Key = "" }: DeleteObjectCommandInput) {
      trouble("Delete");
      bucket.delete(Key);
    },
  });
  const kinesis = clientOf<KinesisClient>({
    PutRecordsCommand({ Records = [], StreamARN }: PutRecordsCommandInput) {
      trouble("Put");
      return {
        Records: Records.map(({ PartitionKey = "", Data = new Uint8Array() }) => {
          if (PartitionKey === "key full") return { ErrorCode: "InternalFailure" };
          took.push(`${StreamARN?.split("/")[1]} ${PartitionKey} ${Buffer.from(Data).toString()}`);
          return { SequenceNumber: "1" };
        }),
      };
    },
  });
  const run = (rest: Partial<RedriveOptions> = {}) =>
    redrive({
      ...{ s3: s3.client, client: kinesis.client, wait: atOnce, bucket: "quarantine", prefixes: PREFIXES },
      ...{ dryRun: false, before: AFTER, signal: new AbortController().signal },
      onProblem: (key, problem) => void problems.push(`${key}: ${problem}`),
      ...rest,
    });
  return { run, took, problems, keys: () => [...bucket.keys()].toSorted(), sent: s3.sent };
}

const some = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [keyOf(`${10 + at}`), kept(`${10 + at}`)]));

describe("a redrive", () => {
  it("puts each record on its stream as it was, and moves its object", async () => {
    const { run, took, keys } = world({
      [keyOf("1")]: kept("1"),
      [keyOf("2")]: kept("2", {
        stream: STREAM.replace("crosstrail", "other"),
        reasons: [{ code: "E_KPL", message: "" }],
      }),
    });
    const { codes, ...counts } = await run();
    expect(counts).toEqual({ objects: 2, records: 2, left: 0 });
    expect([...codes]).toEqual([
      ["E_BUG", 1],
      ["E_KPL", 1],
    ]);
    expect(took.toSorted()).toEqual(["crosstrail key 1 data 1", "other key 2 data 2"]);
    expect(keys()).toEqual([`redriven/${keyOf("1")}`, `redriven/${keyOf("2")}`]);
  });

  it("goes over all pages of the bucket, though objects go on the way", async () => {
    const { run, took, keys } = world(some(10));
    expect(await run()).toMatchObject({ objects: 10, left: 0 });
    expect(took).toHaveLength(10);
    expect(keys().every((key) => key.startsWith("redriven/"))).toBe(true);
    expect(await run()).toMatchObject({ objects: 0, left: 0 });
  });

  it.each([
    ["as text", invocation],
    ["as it is", (event: unknown) => ({ ...invocation(), payload: event })],
  ])("puts the records of an invocation again that Lambda gave up, with the event %s", async (_, written) => {
    const event = batch([record(1, Buffer.from("one")), record(2, Buffer.from("two"))]);
    const { run, took } = world({ [INVOCATION_KEY]: written(event) });
    const { codes, ...counts } = await run();
    expect(counts).toEqual({ objects: 1, records: 2, left: 0 });
    expect([...codes]).toEqual([["RetryAttemptsExhausted", 1]]);
    expect(took).toEqual(["crosstrail a-log-stream one", "crosstrail a-log-stream two"]);
  });

  it.each<[string, object | string, RegExp]>([
    ["no JSON", "nonsense", /no JSON/],
    ["something else", { hello: 1 }, /no kept record/],
    ["a kept record without its data", { ...kept("1"), data: undefined }, /data/],
    ["an invocation that a queue was told of", invocation(), /without its payload/],
    ["an invocation of another service", invocation({ Records: [{ body: "x" }] }), /not whole/],
    [
      "an invocation of which one record is not whole",
      invocation({ Records: [record(1, Buffer.from("one")), { eventSourceARN: STREAM, kinesis: { data: "" } }] }),
      /not whole/,
    ],
    ["an invocation of no records", invocation({ Records: [] }), /not whole/],
  ])("leaves %s where it is, and says so", async (_, object, problem) => {
    const { run, took, keys, problems } = world({ [keyOf("1")]: object });
    expect(await run()).toMatchObject({ objects: 0, left: 1 });
    expect([took, keys()]).toEqual([[], [keyOf("1")]]);
    expect(problems[0]).toMatch(problem);
  });

  it("leaves an object of which not all was taken", async () => {
    const { run, keys, problems } = world({ [keyOf("1")]: kept("1"), [keyOf("full")]: kept("full") });
    expect(await run()).toMatchObject({ objects: 1, left: 1 });
    expect(keys()).toEqual([keyOf("full"), `redriven/${keyOf("1")}`]);
    expect(problems).toEqual([`${keyOf("full")}: not taken: InternalFailure`]);
  });

  it("changes nothing when it is dry, and counts the same", async () => {
    const { run, took, keys, sent } = world(some(4));
    expect(await run({ dryRun: true })).toMatchObject({
      objects: 4,
      records: 4,
      left: 0,
      codes: new Map([["E_BUG", 4]]),
    });
    expect([took, keys()]).toEqual([[], Object.keys(some(4)).toSorted()]);
    expect(sent.every(({ name }) => /^(?:List|Get)/.test(name))).toBe(true);
  });

  it("leaves what was kept since it began: a record that fails again would go round for ever", async () => {
    expect(await world(some(2)).run({ before: WRITTEN.getTime() })).toMatchObject({ objects: 0, left: 0 });
  });

  it("does not take up again what it has moved, whatever prefix is asked for", async () => {
    const { run } = world({ [`redriven/${keyOf("1")}`]: kept("1") });
    expect(await run({ prefixes: [""] })).toMatchObject({ objects: 0 });
  });

  it.each(Array.from({ length: 16 }, (_, at) => at + 1))(
    "that ends at request %i has moved nothing that is not on its stream, and the next one does the rest",
    async (fatal) => {
      let over = false;
      const { run, took, keys } = world(some(3), (_, at) => {
        if (at === fatal) over = true;
        return over && at < 1_000 && at >= fatal && !revived;
      });
      let revived = false;
      await run().catch(() => undefined);
      const moved = keys().filter((key) => key.startsWith("redriven/"));
      for (const key of moved) {
        const sequence = /(\d+)\.json$/.exec(key)?.[1];
        expect(took).toContain(`crosstrail key ${sequence} data ${sequence}`);
      }
      revived = true;
      await run();
      expect(keys().every((key) => key.startsWith("redriven/"))).toBe(true);
      expect(new Set(took).size).toBe(3);
    },
  );
});
