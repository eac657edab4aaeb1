import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { KinesisClient } from "@aws-sdk/client-kinesis";
import { CrosstrailError } from "../../schemas/errors.ts";
import { UNKNOWN } from "../../schemas/events/event.ts";
import { readInputs } from "../adapters/sources/files.ts";
import { MAX_RECORD_BYTES, type PutOptions, putRecords, type StreamOf } from "../adapters/streams/put.ts";
import { unwrap } from "../pipeline/decode/unwrap.ts";
import { packEvents } from "../pipeline/encode/pack.ts";
import { isPlaced, logEventOf, logSourceOf, synthetic } from "../pipeline/encode/source.ts";
import type { LogEvent, LogSource } from "../pipeline/encode/subscription.ts";
import type { RawRecord } from "../pipeline/records.ts";
import { safe } from "../terminal.ts";
import { type AwsOptions, clientConfig } from "./aws.ts";
import { EXIT } from "./exit.ts";
import { packageFile } from "./package-file.ts";

export interface SendOptions extends AwsOptions {
  readonly stream: string;
  readonly cluster?: { readonly account: string; readonly region: string; readonly cluster: string };
  readonly sample?: "attack";
  /** Marks the events as made up. */
  readonly synthetic?: boolean;
  readonly quiet?: boolean;
}

/** What a sample's events are of when nothing else is said: the account of documentations. */
const DEMO = { account: "111122223333", region: "eu-central-1", cluster: "demo" };

/** Puts recorded events on a stream as a subscription of CloudWatch Logs would. Gives the exit code. */
export async function send(paths: readonly string[], options: SendOptions): Promise<number> {
  const files = [...paths, ...(options.sample === undefined ? [] : sampleFiles())];
  if (files.length === 0)
    throw new CrosstrailError("E_CONFIG", "nothing to send: name files, or --sample attack", { cause: undefined });
  const client = new KinesisClient(clientConfig(options));
  const put: PutOptions = { client, wait: (ms) => sleep(ms) };
  const { sent, records, failed, skipped } = await sendFiles(files, streamNamed(options.stream), options, put);
  if (options.quiet !== true)
    console.error(
      `${sent} events sent in ${records} records, ${failed} not taken, ${skipped} pieces that are no events left out`,
    );
  return failed > 0 ? EXIT.failed : EXIT.fine;
}

export const streamNamed = (name: string): StreamOf =>
  name.startsWith("arn:") ? { StreamARN: name } : { StreamName: name };

/** What is sent together at most: a chunk of files may be small, and a subscription puts many events into a record. */
const EVENTS_AT_A_TIME = 20_000;

export interface Sent {
  readonly sent: number;
  readonly records: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The work of `send`, apart from who says what. Throws E_CONFIG for an audit event of no known cluster. */
export async function sendFiles(
  files: readonly string[],
  stream: StreamOf,
  options: Pick<SendOptions, "cluster" | "sample" | "synthetic">,
  put: PutOptions,
): Promise<Sent> {
  const scope = options.cluster ?? (options.sample === undefined ? nowhere : DEMO);
  const marked = options.synthetic === true || options.sample !== undefined;
  const waiting = new Map<string, { readonly source: LogSource; readonly events: LogEvent[] }>();
  let total: Sent = { sent: 0, records: 0, failed: 0, skipped: 0 };
  let held = 0;

  function hold(record: RawRecord): void {
    if (!isPlaced(record)) throw unplaced(record);
    const value = parsed(record.text);
    const source = logSourceOf(record, value);
    const made = marked ? synthetic(record, value) : value;
    const event = logEventOf(record, value);
    const key = `${source.owner}\n${source.logGroup}\n${source.logStream}`;
    const lane = waiting.get(key) ?? { source, events: [] };
    lane.events.push(marked && made !== undefined ? { ...event, message: JSON.stringify(made) } : event);
    waiting.set(key, lane);
    held += 1;
  }

  async function flush(): Promise<void> {
    const lanes = [...waiting.values()].map(({ source, events }) =>
      // The partition key counts as well.
      packEvents(source, events, MAX_RECORD_BYTES - Buffer.byteLength(source.logStream)),
    );
    const packed = lanes.flatMap((lane) => lane.packed);
    // As a subscription does it by default: one key, and so one shard, a log stream (aws-plumbing.md §1.2).
    const outgoing = packed.map(({ source, data }) => ({ key: source.logStream, data }));
    const outcome = await putRecords(stream, outgoing, put);
    const taken = packed.filter((_, index) => outcome[index] === undefined);
    const sent = taken.reduce((sum, { events }) => sum + events, 0);
    total = {
      ...total,
      sent: total.sent + sent,
      records: total.records + taken.length,
      failed: total.failed + held - sent,
    };
    waiting.clear();
    held = 0;
  }

  const onError = (error: CrosstrailError): void => {
    console.error(safe(`crosstrail: ${error.message}`));
    total = { ...total, failed: total.failed + 1 };
  };
  for await (const { frames } of readInputs(files, { onError })) {
    for (const frame of frames) {
      const { records, aside } = frame.error === undefined ? unwrap(frame, { scope }) : { records: [], aside: [frame] };
      total = { ...total, skipped: total.skipped + aside.length };
      for (const record of records) hold(record);
    }
    if (held >= EVENTS_AT_A_TIME) await flush();
  }
  await flush();
  return total;
}

const nowhere = { account: UNKNOWN, region: UNKNOWN, cluster: UNKNOWN };

const unplaced = ({ origin: { from, line } }: RawRecord): CrosstrailError =>
  new CrosstrailError(
    "E_CONFIG",
    `${from}${line === undefined ? "" : `:${line}`}: an audit event that does not say its cluster: give --cluster ACCOUNT/REGION/NAME`,
    { cause: undefined },
  );

/** The packaged attack: beside the bundle, or in the checkout. */
function sampleFiles(): readonly string[] {
  const folder = packageFile("dist/samples/attack/") ?? packageFile("test/recordings/demo/");
  if (folder === undefined)
    throw new CrosstrailError("E_READ", "the sample is not part of this package", { cause: undefined });
  return [fileURLToPath(folder)];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
