import { SecurityHubClient } from "@aws-sdk/client-securityhub";
import { SNSClient } from "@aws-sdk/client-sns";
import type { Context, SQSBatchResponse, SQSEvent } from "aws-lambda";
import { createSecurityHub } from "../adapters/hub/security-hub.ts";
import { createDelay, createPark } from "../adapters/queues/messages.ts";
import { createSnsTopic } from "../adapters/topic/sns.ts";
import { optional, readEnvironment } from "../runtime/environment.ts";
import { patience } from "../runtime/patience.ts";
import { deskOf, shared } from "../runtime/wiring.ts";
import { createHubPublisher } from "./hub.ts";
import { createNotifier } from "./notify.ts";
import { createReport } from "./report.ts";

/** Of one environment. With two for each of its queues, all of them stay below the ten that Security Hub allows an account and Region. */
const HUB_CALLS_PER_SECOND = 2;

const env = readEnvironment(["CROSSTRAIL_ACCOUNT", "CROSSTRAIL_DEAD_LETTER_QUEUE"], process.env);
const { sqs, findings, region, ...common } = shared(process.env);
const [urgent, hub, notify, topic] = (
  ["CROSSTRAIL_HUB_URGENT_QUEUE", "CROSSTRAIL_HUB_QUEUE", "CROSSTRAIL_NOTIFY_QUEUE", "CROSSTRAIL_TOPIC"] as const
).map((name) => optional(name, process.env));
const queues = [urgent, hub, notify].filter((url) => url !== undefined);
const desk = deskOf(process.env, { sqs, findings, now: common.now });
const sink = {
  ...common,
  store: findings,
  park: createPark(sqs, env.CROSSTRAIL_DEAD_LETTER_QUEUE),
  report: createReport({ ...common, desk, store: findings, region }),
  delay: createDelay(sqs, queues),
};

const publishToHub = createHubPublisher({
  ...sink,
  // The queue is what waits: tried again at once, a throttled call only takes the place of another.
  hub: createSecurityHub({
    client: new SecurityHubClient({ ...patience, maxAttempts: 2 }),
    callsPerSecond: HUB_CALLS_PER_SECOND,
  }),
  publisher: { account: env.CROSSTRAIL_ACCOUNT, region, partition: partitionOf(region) },
});
const tellPeople =
  topic === undefined
    ? undefined
    : createNotifier({
        ...sink,
        topic: createSnsTopic(new SNSClient(patience), topic),
        format: process.env.CROSSTRAIL_NOTIFY_FORMAT === "chat" ? "chat" : "text",
      });

/** Outbox -> Security Hub and the topic: an invocation brings messages of one queue. */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  const isOfPeople = nameOf(event.Records[0]?.eventSourceARN) === nameOf(notify);
  return isOfPeople && tellPeople !== undefined ? tellPeople(event, context) : publishToHub(event, context);
}

/** Of a queue: the last part of its ARN and of its URL. */
function nameOf(queue: string | undefined): string | undefined {
  return queue?.split(/[:/]/).at(-1);
}

function partitionOf(name: string): "aws" | "aws-cn" | "aws-us-gov" {
  if (name.startsWith("cn-")) return "aws-cn";
  return name.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}
