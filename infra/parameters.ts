/** What a deployment may choose. The parameters of the SAM template, the properties of the CDK construct and the table in README.md are held against this list. */
export interface Parameter {
  readonly type: "String" | "Number";
  /** The same in `CrosstrailProps`. */
  readonly prop: string;
  /** Before its field, where CloudFormation asks for it. */
  readonly label: string;
  readonly default: string | number;
  readonly allowed?: readonly (string | number)[];
  readonly pattern?: string;
  readonly min?: number;
  readonly max?: number;
  readonly is: string;
  /** Shown by CloudFormation when the pattern does not fit. */
  readonly otherwise?: string;
}

const ARN = "arn:aws[a-z-]*";

/** CloudFormation has no loops: so many places stand in the SAM template. The CDK construct takes as many as are given. */
export const MAX_CLUSTERS = 10;
export const MAX_EMAILS = 5;
/** A function takes 4 KB of variables (docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html), of which its others need one. */
export const MAX_HUB_ROLES = 40;

/** docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html: the pattern and length of a cluster's name. */
export const CLUSTER_NAME = "[0-9A-Za-z][A-Za-z0-9_-]{0,99}";
export const ACCOUNT_ID = "[0-9]{12}";
/** docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: a name has 64 characters. A comma, which it may have, would end it here. */
export const ROLE_ARN = `${ARN}:iam::[0-9]{12}:role/([!-+.-~]+/)*[A-Za-z0-9+=.@_-]{1,64}`;
export const KEY_ARN = `${ARN}:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+`;
export const TOPIC_ARN = `${ARN}:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+`;
/** Wide on purpose: what is an address is for SNS to say, which asks it for a confirmation. */
export const EMAIL = "[^@, ]+@[^@, ]+";
/** docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html */
export const LOG_GROUP = "[A-Za-z0-9_/.#-]{1,512}";
/** docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-loggroup.html */
export const LOG_RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1_096, 1_827, 2_192, 2_557, 2_922, 3_288, 3_653,
] as const;

/** Texts with commas between them. CloudFormation's own type for lists can be held against a pattern only item by item, so that one too many, or one twice, would pass unseen. */
const list = (item: string, { most, different }: { readonly most?: number; readonly different?: boolean } = {}) => {
  const rest = most === undefined ? "*" : `{0,${most - 1}}`;
  // Ahead of everything: no item that stands between commas once more.
  const twice = different === true ? String.raw`(?!(.*,)?([^,]+),(.*,)?\2(,|$))` : "";
  return `${twice}(${item}(,${item})${rest})?`;
};

