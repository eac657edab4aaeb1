import { setTimeout as sleep } from "node:timers/promises";
import { DescribeStreamSummaryCommand, KinesisClient } from "@aws-sdk/client-kinesis";
import type { Draft } from "../../detectors/core/compose.ts";
import { registry } from "../../detectors/registry.ts";
import { CrosstrailError } from "../../schemas/errors.ts";
import { awsFailure } from "../adapters/aws-failure.ts";
import { openOutput } from "../adapters/sinks/output.ts";
import { consume } from "../adapters/streams/consumer.ts";
import { createDetect } from "../detect/detect.ts";
import { createDesk } from "../findings/desk.ts";
import { createSharedClock } from "../ledger/shared-clock.ts";
import { createLog } from "../log.ts";
import { everyMinute } from "../runtime/every-minute.ts";
import { createPrograms } from "../runtime/program.ts";
import { type AwsOptions, clientConfig, regionOf } from "./aws.ts";
import { readConfig } from "./config.ts";
import { EXIT } from "./exit.ts";
import type { FeedOptions } from "./feed.ts";
import { onStop } from "./stop.ts";
import { settleUntil } from "./stream-clock.ts";
import { createCounts } from "./stream-counts.ts";
import { openStores, outboxOf, quarantineOf, type SinkOptions, type StoreOptions } from "./stream-parts.ts";
import { startSettling } from "./stream-settling.ts";

export interface StreamOptions extends AwsOptions, FeedOptions, SinkOptions, StoreOptions {
  readonly name: string;
  readonly consumer: string;
  /** Where shards begin that this consumer has never read: ms, or from their oldest record on. Default: now. */
  readonly from?: number | "oldest";
  readonly config?: string;
  readonly quiet?: boolean;
  readonly logLevel: Parameters<typeof createLog>[0];
}

/** Our clock may run ahead of the service's, and a time that is still to come it may refuse. */
const SKEW_MS = 5_000;

/** Reads a stream for as long as it is let, and puts out findings as the deployed functions do. Gives the exit code. */
export async function stream(options: StreamOptions): Promise<number> {
  const config = await readConfig(options.config);
  const log = createLog(options.logLevel);
  const stores = await openStores(options);
  const client = new KinesisClient(clientConfig(options));
  const region = await regionOf(client);
  const arn = await arnOf(client, options.name);
  const { signal, interrupted } = onStop();
  const output = await openOutput(options.out, process.stdout);
  const now = Date.now;
  const configured = async () => ({ config, version: options.config ?? "default" });
  const program = createPrograms({ configured, detectors: registry, store: stores.ledger, now, region });
  // A configuration that cannot be used ends the command before anything is read.
  const { ledger } = await program();
  const outbox = outboxOf(options, stores.findings, output);
  const desk = createDesk({ store: stores.findings, outbox, now, shadow: options.shadow === true });
  const publish = async (drafts: readonly Draft[]): Promise<void> => void (await desk.take(drafts));
  const counts = createCounts();
  const clock = createSharedClock({ store: stores.ledger, now });
  const detect = createDetect({
    ...{ program, publish, log, now, meter: counts.meter },
    quarantine: quarantineOf(options, log),
    clock,
    passed: everyMinute(clock.time, now),
  });
  const arrived = new Map<string, number>();
  const wait = (ms: number, until = signal): Promise<void> =>
    sleep(ms, undefined, { signal: until }).then(
      () => undefined,
      () => undefined,
    );

  /** Verdicts wait for the slowest shard, and for the later trail. */
  async function settle(): Promise<void> {
    const until = settleUntil(await clock.time(), arrived.values());
    if (until !== undefined) await ledger.settle(until, publish);
    await desk.catchUp();
  }

  if (options.quiet !== true)
    console.error(`reading ${options.name} as ${options.consumer}; SIGTERM or Ctrl-C ends it`);
  const settling = startSettling({ settle, wait, log });
  try {
    await consume({
      ...{ client, stream: arn, consumer: options.consumer, positions: stores.positions, handle: detect },
      start: startOf(options.from, now()),
      onRead: (shard, time) => arrived.set(shard, time),
      ...{ now, wait, signal, log },
    });
    await settling.end();
  } finally {
    await settling.stop();
    stores.close();
  }
  await output.end();
  if (options.quiet !== true) console.error(counts.line());
  return interrupted() ? EXIT.interrupted : EXIT.fine;
}

function startOf(from: StreamOptions["from"], now: number): { readonly time?: number } {
  if (from === "oldest") return {};
  return { time: Math.min(from ?? now, now - SKEW_MS) };
}

async function arnOf(client: KinesisClient, name: string): Promise<string> {
  if (name.startsWith("arn:")) return name;
  try {
    const { StreamDescriptionSummary } = await client.send(new DescribeStreamSummaryCommand({ StreamName: name }));
    const arn = StreamDescriptionSummary?.StreamARN;
    if (arn !== undefined) return arn;
  } catch (cause) {
    throw awsFailure(cause, { of: `stream ${name}`, action: "kinesis:DescribeStreamSummary" });
  }
  throw new CrosstrailError("E_AWS", `stream ${name}: no ARN was given`, { cause: undefined });
}
