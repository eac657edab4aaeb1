import type { CloudFormationClient } from "@aws-sdk/client-cloudformation";
import type { CloudTrailClient } from "@aws-sdk/client-cloudtrail";
import type { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import type { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { EKSClient } from "@aws-sdk/client-eks";
import type { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import type { KMSClient } from "@aws-sdk/client-kms";
import type { LambdaClient } from "@aws-sdk/client-lambda";
import type { S3Client } from "@aws-sdk/client-s3";
import type { SecurityHubClient } from "@aws-sdk/client-securityhub";
import type { SNSClient } from "@aws-sdk/client-sns";
import type { SQSClient } from "@aws-sdk/client-sqs";
import { checkAlarms } from "./alarms.ts";
import { auditGroup, checkAuditLog } from "./audit-log.ts";
import { checkCluster } from "./cluster.ts";
import type { Command } from "./command.ts";
import { openConfiguration } from "./configuration.ts";
import { openFunctions } from "./functions.ts";
import { checkHub } from "./hub.ts";
import { checkKey } from "./key.ts";
import { checkLedger } from "./ledger.ts";
import { checkQuarantine } from "./quarantine.ts";
import { checkQueues } from "./queues.ts";
import { type Ask, type Result, silently } from "./result.ts";
import { checkRule } from "./rule.ts";
import { AUDIT_PATTERN, auditSamples, callSamples, TRAIL_PATTERN } from "./samples.ts";
import { openStack, type Stack } from "./stack.ts";
import { checkSubscription } from "./subscriptions.ts";
import { checkTopics } from "./topic.ts";
import { checkTrails, groupName } from "./trails.ts";

type Sender<C extends { send: unknown }> = Pick<C, "send">;

export interface Clients {
  readonly cloudformation: Sender<CloudFormationClient>;
  /** Trails tell of themselves in their home Region; undefined: in this one. */
  readonly cloudtrail: (region: string | undefined) => Sender<CloudTrailClient>;
  readonly cloudwatch: Sender<CloudWatchClient>;
  readonly dynamodb: Sender<DynamoDBClient>;
  readonly eks: Sender<EKSClient>;
  readonly events: Sender<EventBridgeClient>;
  readonly hub: Sender<SecurityHubClient>;
  readonly kms: Sender<KMSClient>;
  readonly lambda: Sender<LambdaClient>;
  readonly logs: Sender<CloudWatchLogsClient>;
  readonly s3: Sender<S3Client>;
  readonly sns: Sender<SNSClient>;
  readonly sqs: Sender<SQSClient>;
}

export interface Subject {
  readonly clusters: readonly string[];
  readonly trailLogGroup?: string;
  /** Name of the deployed stack; without it, only what the account has to have. */
  readonly stack?: string;
  readonly region: string;
  readonly command: Command;
  /** ms */
  readonly now: number;
}

/** Every check, in the order of the flow: each has one result. Rejects with E_AWS_REFUSED where there is no such stack. */
export async function examine(clients: Clients, subject: Subject): Promise<readonly Result[]> {
  const { region, command, now } = subject;
  const stack = subject.stack === undefined ? undefined : await openStack(clients.cloudformation, subject.stack);
  const configuration = stack && openConfiguration(clients.s3, stack, command);
  const functions = stack && openFunctions(clients.lambda, stack, command);
  const config = async () => configuration?.known();
  const clusters = [...new Set([...subject.clusters, ...(await clustersOf(stack))])];
  const group = async (ask: Ask) => subject.trailLogGroup ?? stack?.output(ask, "TrailLogGroup");
  const trailGroup = await group(silently).catch(() => undefined);
  const ours = (ask: Ask) => destinationsOf(ask, stack);

  return Promise.all([
    ...clusters.flatMap((name) => [
      ...checkCluster(clients.eks, name, { command, config }),
      checkAuditLog(clients.logs, name, { command, now }),
      ...checkSubscription(clients.logs, {
        ...{
          of: `cluster ${name}`,
          group: auditGroup(name),
          samples: auditSamples,
          pattern: AUDIT_PATTERN,
          ours,
          command,
        },
      }),
    ]),
    ...checkTrails(clients.cloudtrail, { group, command }),
    ...(stack === undefined
      ? []
      : [checkRule(clients.events, { rule: (ask) => stack.output(ask, "TrailRuleName"), group, region, command })]),
    ...(trailGroup === undefined
      ? []
      : checkSubscription(clients.logs, {
          ...{
            of: "CloudTrail",
            group: groupName(trailGroup),
            samples: callSamples,
            pattern: TRAIL_PATTERN,
            ours,
            command,
          },
        })),
    checkHub(clients.hub, { wanted: async (ask) => stack?.output(ask, "SecurityHub"), command }),
    ...(stack === undefined || configuration === undefined || functions === undefined
      ? []
      : [
          stack.health(command),
          configuration.health(),
          ...functions.checks(),
          ...checkLedger(clients.dynamodb, stack, { tail: functions.tail, now }),
          checkQuarantine(clients.s3, stack),
          ...checkQueues(clients, { stack, tail: functions.tail, command, now }),
          ...checkTopics(clients.sns, stack, command),
          checkAlarms(clients.cloudwatch, stack, command),
          checkKey(clients.kms, stack, { region, command }),
        ]),
  ]);
}

/** What the stack watches; that it cannot be read is told by its own check. */
async function clustersOf(stack: Stack | undefined): Promise<readonly string[]> {
  const names = await stack?.output(silently, "Clusters").catch(() => undefined);
  return (
    (names ?? "")
      .split(",")
      // Or its ARN: `arn:aws:eks:REGION:ACCOUNT:cluster/NAME`.
      .map((name) => name.trim().split("/").at(-1) ?? "")
      .filter(Boolean)
  );
}

/** Where log groups of this stack may send to, and by which role. */
async function destinationsOf(ask: Ask, stack: Stack | undefined): Promise<readonly string[] | undefined> {
  if (stack === undefined) return undefined;
  const names = ["DestinationArn", "StreamArn", "LogsRoleArn"] as const;
  const found = await Promise.all(names.map((name) => stack.output(ask, name)));
  const ours = found.flatMap((arn) => arn ?? []);
  return ours.length === 0 ? undefined : ours;
}
