import { CONFIG_KEY } from "./settings.ts";

/** What a stack puts out. `crosstrail doctor --stack` reads these. */
export interface Output {
  readonly value: string;
  readonly is: string;
  /** Only in stacks that have it. */
  readonly when?: "hub" | "trailEvents" | "sourceAccounts" | "clusters" | "trailLogGroup";
}

export const outputs = {
  StreamArn: { value: "${Stream.Arn}", is: "ARN of the stream: crosstrail send --stream" },
  TableName: { value: "${Table}", is: "table of the ledger and the findings" },
  TopicArn: { value: "${Topic}", is: "topic of findings, to subscribe to" },
  AlarmTopicArn: { value: "${AlarmTopic}", is: "topic of alarms" },
  QuarantineBucket: {
    value: "${QuarantineBucket}",
    is: "records that could not be judged: crosstrail redrive --bucket",
  },
  ConfigBucket: { value: "${ConfigBucket}", is: "bucket of the configuration" },
  ConfigKey: { value: CONFIG_KEY, is: "key of the configuration in its bucket" },
  DetectFunction: { value: "${Detect}", is: "function that judges" },
  PublishFunction: { value: "${Publish}", is: "function that publishes" },
  SweepFunction: { value: "${Sweep}", is: "function that sweeps" },
  PublishRoleArn: {
    ...{ value: "${PublishRole.Arn}", when: "hub" },
    is: "role of the function that publishes, which roles of other accounts have to trust",
  },
  HubUrgentQueueUrl: { value: "${HubUrgentQueue}", is: "high and critical findings for Security Hub", when: "hub" },
  HubQueueUrl: { value: "${HubQueue}", is: "other findings for Security Hub", when: "hub" },
  NotifyQueueUrl: { value: "${NotifyQueue}", is: "findings that people are told of" },
  RefusedQueueUrl: { value: "${RefusedQueue}", is: "findings that a sink has refused" },
  DeadLetterQueueUrl: { value: "${DeadLetterQueue}", is: "what could not be delivered" },
  LogsRoleArn: { value: "${LogsRole.Arn}", is: "role by which log groups of this account send to the stream" },
  DestinationArn: {
    ...{ value: "${SourceDestination.Arn}", when: "sourceAccounts" },
    is: "where log groups of other accounts send to",
  },
  TrailRuleName: { value: "${TrailRule}", is: "rule of CloudTrail's events", when: "trailEvents" },
  KeyArn: { value: "${EncryptionKey}", is: "key of everything that is kept" },
  Clusters: { value: "${Clusters}", is: "clusters whose log groups are subscribed", when: "clusters" },
  TrailLogGroup: { value: "${TrailLogGroup}", is: "log group of the trail", when: "trailLogGroup" },
  SecurityHub: { value: "${SecurityHub}", is: "whether findings go to Security Hub" },
} as const satisfies Readonly<Record<string, Output>>;

export type OutputName = keyof typeof outputs;
