import { CONFIG_KEY, type FunctionName } from "./settings.ts";

export interface Right {
  readonly sid: string;
  readonly actions: readonly string[];
  /** `of`: those that a deployment lists in this parameter. */
  readonly resources: readonly string[] | { readonly of: "HubRoles" };
  readonly conditions?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
  /** Only in a stack with Security Hub, or with roles of other accounts for it. */
  readonly when?: "hub" | "hubRoles";
}

const table = (...actions: readonly string[]): Right => ({
  ...{ sid: "Table", actions: actions.map((action) => `dynamodb:${action}`), resources: ["${Table.Arn}"] },
});

const configuration: readonly Right[] = [
  {
    ...{ sid: "Configuration", actions: ["s3:GetObject", "s3:GetObjectVersion"] },
    resources: [`\${ConfigBucket.Arn}/${CONFIG_KEY}`],
  },
  // Without ListBucket S3 says that access is denied where nothing is there yet. Versions: the last good one, when the latest cannot be used.
  {
    ...{ sid: "ConfigurationVersions", actions: ["s3:ListBucket", "s3:ListBucketVersions"] },
    resources: ["${ConfigBucket.Arn}"],
  },
];

const outbox: readonly Right[] = [
  { sid: "Notify", actions: ["sqs:SendMessage"], resources: ["${NotifyQueue.Arn}"] },
  {
    ...{ sid: "SecurityHubQueues", actions: ["sqs:SendMessage"], when: "hub" },
    resources: ["${HubUrgentQueue.Arn}", "${HubQueue.Arn}"],
  },
];

/** What every function needs to write its log and its traces. */
const own = (name: FunctionName): readonly Right[] => [
  { sid: "Logs", actions: ["logs:CreateLogStream", "logs:PutLogEvents"], resources: [`\${${name}Logs.Arn}`] },
  // These two know no resources (docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html).
  { sid: "Traces", actions: ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], resources: ["*"] },
];

/** The key, through these services only: nobody decrypts by hand what is not theirs to read. */
const key = (...services: readonly string[]): Right => ({
  ...{ sid: "Key", actions: ["kms:Decrypt", "kms:GenerateDataKey"], resources: ["${EncryptionKey}"] },
  conditions: {
    StringEquals: { "kms:ViaService": services.map((service) => `${service}.\${AWS::Region}.\${AWS::URLSuffix}`) },
  },
});

/** What Lambda does in the name of a function, for the mapping of the stream (docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html, but for SubscribeToShard, which
 * enhanced fan-out needs) and its destination (…/kinesis-on-failure-destination.html). */
const polling: readonly Right[] = [
  {
    ...{ sid: "Stream", resources: ["${Stream.Arn}"] },
    actions: [
      "kinesis:DescribeStream",
      "kinesis:DescribeStreamSummary",
      "kinesis:GetRecords",
      "kinesis:GetShardIterator",
      "kinesis:ListShards",
    ],
  },
  { sid: "GivenUp", actions: ["s3:PutObject"], resources: ["${QuarantineBucket.Arn}/aws/lambda/*"] },
  { sid: "GivenUpBucket", actions: ["s3:ListBucket"], resources: ["${QuarantineBucket.Arn}"] },
];

/** The same for a queue (docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html). */
const RECEIVE = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"];

