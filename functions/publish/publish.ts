import { SecurityHubClient } from "@aws-sdk/client-securityhub";
import { SNSClient } from "@aws-sdk/client-sns";
import { fromTemporaryCredentials } from "@aws-sdk/credential-providers";
import type { Context, SQSBatchResponse, SQSEvent } from "aws-lambda";
import { CrosstrailError } from "../../schemas/errors.ts";
import { createDelay, createPark } from "../adapters/queues/messages.ts";
import { createSnsTopic } from "../adapters/topic/sns.ts";
import { type Env, optional, readEnvironment, type Variable } from "../runtime/environment.ts";
import { patience } from "../runtime/patience.ts";
import { deskOf, type Shared } from "../runtime/wiring.ts";
import { createHubPublisher } from "./hub.ts";
import { createHubs, hubRoles } from "./hubs.ts";
import { createNotifier } from "./notify.ts";
import { createReport } from "./report.ts";

export type Publish = (
  event: SQSEvent,
  context: Pick<Context, "getRemainingTimeInMillis" | "awsRequestId">,
) => Promise<SQSBatchResponse>;

/** Made for the sinks alone that are switched on. */
export interface Clients {
  /** In the account of a role, or in our own. */
  readonly securityHub: (role?: string) => SecurityHubClient;
  readonly sns: () => SNSClient;
}

const ours: Clients = {
  // The queue is what waits: tried again at once, a throttled call only takes the place of another.
  securityHub: (role) => new SecurityHubClient({ ...patience, maxAttempts: 2, ...(role && actingAs(role)) }),
  sns: () => new SNSClient(patience),
};

/** Asked for with the first call, and again before they end. That and the call itself fit into the time in reserve together, so each has one attempt. */
const actingAs = (role: string) => ({
  maxAttempts: 1,
  credentials: fromTemporaryCredentials({
    params: { RoleArn: role, RoleSessionName: "crosstrail" },
    clientConfig: { ...patience, maxAttempts: 1 },
  }),
});

/** Outbox -> Security Hub and the topic: an invocation brings messages of one queue. Whichever sink has no queue is switched off, and nothing of it is asked for.
 * Throws E_CONFIG for a queue whose sink is not named. */
export function createPublish(env: Env, common: Omit<Shared, "ledger">, clients: Clients = ours): Publish {
  const { sqs, findings, region, ...rest } = common;
  const notify = optional("CROSSTRAIL_NOTIFY_QUEUE", env);
  const hubs = (["CROSSTRAIL_HUB_URGENT_QUEUE", "CROSSTRAIL_HUB_QUEUE"] as const).flatMap(
    (name) => optional(name, env) ?? [],
  );
  const needed: readonly Variable[] = [
    "CROSSTRAIL_DEAD_LETTER_QUEUE",
    ...(hubs.length > 0 ? (["CROSSTRAIL_ACCOUNT"] as const) : []),
    ...(notify !== undefined ? (["CROSSTRAIL_TOPIC"] as const) : []),
  ];
  const names = readEnvironment(needed, env);
  const sink = {
    ...rest,
    store: findings,
    park: createPark(sqs, names.CROSSTRAIL_DEAD_LETTER_QUEUE),
    report: createReport({ ...rest, desk: deskOf(env, { sqs, findings, now: rest.now }), store: findings, region }),
    delay: createDelay(sqs, [...hubs, ...(notify === undefined ? [] : [notify])]),
  };

  const publishToHub =
    hubs.length === 0
      ? undefined
      : createHubPublisher({
          ...sink,
          hubOf: createHubs(
            { account: names.CROSSTRAIL_ACCOUNT, region, partition: partitionOf(region) },
            hubRoles(optional("CROSSTRAIL_HUB_ROLES", env)),
            clients.securityHub,
          ),
        });
  const tellPeople =
    notify === undefined
      ? undefined
      : createNotifier({
          ...sink,
          topic: createSnsTopic(clients.sns(), names.CROSSTRAIL_TOPIC),
          format: env.CROSSTRAIL_NOTIFY_FORMAT === "chat" ? "chat" : "text",
        });

  return async (event, context) => {
    const queue = nameOf(event.Records[0]?.eventSourceARN);
    const publish = notify !== undefined && queue === nameOf(notify) ? tellPeople : publishToHub;
    if (publish !== undefined) return publish(event, context);
    // They wait in their queue, and the invocation fails, so that it shows.
    throw new CrosstrailError("E_CONFIG", `messages of ${queue} came, whose sink is switched off`, {
      cause: undefined,
    });
  };
}

/** Of a queue: the last part of its ARN and of its URL. */
function nameOf(queue: string | undefined): string | undefined {
  return queue?.split(/[:/]/).at(-1);
}

function partitionOf(name: string): "aws" | "aws-cn" | "aws-us-gov" {
  if (name.startsWith("cn-")) return "aws-cn";
  return name.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}
