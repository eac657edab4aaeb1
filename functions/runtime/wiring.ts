import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import type { Draft } from "../../detectors/core/compose.ts";
import { registry } from "../../detectors/registry.ts";
import { samples } from "../../detectors/samples.generated.ts";
import { compact } from "../../schemas/json.ts";
import { createS3Config } from "../adapters/config/s3.ts";
import { createDynamoFindings } from "../adapters/findings/dynamodb.ts";
import { createDynamoStore } from "../adapters/ledger/dynamodb.ts";
import { createEmfMeter } from "../adapters/metrics/emf.ts";
import { createSqsOutbox } from "../adapters/queues/outbox.ts";
import { createDesk } from "../findings/desk.ts";
import { createLog, levels } from "../log.ts";
import { type Configured, createConfigSource } from "./config-source.ts";
import { optional, readEnvironment } from "./environment.ts";
import { accept, createPrograms } from "./program.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** What every function has: built once, when its environment starts (style §4.3). */
export function shared(env: Env) {
  const names = readEnvironment(["AWS_REGION", "AWS_LAMBDA_FUNCTION_NAME", "CROSSTRAIL_TABLE"], env);
  const dynamodb = new DynamoDBClient({});
  const sqs = new SQSClient({});
  return {
    region: names.AWS_REGION,
    now: Date.now,
    log: createLog(levels.find((level) => level === env.CROSSTRAIL_LOG_LEVEL) ?? "info", 1),
    meter: createEmfMeter(names.AWS_LAMBDA_FUNCTION_NAME),
    sqs,
    ledger: createDynamoStore({ client: dynamodb, table: names.CROSSTRAIL_TABLE }),
    findings: createDynamoFindings({ client: dynamodb, table: names.CROSSTRAIL_TABLE }),
  };
}

export type Shared = ReturnType<typeof shared>;

/** Where findings are kept and put into the outbox. */
export function deskOf(env: Env, { sqs, findings, now }: Pick<Shared, "sqs" | "findings" | "now">) {
  const queues = compact({
    hubUrgent: optional("CROSSTRAIL_HUB_URGENT_QUEUE", env),
    hub: optional("CROSSTRAIL_HUB_QUEUE", env),
    notify: optional("CROSSTRAIL_NOTIFY_QUEUE", env),
  });
  return createDesk({ store: findings, outbox: createSqsOutbox(sqs, queues), now });
}

/** What those functions have that find something: the configuration, the detectors, and the desk. */
export function finding(env: Env, common: Shared) {
  const { ledger, now, region } = common;
  const names = readEnvironment(["CROSSTRAIL_CONFIG_BUCKET", "CROSSTRAIL_CONFIG_KEY"], env);
  const s3 = new S3Client({});
  const desk = deskOf(env, common);
  const fetch = createS3Config(s3, names.CROSSTRAIL_CONFIG_BUCKET, names.CROSSTRAIL_CONFIG_KEY);
  const configured = createConfigSource(fetch, accept(registry, samples), now);
  return {
    s3,
    desk,
    program: createPrograms({ configured, detectors: registry, store: ledger, now, region }),
    publish: async (drafts: readonly Draft[], { version }: Configured): Promise<void> => {
      await desk.take(drafts.map((draft) => ({ ...draft, finding: { ...draft.finding, config: version } })));
    },
  };
}
