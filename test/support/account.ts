import { fact } from "../../detectors/ledger/facts.ts";
import { entityKey } from "../../functions/adapters/ledger/dynamodb-items.ts";
import type { OutputName } from "../../functions/doctor/stack.ts";

/** An account with a cluster and a deployment, as AWS tells of them: by the name of the operation, in the shapes of the API reference. */
export type Answers = Readonly<Record<string, (input: never) => object>>;

export const ACCOUNT = "111122223333";
export const REGION = "eu-central-1";
export const CLUSTER = "prod";
export const STACK = "crosstrail";
export const TRAIL_GROUP = "/aws/cloudtrail/all";
const arn = (service: string, rest: string): string => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;
const queue = (name: string): string => `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/${STACK}-${name}`;
export const STREAM = arn("kinesis", "stream/crosstrail");
export const QUEUES = ["hub-urgent", "hub", "notify"].map((name) => `${STACK}-${name}`);

export const outputs: Readonly<Record<OutputName, string>> = {
  StreamArn: STREAM,
  TableName: "crosstrail",
  TopicArn: arn("sns", "crosstrail"),
  AlarmTopicArn: arn("sns", "crosstrail-alarms"),
  QuarantineBucket: "crosstrail-quarantine",
  ConfigBucket: "crosstrail-config",
  ConfigKey: "crosstrail.json",
  DetectFunction: "crosstrail-detect",
  PublishFunction: "crosstrail-publish",
  SweepFunction: "crosstrail-sweep",
  HubUrgentQueueUrl: queue("hub-urgent"),
  HubQueueUrl: queue("hub"),
  NotifyQueueUrl: queue("notify"),
  RefusedQueueUrl: queue("refused"),
  DeadLetterQueueUrl: queue("dead-letters"),
  DestinationArn: arn("logs", "destination:crosstrail"),
  PublishRoleArn: "arn:aws:iam::111122223333:role/crosstrail-publish",
  LogsRoleArn: "arn:aws:iam::111122223333:role/crosstrail-logs",
  TrailRuleName: "crosstrail-trail",
  KeyArn: arn("kms", "key/00000000-0000-4000-8000-000000000001"),
  Clusters: CLUSTER,
  TrailLogGroup: TRAIL_GROUP,
  SecurityHub: "on",
};

const mapping = (EventSourceArn: string) => ({
  ...{ UUID: `uuid-of-${EventSourceArn.split(/[:/]/).at(-1)}`, EventSourceArn, State: "Enabled" },
  LastProcessingResult: "OK",
});

export const TRAIL = {
  ...{ Name: "all", TrailARN: arn("cloudtrail", "trail/all"), HomeRegion: REGION },
  ...{ IsMultiRegionTrail: true, IncludeGlobalServiceEvents: true },
  CloudWatchLogsLogGroupArn: arn("logs", `log-group:${TRAIL_GROUP}:*`),
};

