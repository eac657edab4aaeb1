import type { KinesisStreamRecord } from "aws-lambda";
import { FUNCTION_ARN } from "./esm-invocation.ts";
import type { SimRecord } from "./kinesis-stream.ts";

export type Condition = "RetryAttemptsExhausted" | "RecordAgeExceeded";

/** What the on-failure destination gets. S3 has the whole event as text in `payload`; SQS has none of it. */
export interface FailureRecord {
  readonly requestContext: {
    readonly functionArn: string;
    readonly condition: Condition;
    readonly approximateInvokeCount: number;
  };
  readonly version: "1.0";
  readonly timestamp: string;
  readonly KinesisBatchInfo: {
    readonly shardId: string;
    readonly startSequenceNumber: string;
    readonly endSequenceNumber: string;
    readonly approximateArrivalOfFirstRecord: string;
    readonly approximateArrivalOfLastRecord: string;
    readonly batchSize: number;
    readonly streamArn: string;
  };
  readonly payload?: string;
}

/** What is told of a batch that is given up. `whole` as for S3. */
export function toFailure(
  records: readonly SimRecord[],
  what: { readonly condition: Condition; readonly invoked: number; readonly atMs: number; readonly streamArn: string },
  whole: boolean,
): FailureRecord {
  const [first, last] = [records[0], records.at(-1)];
  if (first === undefined || last === undefined) throw new Error("A batch that is given up has records.");
  const { condition, invoked, atMs, streamArn } = what;
  return {
    requestContext: { functionArn: FUNCTION_ARN, condition, approximateInvokeCount: invoked },
    ...{ version: "1.0", timestamp: new Date(atMs).toISOString() },
    KinesisBatchInfo: {
      ...{ shardId: first.shardId, batchSize: records.length, streamArn },
      ...{ startSequenceNumber: first.sequenceNumber, endSequenceNumber: last.sequenceNumber },
      approximateArrivalOfFirstRecord: new Date(first.arrivedMs).toISOString(),
      approximateArrivalOfLastRecord: new Date(last.arrivedMs).toISOString(),
    },
    ...(whole
      ? { payload: JSON.stringify({ Records: records.map((record) => toEventRecord(record, streamArn)) }) }
      : {}),
  };
}

export function toEventRecord(record: SimRecord, streamArn: string): KinesisStreamRecord {
  const { shardId, sequenceNumber, partitionKey, data, arrivedMs } = record;
  return {
    kinesis: {
      ...{ kinesisSchemaVersion: "1.0", partitionKey, sequenceNumber, data: data.toString("base64") },
      approximateArrivalTimestamp: arrivedMs / 1000,
    },
    ...{ eventSource: "aws:kinesis", eventVersion: "1.0", eventName: "aws:kinesis:record", awsRegion: "eu-central-1" },
    ...{ eventID: `${shardId}:${sequenceNumber}`, eventSourceARN: streamArn },
    invokeIdentityArn: "arn:aws:iam::000000000000:role/lambda",
  };
}