export const parameters = {
  Clusters: {
    ...{ type: "String", prop: "clusters", label: "Clusters", default: "" },
    pattern: list(CLUSTER_NAME, { most: MAX_CLUSTERS, different: true }),
    otherwise: `names of EKS clusters in this account and Region (no ARNs), each once, ${MAX_CLUSTERS} at most, with commas and no spaces: prod,staging`,
    is: `EKS clusters of this account and Region whose audit logs are read (log group \`/aws/eks/NAME/cluster\`). In SAM names, ${MAX_CLUSTERS} at most; in CDK names or ARNs`,
  },
  SourceAccounts: {
    ...{ type: "String", prop: "sourceAccounts", label: "Other accounts", default: "" },
    pattern: list(ACCOUNT_ID),
    otherwise: "ids of accounts, of twelve digits each, with commas and no spaces",
    is: "other accounts that may send their log groups here, through a Logs destination",
  },
  TrailLogGroup: {
    ...{ type: "String", prop: "trailLogGroup", label: "Log group of CloudTrail", default: "" },
    pattern: `(${LOG_GROUP})?`,
    otherwise: "the name of a log group, not an ARN",
    is: "log group that a CloudTrail trail writes to",
  },
  TrailEvents: {
    ...{
      type: "String",
      prop: "trailEvents",
      label: "CloudTrail by EventBridge",
      default: "off",
      allowed: ["on", "off"],
    },
    is: "CloudTrail by EventBridge, beside or instead of a log group",
  },
  StreamShards: {
    ...{ type: "Number", prop: "streamShards", label: "Shards of the stream", default: 0, min: 0, max: 10_000 },
    is: "shards of the stream; 0 is on demand",
  },
  StreamRetentionHours: {
    ...{
      type: "Number",
      prop: "streamRetentionHours",
      label: "Hours that the stream keeps records",
      default: 72,
      min: 24,
      max: 8_760,
    },
    is: "how long the stream keeps records: as long as a repair may take",
  },
  SecurityHub: {
    ...{ type: "String", prop: "securityHub", label: "Security Hub", default: "on", allowed: ["on", "off"] },
    is: "findings to Security Hub CSPM of this account and Region",
  },
  HubRoles: {
    ...{ type: "String", prop: "hubRoles", label: "Roles of other accounts for Security Hub", default: "" },
    // Ahead of everything: no account that comes once more.
    pattern: String.raw`(?!.*::([0-9]{12}):.*::\1:)` + list(ROLE_ARN, { most: MAX_HUB_ROLES }),
    otherwise: `ARNs of roles, ${MAX_HUB_ROLES} at most and one of each account, with commas and no spaces: arn:aws:iam::444455556666:role/crosstrail-findings`,
    is: `roles in other accounts, one of each, ${MAX_HUB_ROLES} at most: findings of those accounts go to their own Security Hub, by the role. The output \`HubRoleArn\` of \`infra/sam/hub-role.yaml\``,
  },
  Emails: {
    ...{ type: "String", prop: "emails", label: "E-mail addresses", default: "" },
    pattern: list(EMAIL, { most: MAX_EMAILS }),
    otherwise: `addresses, ${MAX_EMAILS} at most, with commas and no spaces`,
    is: `who is told of findings and alarms; each has to confirm. In SAM ${MAX_EMAILS} at most; whatever else subscribes to the topic itself`,
  },
  NotifyFormat: {
    ...{
      type: "String",
      prop: "notifyFormat",
      label: "Format of messages",
      default: "text",
      allowed: ["text", "chat"],
    },
    is: "messages for a mail, or for Amazon Q Developer in chat applications",
  },
  KeyArn: {
    ...{ type: "String", prop: "key", label: "KMS key", default: "", pattern: `(${KEY_ARN})?` },
    otherwise: "the ARN of a KMS key, not of an alias",
    is: "KMS key for everything that is kept; without one the stack makes its own. In CDK a `kms.IKey`",
  },
  KeyHasGrants: {
    ...{
      type: "String",
      prop: "keyHasGrants",
      label: "The key's policy has the statements",
      default: "no",
      allowed: ["yes", "no"],
    },
    is: "`yes` says that the policy of that key has the statements that infra/README.md lists",
  },
  LogRetentionDays: {
    ...{
      type: "Number",
      prop: "logRetentionDays",
      label: "Days that logs are kept",
      default: 90,
      allowed: LOG_RETENTION_DAYS,
    },
    is: "how long the functions' own logs are kept",
  },
  QuarantineDays: {
    ...{
      type: "Number",
      prop: "quarantineDays",
      label: "Days that records set aside are kept",
      default: 90,
      min: 1,
      max: 3_650,
    },
    is: "how long records are kept that could not be judged",
  },
  AlarmTopicArn: {
    ...{ type: "String", prop: "alarmTopic", label: "Topic of alarms", default: "", pattern: `(${TOPIC_ARN})?` },
    otherwise: "the ARN of an SNS topic",
    is: "where alarms go; without one the stack makes a topic of its own. In CDK an `sns.ITopic`",
  },
  Shadow: {
    ...{ type: "String", prop: "shadow", label: "On trial", default: "off", allowed: ["on", "off"] },
    is: "`on`: findings are kept and counted, and nobody is told, but of the pipeline's own health",
  },
} as const satisfies Readonly<Record<string, Parameter>>;

export type ParameterName = keyof typeof parameters;

/** How CloudFormation groups them where it asks. */
export const parameterGroups: readonly { readonly label: string; readonly names: readonly ParameterName[] }[] = [
  { label: "What is watched", names: ["Clusters", "SourceAccounts", "TrailLogGroup", "TrailEvents"] },
  { label: "Who is told", names: ["SecurityHub", "HubRoles", "Emails", "NotifyFormat", "AlarmTopicArn", "Shadow"] },
  {
    label: "What is kept",
    names: ["KeyArn", "KeyHasGrants", "StreamShards", "StreamRetentionHours", "LogRetentionDays", "QuarantineDays"],
  },
];
