import { setTimeout as sleep } from "node:timers/promises";
import {
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutSubscriptionFilterCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { CreateTableCommand } from "@aws-sdk/client-dynamodb";
import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  ListStreamsCommand,
  waitUntilStreamExists,
} from "@aws-sdk/client-kinesis";
import {
  CreateEventSourceMappingCommand,
  type CreateEventSourceMappingCommandInput,
  CreateFunctionCommand,
  GetEventSourceMappingCommand,
  waitUntilFunctionActiveV2,
} from "@aws-sdk/client-lambda";
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  type QueueAttributeName,
  ReceiveMessageCommand,
} from "@aws-sdk/client-sqs";
import { build } from "esbuild";
import { tableKeys } from "../../functions/adapters/ledger/dynamodb-items.ts";
import { type Files, zip } from "../support/zip.ts";
import { root } from "../tools/folders.ts";
import { type Aws, eventually } from "./aws.ts";

/** Until the engine of an account answers. */
const ENGINE_MS = 60_000;

export interface Queue {
  readonly url: string;
  readonly arn: string;
}

/** Waits for the engine of an account, which starts with its first call and refuses those that come with it. */
export async function kinesisAnswers(aws: Aws): Promise<void> {
  for (const limit = Date.now() + ENGINE_MS; ; await sleep(500)) {
    try {
      return void (await aws.kinesis.send(new ListStreamsCommand()));
    } catch (error) {
      const starting = error instanceof Error && error.name === "InternalError";
      if (!starting || Date.now() > limit) throw error;
    }
  }
}

export async function createStream(aws: Aws, name: string, shards = 1): Promise<string> {
  await kinesisAnswers(aws);
  await aws.kinesis.send(new CreateStreamCommand({ StreamName: name, ShardCount: shards }));
  const waiting = { client: aws.kinesis, maxWaitTime: 60, minDelay: 1, maxDelay: 1 };
  await waitUntilStreamExists(waiting, { StreamName: name });
  const { StreamDescriptionSummary } = await aws.kinesis.send(new DescribeStreamSummaryCommand({ StreamName: name }));
  return known(StreamDescriptionSummary?.StreamARN);
}

export async function createQueue(
  aws: Aws,
  name: string,
  attributes: Partial<Record<QueueAttributeName, string>> = {},
): Promise<Queue> {
  const { QueueUrl } = await aws.sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }));
  const url = known(QueueUrl);
  const asked = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["QueueArn"] });
  return { url, arn: known((await aws.sqs.send(asked)).Attributes?.QueueArn) };
}

/** Takes what of a queue comes with one call; waits for it up to that many seconds. */
export async function receive(aws: Aws, { url }: Queue, seconds = 0): Promise<readonly Message[]> {
  const asked = new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10, WaitTimeSeconds: seconds });
  const { Messages = [] } = await aws.sqs.send(asked);
  for (const { ReceiptHandle } of Messages)
    await aws.sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle }));
  return Messages;
}

/** Takes messages off a queue until `count` have come. */
export async function take(aws: Aws, queue: Queue, count: number): Promise<readonly Message[]> {
  const taken: Message[] = [];
  return await eventually(`${count} messages`, async () => {
    taken.push(...(await receive(aws, queue, 1)));
    return taken.length >= count ? taken : undefined;
  });
}

/** A table as the functions have it. */
export async function createTable(aws: Aws, TableName: string): Promise<void> {
  const { KeySchema, AttributeDefinitions } = tableKeys;
  await aws.dynamodb.send(
    new CreateTableCommand({
      ...{ TableName, BillingMode: "PAY_PER_REQUEST" },
      ...{ KeySchema: [...KeySchema], AttributeDefinitions: [...AttributeDefinitions] },
    }),
  );
}

/** A log group whose events go to a stream, with one log stream in it. */
export async function createLogGroup(aws: Aws, group: string, logStream: string, streamArn: string): Promise<void> {
  await aws.logs.send(new CreateLogGroupCommand({ logGroupName: group }));
  await aws.logs.send(new CreateLogStreamCommand({ logGroupName: group, logStreamName: logStream }));
  await aws.logs.send(
    new PutSubscriptionFilterCommand({
      ...{ logGroupName: group, filterName: "all", filterPattern: "", destinationArn: streamArn },
      roleArn: role(aws, "logs"),
    }),
  );
}

export interface Deployment {
  readonly name: string;
  /** A TypeScript file that exports `handler`, from the repository's root; or what was built of one: name -> content, with `index.mjs` among them. */
  readonly entry: string | Files;
  readonly environment?: Readonly<Record<string, string>>;
  readonly timeoutSeconds?: number;
}

/** Makes a function of a handler; gives its ARN when it can be called. */
export async function deploy(
  aws: Aws,
  { name, entry, environment = {}, timeoutSeconds = 30 }: Deployment,
): Promise<string> {
  const { FunctionArn } = await aws.lambda.send(
    new CreateFunctionCommand({
      ...{ FunctionName: name, Handler: "index.handler", Runtime: "nodejs22.x", Role: role(aws, "lambda") },
      ...{ Timeout: timeoutSeconds, MemorySize: 512, Environment: { Variables: { ...environment } } },
      Code: { ZipFile: zip(typeof entry === "string" ? await bundle(entry) : entry) },
    }),
  );
  const waiting = { client: aws.lambda, maxWaitTime: 60, minDelay: 1, maxDelay: 1 };
  await waitUntilFunctionActiveV2(waiting, { FunctionName: name });
  return known(FunctionArn);
}

async function bundle(entry: string): Promise<Files> {
  const { outputFiles } = await build({
    ...{ entryPoints: [entry], absWorkingDir: root, bundle: true, write: false },
    ...{ format: "esm", platform: "node", target: "node24" },
    banner: { js: 'import { createRequire as __cr } from "node:module"; const require = __cr(import.meta.url);' },
  });
  return new Map([["index.mjs", Buffer.from(known(outputFiles[0]).contents)]]);
}

/** Maps a source to a function, and waits until it is polled. */
export async function map(aws: Aws, input: CreateEventSourceMappingCommandInput): Promise<string> {
  const { UUID } = await aws.lambda.send(new CreateEventSourceMappingCommand(input));
  return await eventually("the event source mapping", async () => {
    const { State } = await aws.lambda.send(new GetEventSourceMappingCommand({ UUID }));
    return State === "Enabled" ? known(UUID) : undefined;
  });
}

const role = ({ account }: Aws, name: string): string => `arn:aws:iam::${account}:role/${name}`;

export function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("The service left out what it always gives.");
  return value;
}
