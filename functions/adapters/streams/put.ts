import { type KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { awsFailure } from "../aws-failure.ts";

export interface Outgoing {
  readonly key: string;
  readonly data: Uint8Array;
}

/** A stream by its name, or by its ARN. */
export type StreamOf = { readonly StreamName: string } | { readonly StreamARN: string };

export interface PutOptions {
  readonly client: Pick<KinesisClient, "send">;
  readonly wait: (ms: number) => Promise<void>;
}

/** Of one PutRecords: 500 records and 10 MiB, partition keys included (aws-plumbing.md §1.1). A record may have as much as its stream allows, 1 MiB unless
 * that was raised. */
const MAX_RECORDS = 500;
const MAX_BYTES = 10 * 1_024 * 1_024;
export const MAX_RECORD_BYTES = 1_024 * 1_024;
const ROUNDS = 10;
const FIRST_WAIT_MS = 200;
const MAX_WAIT_MS = 10_000;

/** Puts records on a stream; those that Kinesis does not take (PutRecords is not atomic) again, at growing distance. Gives for each why it was not taken in the end,
 * or undefined. Order is not kept. Rejects with E_AWS or E_AWS_REFUSED when a request fails as a whole: what went before it was taken. */
export async function putRecords(
  stream: StreamOf,
  records: readonly Outgoing[],
  options: PutOptions,
): Promise<readonly (string | undefined)[]> {
  const outcome = new Map<Outgoing, string | undefined>();
  for (const request of requestsOf(records)) {
    let left = request;
    for (let round = 0; left.length > 0; round += 1) {
      const codes = await put(stream, left, options);
      for (const [index, record] of left.entries()) outcome.set(record, codes[index]);
      left = left.filter((_, index) => codes[index] !== undefined);
      if (left.length === 0 || round + 1 >= ROUNDS) break;
      await options.wait(Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** round));
    }
  }
  return records.map((record) => outcome.get(record));
}

async function put(
  stream: StreamOf,
  records: readonly Outgoing[],
  { client }: PutOptions,
): Promise<readonly (string | undefined)[]> {
  const Records = records.map(({ key, data }) => ({ PartitionKey: key, Data: data }));
  const command = new PutRecordsCommand({ ...stream, Records });
  const { Records: results = [] } = await client.send(command).catch((cause: unknown) => {
    const of = `stream ${Object.values(stream)[0]}`;
    throw awsFailure(cause, { of, action: "kinesis:PutRecords" });
  });
  return records.map((_, index) => {
    const { ErrorCode, SequenceNumber } = results[index] ?? {};
    return ErrorCode ?? (SequenceNumber === undefined ? "no answer" : undefined);
  });
}

function requestsOf(records: readonly Outgoing[]): Outgoing[][] {
  const requests: Outgoing[][] = [];
  let bytes = 0;
  for (const record of records) {
    const size = record.data.length + Buffer.byteLength(record.key);
    const last = requests.at(-1);
    if (last === undefined || last.length >= MAX_RECORDS || bytes + size > MAX_BYTES) {
      requests.push([record]);
      bytes = size;
    } else {
      last.push(record);
      bytes += size;
    }
  }
  return requests;
}
