import type { KinesisStreamEvent } from "aws-lambda";

/** A record as GetRecords gives it. */
export interface ShardRecord {
  readonly SequenceNumber?: string | undefined;
  readonly PartitionKey?: string | undefined;
  readonly ApproximateArrivalTimestamp?: Date | undefined;
  readonly Data?: Uint8Array | undefined;
}

/** `arn:aws:kinesis:REGION:ACCOUNT:stream/NAME`. */
export interface Shard {
  readonly stream: string;
  readonly id: string;
}

/** Records of a shard as Lambda hands them to its function (aws-plumbing.md §1.6; @types/aws-lambda). */
export const lambdaEvent = ({ stream, id }: Shard, records: readonly ShardRecord[]): KinesisStreamEvent => ({
  Records: records.map(({ SequenceNumber = "", PartitionKey = "", ApproximateArrivalTimestamp, Data }) => ({
    awsRegion: stream.split(":")[3] ?? "",
    eventID: `${id}:${SequenceNumber}`,
    eventName: "aws:kinesis:record",
    eventSource: "aws:kinesis",
    eventSourceARN: stream,
    eventVersion: "1.0",
    invokeIdentityArn: "",
    kinesis: {
      kinesisSchemaVersion: "1.0",
      partitionKey: PartitionKey,
      sequenceNumber: SequenceNumber,
      approximateArrivalTimestamp: (ApproximateArrivalTimestamp?.getTime() ?? 0) / 1_000,
      data: Buffer.from(Data ?? new Uint8Array()).toString("base64"),
    },
  })),
});
