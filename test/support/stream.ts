/** Records of a stream as Lambda hands them over. */
import type { Context, KinesisStreamEvent, KinesisStreamRecord } from "aws-lambda";
import { encodeSubscription } from "../../functions/pipeline/encode/subscription.ts";

export const STREAM_ARN = "arn:aws:kinesis:eu-central-1:111122223333:stream/crosstrail";
const OWNER = "111122223333";

/** Lines of either trail, in the envelopes in which their log groups send them. */
export function envelope(lines: readonly string[]): Buffer {
  const isCall = lines[0]?.includes('"eventSource"') === true;
  const source = isCall
    ? { owner: OWNER, logGroup: "cloudtrail", logStream: `${OWNER}_CloudTrail_eu-central-1` }
    : { owner: OWNER, logGroup: "/aws/eks/demo/cluster", logStream: "kube-apiserver-audit-0123456789abcdef" };
  return encodeSubscription(
    source,
    lines.map((message) => ({ timestamp: Date.UTC(2026, 10, 22), message })),
  );
}

export const record = (sequence: number, data: Uint8Array, shard = "shardId-000000000000"): KinesisStreamRecord => ({
  awsRegion: "eu-central-1",
  eventID: `${shard}:${sequenceOf(sequence)}`,
  eventName: "aws:kinesis:record",
  eventSource: "aws:kinesis",
  eventSourceARN: STREAM_ARN,
  eventVersion: "1.0",
  invokeIdentityArn: "arn:aws:iam::111122223333:role/detect",
  kinesis: {
    kinesisSchemaVersion: "1.0",
    partitionKey: "a-log-stream",
    sequenceNumber: sequenceOf(sequence),
    approximateArrivalTimestamp: Date.UTC(2026, 10, 22, 12) / 1_000 + sequence,
    data: Buffer.from(data).toString("base64"),
  },
});

/** As long as Kinesis' are: compared as numbers, not as text. */
export const sequenceOf = (sequence: number): string =>
  `4959033827149025660855969259${String(sequence).padStart(28, "0")}`;

export const batch = (records: readonly KinesisStreamRecord[]): KinesisStreamEvent => ({ Records: [...records] });

export const contextOf = (remainingMs = 60_000): Pick<Context, "getRemainingTimeInMillis" | "awsRequestId"> => ({
  awsRequestId: "00000000-0000-4000-8000-000000000000",
  getRemainingTimeInMillis: () => remainingMs,
});