/** All is well, but that Amazon's names of roles and the rest are what a fresh deployment has. `now`: ms. */
export const healthy = (now: number): Answers => ({
  GetCallerIdentity: () => ({ Account: ACCOUNT, Arn: `arn:aws:iam::${ACCOUNT}:user/checker` }),
  DescribeStacks: () => ({
    Stacks: [
      {
        ...{ StackName: STACK, StackStatus: "CREATE_COMPLETE", CreationTime: new Date(now).toISOString() },
        Outputs: Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })),
      },
    ],
  }),
  ListStackResources: () => ({
    StackResourceSummaries: [{ ResourceType: "AWS::CloudWatch::Alarm", PhysicalResourceId: `${STACK}-stream-age` }],
  }),
  DescribeCluster: () => ({
    cluster: {
      name: CLUSTER,
      logging: { clusterLogging: [{ types: ["audit"], enabled: true }] },
      computeConfig: {
        ...{ enabled: true, nodePools: ["general-purpose", "system"] },
        nodeRoleArn: `arn:aws:iam::${ACCOUNT}:role/AmazonEKSAutoNodeRole`,
      },
      roleArn: `arn:aws:iam::${ACCOUNT}:role/AmazonEKSAutoClusterRole`,
    },
  }),
  DescribeLogStreams: () => ({ logStreams: [{ lastIngestionTime: now - 60_000, lastEventTimestamp: now - 90_000 }] }),
  DescribeSubscriptionFilters: () => ({
    subscriptionFilters: [{ filterName: "crosstrail", filterPattern: "{ $.x = * }", destinationArn: STREAM }],
  }),
  DescribeAccountPolicies: () => ({ accountPolicies: [] }),
  TestMetricFilter: ({ logEventMessages }: { logEventMessages: string[] }) => ({
    matches: logEventMessages.map((eventMessage, index) => ({ eventNumber: index + 1, eventMessage })),
  }),
  DescribeTrails: () => ({ trailList: [TRAIL] }),
  GetTrailStatus: () => ({ IsLogging: true }),
  GetEventSelectors: () => ({ EventSelectors: [{ ReadWriteType: "All", IncludeManagementEvents: true }] }),
  DescribeRule: () => ({ State: "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS", EventPattern: "{}" }),
  DescribeHub: () => ({ HubArn: arn("securityhub", "hub/default") }),
  GetFunctionConfiguration: () => ({ State: "Active", LastUpdateStatus: "Successful" }),
  ListEventSourceMappings: ({ FunctionName }: { FunctionName: string }) => ({
    EventSourceMappings: FunctionName.endsWith("detect")
      ? [mapping(STREAM)]
      : QUEUES.map((name) => mapping(arn("sqs", name))),
  }),
  GetQueueAttributes: ({ QueueUrl }: { QueueUrl: string }) => ({
    Attributes: {
      ApproximateNumberOfMessages: QUEUES.some((name) => QueueUrl.endsWith(name)) ? "1" : "0",
      ApproximateNumberOfMessagesNotVisible: "0",
    },
  }),
  GetMetricData: () => ({ MetricDataResults: [{ Id: "seconds", Values: [12], StatusCode: "Complete" }] }),
  ListObjectsV2: () => ({ KeyCount: 0, IsTruncated: false }),
  GetObject: () => ({ Body: JSON.stringify({ version: 1 }) }),
  BatchGetItem: ({ RequestItems }: { RequestItems: Record<string, { Keys: { pk: { S: string } }[] }> }) => ({
    Responses: Object.fromEntries(
      Object.entries(RequestItems).map(([table, { Keys }]) => [
        table,
        Keys.flatMap(({ pk }) => tableOf(now).get(pk.S) ?? []),
      ]),
    ),
  }),
  ListSubscriptionsByTopic: () => ({
    Subscriptions: [{ SubscriptionArn: arn("sns", "crosstrail:1"), Protocol: "email", Endpoint: "soc@example.com" }],
  }),
  DescribeAlarms: () => ({ MetricAlarms: [{ AlarmName: `${STACK}-stream-age`, StateValue: "OK" }] }),
  GetKeyPolicy: () => ({
    Policy: JSON.stringify({
      Statement: [
        {
          Effect: "Allow",
          Principal: { Service: [`logs.${REGION}.amazonaws.com`, "cloudwatch.amazonaws.com", "events.amazonaws.com"] },
        },
      ],
    }),
  }),
});

const HOUR_MS = 3_600_000;

/** The items of a ledger that has read both trails for fifty hours, to a minute ago, as the store writes them. */
function tableOf(now: number): ReadonlyMap<string, object> {
  const iso = (ms: number): string => new Date(ms).toISOString();
  const facts = (["k8s-audit", "cloudtrail"] as const).flatMap((trail) => {
    const newest = { time: iso(now - 60_000), read: iso(now) };
    return [
      fact("trail", trail, "heard", { time: iso(now - 50 * HOUR_MS) }, iso(now - 50 * HOUR_MS)),
      ...[50, 26, 0].map((hours) => fact("trail", trail, "day", { time: iso(now - hours * HOUR_MS) }, iso(now))),
      fact("tide", `${trail}/${iso(now - 60_000).slice(0, "2026-11-22T10".length)}`, "newest", newest, iso(now)),
    ];
  });
  return new Map(
    [...Map.groupBy(facts, ({ kind, id }) => entityKey({ kind, id }).pk?.S ?? "")].map(([pk, some]) => [
      pk,
      Object.fromEntries([
        ["pk", { S: pk }],
        ["sk", { S: "entity" }],
        ...some.map(({ attribute, value, source }) => [`${attribute}\t${value}`, { S: source }]),
      ]),
    ]),
  );
}
