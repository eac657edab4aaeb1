import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { CloudFormationClient } from "@aws-sdk/client-cloudformation";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { KinesisClient } from "@aws-sdk/client-kinesis";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { SNSClient } from "@aws-sdk/client-sns";
import { SQSClient } from "@aws-sdk/client-sqs";
import { STSClient } from "@aws-sdk/client-sts";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { inject } from "vitest";
import { ACCOUNT, REGION } from "./emulators.ts";
import type { Standing } from "./global-setup.ts";

/** Clients of one endpoint, and what goes to functions so that theirs reach it too. */
export type Aws = ReturnType<typeof connect>;

/** Longer than an installation takes on a slow line. */
const LIMIT_MS = 600_000;

/** The endpoint of the stand-ins, when they stand. */
export async function endpoint(): Promise<string> {
  const file = inject("emulators");
  for (const limit = Date.now() + LIMIT_MS; !existsSync(file); await sleep(100))
    if (Date.now() > limit) throw new Error("The stand-ins for AWS did not start.");
  const standing: Standing = JSON.parse(readFileSync(file, "utf8"));
  if ("failed" in standing) throw new Error(standing.failed);
  return standing.endpoint;
}

interface ConnectOptions {
  readonly maxAttempts?: number;
  /** LocalStack has as many as are named. */
  readonly account?: string;
}

export function connect(url: string, { maxAttempts = 3, account = ACCOUNT }: ConnectOptions = {}) {
  const settings = {
    ...{ region: REGION, endpoint: url, maxAttempts },
    credentials: { accessKeyId: account, secretAccessKey: "test" },
    // Kinesis clients speak HTTP/2 by default, which no stand-in does in plain text.
    requestHandler: new NodeHttpHandler(),
  };
  const clients = {
    cloudformation: new CloudFormationClient(settings),
    kinesis: new KinesisClient(settings),
    logs: new CloudWatchLogsClient(settings),
    dynamodb: new DynamoDBClient(settings),
    sqs: new SQSClient(settings),
    sns: new SNSClient(settings),
    s3: new S3Client({ ...settings, forcePathStyle: true }),
    events: new EventBridgeClient(settings),
    lambda: new LambdaClient(settings),
    sts: new STSClient(settings),
  };
  return {
    ...clients,
    url,
    account,
    region: REGION,
    close(): void {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}

/** Suites run at the same time on one account: every resource of a suite bears its name. */
export function namer(suite: string): (name: string) => string {
  const run = randomBytes(3).toString("hex");
  return (name) => `${suite}-${run}-${name}`;
}

/** Asks until there is an answer. The limit only ends what hangs. */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined>, limitMs = 300_000): Promise<T> {
  for (const limit = Date.now() + limitMs; ; await sleep(100)) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > limit) throw new Error(`Waited in vain for ${what}.`);
  }
}
