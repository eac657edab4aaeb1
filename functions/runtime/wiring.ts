import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SQSClient } from "@aws-sdk/client-sqs";
import { compact } from "../../schemas/json.ts";
import { createDynamoFindings } from "../adapters/findings/dynamodb.ts";
import { createDynamoStore } from "../adapters/ledger/dynamodb.ts";
import { createEmfMeter } from "../adapters/metrics/emf.ts";
import { createSqsOutbox } from "../adapters/queues/outbox.ts";
import { createDesk } from "../findings/desk.ts";
import { createLog, levels } from "../log.ts";
import { type Env, optional, readEnvironment } from "./environment.ts";
import { patience } from "./patience.ts";

/** What every function has: built once, when its environment starts (style §4.3). */
export function shared(env: Env) {
  const names = readEnvironment(["AWS_REGION", "AWS_LAMBDA_FUNCTION_NAME", "CROSSTRAIL_TABLE"], env);
  const dynamodb = new DynamoDBClient(patience);
  const sqs = new SQSClient(patience);
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
