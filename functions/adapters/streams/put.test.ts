import type { KinesisClient, PutRecordsCommandInput } from "@aws-sdk/client-kinesis";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { atOnce, clientOf, serviceError } from "../../../test/support/aws.ts";
import { type Outgoing, putRecords } from "./put.ts";

const STREAM = { StreamName: "crosstrail" };
const recordsOf = (count: number, bytes = 1): Outgoing[] =>
  Array.from({ length: count }, (_, index) => ({ key: `key-${index}`, data: Buffer.alloc(bytes, index % 256) }));

/** A stream that refuses those of these keys that often. */
function kinesis(refusals: ReadonlyMap<string, number> = new Map()) {
  const left = new Map(refusals);
  const took: string[] = [];
  const { client, sent } = clientOf<KinesisClient>({
    PutRecordsCommand: ({ Records = [] }: PutRecordsCommandInput) => ({
      Records: Records.map(({ PartitionKey = "" }) => {
        const times = left.get(PartitionKey) ?? 0;
        left.set(PartitionKey, times - 1);
        if (times > 0) return { ErrorCode: "ProvisionedThroughputExceededException" };
        took.push(PartitionKey);
        return { SequenceNumber: "1" };
      }),
    }),
  });
  return { client, took, requests: (): PutRecordsCommandInput[] => sent.map(({ input }) => input) };
}

describe("records that are put on a stream", () => {
  it("go in requests of 500 at most", async () => {
    const { client, requests, took } = kinesis();
    await putRecords(STREAM, recordsOf(1_201), { client, wait: atOnce });
    expect(requests().map(({ Records }) => Records?.length)).toEqual([500, 500, 201]);
    expect(took).toHaveLength(1_201);
  });

  it("go in requests of 10 MiB at most, keys included", async () => {
    const { client, requests } = kinesis();
    await putRecords(STREAM, recordsOf(21, 1_024 * 1_024 - 2), { client, wait: atOnce });
    // Ten of them would fit without their keys.
    expect(requests().map(({ Records }) => Records?.length)).toEqual([9, 9, 3]);
  });

  it("go again when they were not taken, those alone, until they are", async () => {
    const { client, requests, took } = kinesis(
      new Map([
        ["key-1", 2],
        ["key-3", 1],
      ]),
    );
    const outcome = await putRecords(STREAM, recordsOf(5), { client, wait: atOnce });
    expect(outcome).toEqual(new Array(5).fill(undefined));
    expect(requests().map(({ Records }) => Records?.map(({ PartitionKey }) => PartitionKey))).toEqual([
      ["key-0", "key-1", "key-2", "key-3", "key-4"],
      ["key-1", "key-3"],
      ["key-1"],
    ]);
    expect(took).toHaveLength(5);
  });

  it("are given up after a while, at growing distance, and named", async () => {
    const waits: number[] = [];
    const { client } = kinesis(new Map([["key-0", 1_000]]));
    const outcome = await putRecords(STREAM, recordsOf(2), { client, wait: async (ms) => void waits.push(ms) });
    expect(outcome).toEqual(["ProvisionedThroughputExceededException", undefined]);
    expect(waits).toHaveLength(9);
    expect(waits.every((ms, index) => index === 0 || ms >= (waits[index - 1] ?? 0))).toBe(true);
  });

  it("end in one sentence when the stream is not there", async () => {
    const { client } = clientOf<KinesisClient>({
      PutRecordsCommand() {
        throw serviceError("ResourceNotFoundException");
      },
    });
    await expect(putRecords(STREAM, recordsOf(1), { client, wait: atOnce })).rejects.toMatchObject({
      ...{ code: "E_AWS_REFUSED", message: expect.stringContaining("no stream crosstrail") },
    });
  });

  it("any refusals: each is taken exactly once", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 30 }), async (times) => {
        const { client, took } = kinesis(new Map(times.map((count, index) => [`key-${index}`, count])));
        await putRecords(STREAM, recordsOf(times.length), { client, wait: async () => undefined });
        expect(took.toSorted()).toEqual(
          recordsOf(times.length)
            .map(({ key }) => key)
            .toSorted(),
        );
      }),
    );
  });
});
