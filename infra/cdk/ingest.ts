import { Aws } from "aws-cdk-lib";
import { CfnRule } from "aws-cdk-lib/aws-events";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { CfnEventSourceMapping } from "aws-cdk-lib/aws-lambda";
import { CfnDestination, CfnSubscriptionFilter } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import {
  AUDIT_FILTER,
  CLUSTER_LOG_GROUP,
  filterName,
  TRAIL_FILTER,
  TRAIL_PATTERN,
  TRAIL_RULE_STATE,
} from "../filters.ts";
import { fill, type Values } from "../names.ts";
import { streamWriting } from "../rights.ts";
import { RULE_RETRY } from "../settings.ts";
import { policyOf } from "./functions.ts";
import type { CrosstrailProps } from "./props.ts";

/** A log group whose lines come over the stream, and its place: its alarms name both. */
export interface Subscribed {
  readonly id: string;
  readonly logGroup: string;
}

interface Streaming {
  readonly values: Values;
  /** The stream's mapping. CloudWatch Logs sends a test message when it is told where to send to, by a role that AWS has to know by then: making the mapping takes longer than that. */
  readonly reader: CfnEventSourceMapping;
}

/** How both trails come to the stream: subscriptions of log groups here, a destination for those of other accounts, and EventBridge. */
export function ingest(
  scope: Construct,
  clusters: readonly string[],
  props: CrosstrailProps,
  { values, reader }: Streaming,
) {
  const { sourceAccounts = [] } = props;
  const role = new Role(scope, "LogsRole", {
    assumedBy: logsOf([`arn:${Aws.PARTITION}:logs:${Aws.REGION}:${Aws.ACCOUNT_ID}:*`]),
    inlinePolicies: { crosstrail: policyOf(streamWriting, values) },
  });
  if (sourceAccounts.length > 0)
    role.assumeRolePolicy?.addStatements(
      new PolicyStatement({
        actions: ["sts:AssumeRole"],
        principals: [logsOf(sourceAccounts.map((account) => `arn:*:logs:*:${account}:*`))],
      }),
    );
  const subscribe = (id: string, logGroup: string, filterPattern: string, distribution: string): Subscribed => {
    const name = fill(filterName(id), values);
    const filter = new CfnSubscriptionFilter(scope, `${id}Subscription`, {
      ...{ logGroupName: logGroup, filterName: name, filterPattern, distribution },
      ...{ destinationArn: values["Stream.Arn"] ?? "", roleArn: role.roleArn },
    });
    filter.addResourceDependency(reader);
    return { id, logGroup };
  };
  const subscribed = clusters.map((name, index) =>
    // An API server's events in one shard: requests and their stages meet in one process.
    subscribe(`Cluster${index + 1}`, fill(CLUSTER_LOG_GROUP, { Cluster: name }), AUDIT_FILTER, "ByLogStream"),
  );
  if (props.trailLogGroup !== undefined)
    // A trail has one log stream an account and Region, which would be one shard.
    subscribed.push(subscribe("Trail", props.trailLogGroup, TRAIL_FILTER, "Random"));
  const destination = sourceAccounts.length > 0 ? sourceDestination(scope, role, props, values) : undefined;
  destination?.addResourceDependency(reader);
  const rule = props.trailEvents === true ? trailRule(scope, values) : undefined;
  return { subscribed, destination, rule, role };
}

/** CloudWatch Logs, for such log groups only (docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Subscriptions-confused-deputy.html). ArnLike holds each part of an ARN by itself:
 * for StringLike a log group of anybody that is called as an account would be one of that account. */
const logsOf = (arns: readonly string[]) =>
  new ServicePrincipal("logs.amazonaws.com", { conditions: { ArnLike: { "aws:SourceArn": arns } } });

function sourceDestination(scope: Construct, role: Role, { sourceAccounts = [] }: CrosstrailProps, values: Values) {
  const arn = `arn:${Aws.PARTITION}:logs:${Aws.REGION}:${Aws.ACCOUNT_ID}:destination:${Aws.STACK_NAME}`;
  return new CfnDestination(scope, "SourceDestination", {
    ...{ destinationName: Aws.STACK_NAME, targetArn: values["Stream.Arn"] ?? "", roleArn: role.roleArn },
    destinationPolicy: JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        {
          ...{ Effect: "Allow", Principal: { AWS: sourceAccounts }, Resource: arn },
          Action: ["logs:PutSubscriptionFilter", "logs:PutAccountPolicy"],
        },
      ],
    }),
  });
}

function trailRule(scope: Construct, values: Values): CfnRule {
  const role = new Role(scope, "TrailRuleRole", {
    assumedBy: new ServicePrincipal("events.amazonaws.com", {
      conditions: { StringEquals: { "aws:SourceAccount": Aws.ACCOUNT_ID } },
    }),
    inlinePolicies: { crosstrail: policyOf(streamWriting, values) },
  });
  return new CfnRule(scope, "TrailRule", {
    ...{ description: "crosstrail: CloudTrail to the stream", eventPattern: TRAIL_PATTERN, state: TRAIL_RULE_STATE },
    targets: [
      {
        ...{ id: "Stream", arn: values["Stream.Arn"] ?? "", roleArn: role.roleArn },
        // In any order: every event stands for itself.
        kinesisParameters: { partitionKeyPath: "$.id" },
        deadLetterConfig: { arn: values["DeadLetterQueue.Arn"] ?? "" },
        retryPolicy: {
          maximumEventAgeInSeconds: RULE_RETRY.MaximumEventAgeInSeconds,
          maximumRetryAttempts: RULE_RETRY.MaximumRetryAttempts,
        },
      },
    ],
  });
}
