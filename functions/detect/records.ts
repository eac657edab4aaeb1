import type { KinesisStreamRecord } from "aws-lambda";
import { compact } from "../../schemas/json.ts";
import type { KeptRecord } from "../../schemas/quarantine/kept-record.ts";
import type { Frame } from "../pipeline/records.ts";

/** `shardId-000000000000:4959…` (aws-plumbing.md §1.6). */
const shardOf = ({ eventID }: KinesisStreamRecord): string => /^(shardId-\d+):/.exec(eventID)?.[1] ?? "";

/** A record of an invocation as the pipeline takes it: its payload, and where it came from. */
export const frameOf = (record: KinesisStreamRecord): Frame => ({
  text: record.kinesis.data,
  payload: true,
  origin: compact({
    from: record.eventSourceARN,
    shard: shardOf(record) || undefined,
    sequence: record.kinesis.sequenceNumber,
  }),
});

/** The same, whole, as it is kept aside. */
export const keptOf = (record: KinesisStreamRecord, reasons: KeptRecord["reasons"]): KeptRecord => ({
  version: 1,
  stream: record.eventSourceARN,
  shard: shardOf(record),
  sequence: record.kinesis.sequenceNumber,
  partitionKey: record.kinesis.partitionKey,
  arrived: new Date(record.kinesis.approximateArrivalTimestamp * 1_000).toISOString(),
  reasons,
  data: record.kinesis.data,
});
