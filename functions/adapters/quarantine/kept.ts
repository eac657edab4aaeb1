import { at, list, text } from "../../../schemas/json.ts";
import { isKeptRecord } from "../../../schemas/validators.generated.js";
import type { Outgoing } from "../streams/put.ts";

/** A record that waits in an object, to be put on its stream as it was. */
export interface Waiting extends Outgoing {
  /** ARN. */
  readonly stream: string;
}

export type KeptObject =
  | { readonly records: readonly Waiting[]; readonly codes: readonly string[] }
  | { readonly problem: string };

/** What an object of the quarantine holds: a record that we kept, or a whole invocation that Lambda gave up and wrote down (its S3 destination puts the event as text
 * under `payload`, aws-plumbing.md §1.5; docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html). */
export function keptObjectOf(body: string): KeptObject {
  const value = parsed(body);
  if (value === undefined) return { problem: "no JSON" };
  if (isKeptRecord(value)) {
    const { stream, partitionKey, data, reasons } = value;
    const record = { stream, key: partitionKey, data: Buffer.from(data, "base64") };
    return { records: [record], codes: [...new Set(reasons.map(({ code }) => code))] };
  }
  if (at(value, "KinesisBatchInfo") !== undefined) return invocationOf(value);
  const [problem] = isKeptRecord.errors ?? [];
  return { problem: `no kept record: ${problem?.instancePath || "it"} ${problem?.message ?? "is not valid"}` };
}

function invocationOf(value: unknown): KeptObject {
  const payload = at(value, "payload");
  // Queues and topics are told where the records were, and nothing else.
  if (payload === undefined) return { problem: "an invocation without its payload" };
  // Text, says AWS; LocalStack puts the event itself there. Nobody is to lose records over which of the two it is.
  const all = list(typeof payload === "string" ? parsed(payload) : payload, "Records");
  const records = all.flatMap((record) => {
    const stream = text(record, "eventSourceARN");
    const key = text(record, "kinesis", "partitionKey");
    const data = text(record, "kinesis", "data");
    if (!stream?.startsWith("arn:") || !key || data === undefined) return [];
    return [{ stream, key, data: Buffer.from(data, "base64") }];
  });
  if (records.length === 0 || records.length < all.length)
    return { problem: "an invocation whose records are not whole" };
  return { records, codes: [text(value, "requestContext", "condition") ?? "unknown"] };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
