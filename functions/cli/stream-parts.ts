import { appendFile } from "node:fs/promises";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import type { Logger } from "pino";
import { CrosstrailError } from "../../schemas/errors.ts";
import { compact } from "../../schemas/json.ts";
import { createDynamoFindings } from "../adapters/findings/dynamodb.ts";
import { createMemoryFindings } from "../adapters/findings/memory.ts";
import { createDynamoStore } from "../adapters/ledger/dynamodb.ts";
import { createMemoryStore } from "../adapters/ledger/memory.ts";
import { createDynamoPositions } from "../adapters/positions/dynamodb.ts";
import { openSqlitePositions } from "../adapters/positions/sqlite.ts";
import { createS3Quarantine } from "../adapters/quarantine/s3.ts";
import { createSqsOutbox } from "../adapters/queues/outbox.ts";
import type { Output } from "../adapters/sinks/output.ts";
import { reasonOf } from "../adapters/sinks/reason.ts";
import type { Outbox } from "../findings/desk.ts";
import type { FindingStore, Reminders } from "../findings/ports.ts";
import type { DueStore, LedgerStore } from "../ledger/ports.ts";
import { createMemoryPositions, type Positions } from "../positions.ts";
import type { Quarantine } from "../runtime/quarantine.ts";
import { type AwsOptions, clientConfig, s3Config } from "./aws.ts";
import { createFeed, type FeedOptions } from "./feed.ts";
import { openFindings, openLedger } from "./ledger.ts";

export interface StoreOptions extends AwsOptions {
  /** A file. */
  readonly ledger?: string;
  /** A DynamoDB table, as the deployed functions have it. */
  readonly table?: string;
}

export interface SinkOptions extends AwsOptions {
  /** URLs. */
  readonly notifyQueue?: string;
  readonly hubUrgentQueue?: string;
  readonly hubQueue?: string;
  readonly quarantineBucket?: string;
  /** A file. */
  readonly setAside?: string;
}

export interface Stores {
  readonly ledger: LedgerStore & DueStore;
  readonly findings: FindingStore & Reminders;
  readonly positions: Positions;
  readonly close: () => void;
}

/** Ledger, findings and checkpoints, side by side: in a table, in a file, or for this run only. Throws E_CONFIG for two at once. */
export async function openStores({ ledger: file, table, ...options }: StoreOptions): Promise<Stores> {
  if (file !== undefined && table !== undefined)
    throw new CrosstrailError("E_CONFIG", "--ledger and --table are two places for one ledger", { cause: undefined });
  if (table !== undefined) {
    const client = new DynamoDBClient(clientConfig(options));
    return {
      ledger: createDynamoStore({ client, table }),
      findings: createDynamoFindings({ client, table }),
      positions: createDynamoPositions(client, table),
      close: () => client.destroy(),
    };
  }
  if (file === undefined)
    return {
      ledger: createMemoryStore(),
      findings: createMemoryFindings(),
      positions: createMemoryPositions(),
      close: () => undefined,
    };
  const ledger = await openLedger(file, { create: true });
  const findings = await openFindings(file);
  const positions = openSqlitePositions(file);
  return {
    ...{ ledger, findings, positions },
    close() {
      for (const one of [ledger, findings, positions]) one.close();
    },
  };
}

/** The queues that were named, from which `publish` goes on; or, without any, the output. */
export function outboxOf(options: SinkOptions & FeedOptions, findings: FindingStore, output: Output): Outbox {
  const queues = compact({ hubUrgent: options.hubUrgentQueue, hub: options.hubQueue, notify: options.notifyQueue });
  if (Object.keys(queues).length === 0) return createFeed(findings, output, options);
  return createSqsOutbox(new SQSClient(clientConfig(options)), queues);
}

/** Where records wait that could not be judged: a bucket, a file of one a line, or nowhere, which the log then says of each. */
export function quarantineOf({ quarantineBucket, setAside, ...options }: SinkOptions, log: Logger): Quarantine {
  if (quarantineBucket !== undefined) return createS3Quarantine(new S3Client(s3Config(options)), quarantineBucket);
  return {
    async keep(record) {
      const { shard, sequence, reasons } = record;
      if (setAside === undefined)
        log.error({ shard, sequence, reasons }, "a record could not be judged, and nothing was named to keep it in");
      else await appendFile(setAside, `${JSON.stringify(record)}\n`).catch(unkept(setAside));
    },
  };
}

const unkept =
  (file: string) =>
  (cause: unknown): never => {
    throw new CrosstrailError("E_QUARANTINE", `${file}: ${reasonOf(cause)}`, { cause });
  };
