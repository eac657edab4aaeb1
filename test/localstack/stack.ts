import { CreateTableCommand, UpdateTimeToLiveCommand } from "@aws-sdk/client-dynamodb";
import { DeleteEventSourceMappingCommand, DeleteFunctionCommand, InvokeCommand } from "@aws-sdk/client-lambda";
import { CreateBucketCommand, PutBucketVersioningCommand } from "@aws-sdk/client-s3";
import { CreateTopicCommand, SubscribeCommand } from "@aws-sdk/client-sns";
import { GetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { build } from "esbuild";
import { EXPIRES, tableKeys } from "../../functions/adapters/ledger/dynamodb-items.ts";
import { type SecurityHub, startSecurityHub } from "../support/security-hub.ts";
import type { Files } from "../support/zip.ts";
import { type FunctionName, functionBundle, functionNames } from "../tools/bundles.ts";
import { type Aws, eventually } from "./aws.ts";
import { type Roles, rightsIn } from "./calls.ts";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts";
import { createQueue, createStream, deploy, known, map, type Queue } from "./resources.ts";

export const CONFIG_KEY = "config.json";

/** The deployed pipeline. Between each of its functions and AWS stands a proxy of its own. */
export interface Stack {
  /** ARN. */
  readonly stream: string;
  readonly buckets: { readonly quarantine: string; readonly config: string };
  /** What the topic told, what a sink has refused, messages that were tried too often, and batches that were given up. */
  readonly told: Queue;
  readonly refused: Queue;
  readonly deadLetters: Queue;
  readonly givenUp: Queue;
  readonly outbox: { readonly urgent: Queue; readonly other: Queue; readonly notify: Queue };
  readonly hub: SecurityHub;
  readonly names: Readonly<Record<FunctionName, string>>;
  readonly proxies: Readonly<Record<FunctionName | "hub", FaultProxy>>;
  /** Runs the sweep to its end; throws when it fails. */
  readonly sweep: () => Promise<void>;
  /** Messages in a queue, on their way or put off. */
  readonly waiting: (queue: Queue) => Promise<number>;
  /** Waits until no message of the outbox is left. */
  readonly emptied: () => Promise<void>;
  /** What each function asked of AWS until now. */
  readonly rights: () => Readonly<Record<FunctionName, readonly string[]>>;
  readonly close: () => Promise<void>;
}

/** As long as a message in flight is kept from others: no less than a function may take. */
const TIMEOUT_S = 30;
/** How often a message comes before it counts as undeliverable. */
const TRIES = "20";

/** What ships, file by file. */
export async function built(name: FunctionName): Promise<Files> {
  const { outputFiles } = await build({ ...functionBundle(name), sourcemap: false, write: false });
  return new Map(outputFiles.map(({ path, contents }) => [path.split("/").at(-1) ?? "", Buffer.from(contents)]));
}

export async function createStack(aws: Aws, named: (name: string) => string): Promise<Stack> {
  const { account, region } = aws;
  const names = { detect: named("detect"), publish: named("publish"), sweep: named("sweep") };
  const buckets = { quarantine: named("quarantine"), config: named("config") };
  const table = named("table");
  const stream = await createStream(aws, named("stream"), 2);
  await createTable(aws, table);
  await createBuckets(aws, Object.values(buckets));
  await aws.s3.send(
    new PutBucketVersioningCommand({ Bucket: buckets.config, VersioningConfiguration: { Status: "Enabled" } }),
  );
  const deadLetters = await createQueue(aws, named("dead-letters"));
  const refused = await createQueue(aws, named("refused"));
  const givenUp = await createQueue(aws, named("given-up"));
  const told = await createQueue(aws, named("told"));
  const attributes = {
    VisibilityTimeout: String(TIMEOUT_S),
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: deadLetters.arn, maxReceiveCount: TRIES }),
  };
  const outbox = {
    urgent: await createQueue(aws, named("hub-urgent"), attributes),
    other: await createQueue(aws, named("hub-other"), attributes),
    notify: await createQueue(aws, named("notify"), attributes),
  };
  const TopicArn = known((await aws.sns.send(new CreateTopicCommand({ Name: named("topic") }))).TopicArn);
  const Attributes = { RawMessageDelivery: "true" };
  await aws.sns.send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint: told.arn, Attributes }));

  const hub = await startSecurityHub({ account, region });
  const proxies = {
    detect: await startFaultProxy(aws.url),
    publish: await startFaultProxy(aws.url),
    sweep: await startFaultProxy(aws.url),
    hub: await startFaultProxy(hub.url),
  };
  const mappings: string[] = [];
  const FunctionResponseTypes: ["ReportBatchItemFailures"] = ["ReportBatchItemFailures"];
  for (const name of functionNames) {
    const proxy = proxies[name];
    const environment = {
      ...{ AWS_ENDPOINT_URL: proxy.url, AWS_ENDPOINT_URL_SECURITYHUB: proxies.hub.url },
      ...{ CROSSTRAIL_TABLE: table, CROSSTRAIL_TOPIC: TopicArn, CROSSTRAIL_ACCOUNT: account },
      ...{ CROSSTRAIL_QUARANTINE_BUCKET: buckets.quarantine, CROSSTRAIL_CONFIG_BUCKET: buckets.config },
      CROSSTRAIL_CONFIG_KEY: CONFIG_KEY,
      CROSSTRAIL_HUB_URGENT_QUEUE: proxy.through(outbox.urgent.url),
      CROSSTRAIL_HUB_QUEUE: proxy.through(outbox.other.url),
      CROSSTRAIL_NOTIFY_QUEUE: proxy.through(outbox.notify.url),
      CROSSTRAIL_DEAD_LETTER_QUEUE: proxy.through(refused.url),
    };
    await deploy(aws, { name: names[name], entry: await built(name), environment, timeoutSeconds: TIMEOUT_S });
  }
  mappings.push(
    await map(aws, {
      ...{ FunctionName: names.detect, EventSourceArn: stream, StartingPosition: "TRIM_HORIZON" },
      ...{ BatchSize: 100, MaximumRetryAttempts: 50, FunctionResponseTypes },
      DestinationConfig: { OnFailure: { Destination: givenUp.arn } },
    }),
  );
  for (const { arn } of Object.values(outbox))
    mappings.push(
      await map(aws, { FunctionName: names.publish, EventSourceArn: arn, BatchSize: 10, FunctionResponseTypes }),
    );

  const waiting = async ({ url }: Queue): Promise<number> => {
    const asked = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["All"] });
    const { Attributes: found = {} } = await aws.sqs.send(asked);
    const counts = Object.entries(found).filter(([name]) => name.startsWith("ApproximateNumberOfMessages"));
    return counts.reduce((sum, [, count]) => sum + Number(count), 0);
  };
  const called: Roles = [
    [table, "table"],
    [buckets.quarantine, "quarantine"],
    [buckets.config, "config"],
    ...["hub-urgent", "hub-other", "notify", "refused"].map((name) => [named(name), `queue ${name}`] as const),
    [TopicArn, "topic"],
    [`:product/${account}/default`, "product"],
  ];
  return {
    ...{ stream, buckets, told, refused, deadLetters, givenUp, outbox, hub, names, proxies, waiting },
    async sweep() {
      const { FunctionError, Payload } = await aws.lambda.send(new InvokeCommand({ FunctionName: names.sweep }));
      if (FunctionError !== undefined) throw new Error(`The sweep failed: ${Buffer.from(Payload ?? []).toString()}`);
    },
    async emptied() {
      await eventually("an empty outbox", async () => {
        for (const queue of Object.values(outbox)) if ((await waiting(queue)) > 0) return;
        return true;
      });
    },
    rights: () => ({
      detect: rightsIn(proxies.detect.calls, called),
      publish: rightsIn([...proxies.publish.calls, ...proxies.hub.calls], called),
      sweep: rightsIn(proxies.sweep.calls, called),
    }),
    async close() {
      for (const UUID of mappings) await aws.lambda.send(new DeleteEventSourceMappingCommand({ UUID }));
      for (const name of Object.values(names)) await aws.lambda.send(new DeleteFunctionCommand({ FunctionName: name }));
      await Promise.all([...Object.values(proxies), hub].map((one) => one.close()));
    },
  };
}

async function createTable(aws: Aws, TableName: string): Promise<void> {
  await aws.dynamodb.send(
    new CreateTableCommand({
      ...{ TableName, BillingMode: "PAY_PER_REQUEST" },
      AttributeDefinitions: [...tableKeys.AttributeDefinitions],
      KeySchema: [...tableKeys.KeySchema],
    }),
  );
  const TimeToLiveSpecification = { AttributeName: EXPIRES, Enabled: true };
  await aws.dynamodb.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
}

async function createBuckets(aws: Aws, names: readonly string[]): Promise<void> {
  // Every region but one wants to be named.
  const CreateBucketConfiguration = { LocationConstraint: "eu-central-1" } as const;
  for (const Bucket of names) await aws.s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration }));
}