/** What each function may do: what its clients are seen to ask for in the tests, what Lambda does for it, and nothing else. A test holds the two against each other. */
export const rights: Readonly<Record<FunctionName, readonly Right[]>> = {
  Detect: [
    table("BatchGetItem", "BatchWriteItem", "GetItem", "UpdateItem"),
    ...configuration,
    { sid: "Quarantine", actions: ["s3:PutObject"], resources: ["${QuarantineBucket.Arn}/kept/*"] },
    ...outbox,
    ...polling,
    key("dynamodb", "kinesis", "s3", "sqs"),
    ...own("Detect"),
  ],
  Publish: [
    table("BatchGetItem", "BatchWriteItem", "GetItem", "UpdateItem"),
    { sid: "Notifications", actions: RECEIVE, resources: ["${NotifyQueue.Arn}"] },
    {
      ...{ sid: "SecurityHubMessages", actions: RECEIVE, when: "hub" },
      resources: ["${HubUrgentQueue.Arn}", "${HubQueue.Arn}"],
    },
    // What a sink has refused is kept, and told of as a finding.
    { sid: "Refused", actions: ["sqs:SendMessage"], resources: ["${RefusedQueue.Arn}"] },
    { sid: "Report", actions: ["sqs:SendMessage"], resources: ["${NotifyQueue.Arn}"] },
    { sid: "ReportToSecurityHub", actions: ["sqs:SendMessage"], resources: ["${HubQueue.Arn}"], when: "hub" },
    { sid: "Topic", actions: ["sns:Publish"], resources: ["${Topic}"] },
    {
      ...{ sid: "SecurityHub", actions: ["securityhub:BatchImportFindings"], when: "hub" },
      resources: [
        "arn:${AWS::Partition}:securityhub:${AWS::Region}:${AWS::AccountId}:product/${AWS::AccountId}/default",
      ],
    },
    {
      ...{ sid: "SecurityHubOfOthers", actions: ["sts:AssumeRole"], when: "hubRoles" },
      resources: { of: "HubRoles" },
    },
    key("dynamodb", "sns", "sqs"),
    ...own("Publish"),
  ],
  Sweep: [
    table("BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "Query", "UpdateItem"),
    ...configuration,
    ...outbox,
    key("dynamodb", "s3", "sqs"),
    ...own("Sweep"),
  ],
};

interface Grant {
  readonly sid: string;
  readonly service: string;
  readonly actions: readonly string[];
  readonly conditions: NonNullable<Right["conditions"]>;
}

const inAccount = { StringEquals: { "aws:SourceAccount": "${AWS::AccountId}" } } as const;

/** What the policy of the key has to allow to services that act in their own name; whoever acts by a role is allowed by the role. */
export const keyGrants: readonly Grant[] = [
  {
    // docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    ...{ sid: "Logs", service: "logs.${AWS::Region}.amazonaws.com" },
    actions: [
      "kms:Decrypt",
      "kms:DescribeKey",
      "kms:Encrypt",
      "kms:GenerateDataKey",
      "kms:GenerateDataKeyWithoutPlaintext",
      "kms:ReEncryptFrom",
      "kms:ReEncryptTo",
    ],
    conditions: {
      ArnLike: {
        "kms:EncryptionContext:aws:logs:arn": "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:*",
      },
    },
  },
  // A rule whose target does not answer leaves the event in an encrypted queue (docs.aws.amazon.com/eventbridge/latest/userguide/eb-encryption-event-bus-cmkey.html).
  {
    ...{ sid: "Events", service: "events.amazonaws.com" },
    ...{ actions: ["kms:Decrypt", "kms:GenerateDataKey"], conditions: inAccount },
  },
  // An alarm tells an encrypted topic (docs.aws.amazon.com/sns/latest/dg/sns-key-management.html).
  {
    ...{ sid: "Alarms", service: "cloudwatch.amazonaws.com" },
    ...{ actions: ["kms:Decrypt", "kms:GenerateDataKey"], conditions: inAccount },
  },
];

/** What CloudWatch Logs and EventBridge need to put records on the encrypted stream (docs.aws.amazon.com/streams/latest/dev/permissions-user-key-KMS.html). */
export const streamWriting: readonly Right[] = [
  { sid: "Stream", actions: ["kinesis:PutRecord", "kinesis:PutRecords"], resources: ["${Stream.Arn}"] },
  {
    ...{ sid: "Key", actions: ["kms:GenerateDataKey"], resources: ["${EncryptionKey}"] },
    conditions: { StringEquals: { "kms:ViaService": "kinesis.${AWS::Region}.${AWS::URLSuffix}" } },
  },
];
