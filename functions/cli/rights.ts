/** The commands that talk to AWS: what each does, and the IAM actions that it asks for. The help and the README are made of it. */
export const awsCommands = {
  hunt: {
    does: "search log groups and CloudTrail for a time that has passed",
    rights: [
      "logs:FilterLogEvents",
      "logs:DescribeLogGroups (to name the account)",
      "cloudtrail:LookupEvents (with --lookup)",
    ],
  },
  tail: {
    does: "follow log groups and report findings as they appear",
    rights: ["logs:FilterLogEvents", "logs:DescribeLogGroups (to name the account)"],
  },
  stream: {
    does: "read a Kinesis stream without Lambda, in a container for instance",
    rights: [
      "kinesis:DescribeStreamSummary",
      "kinesis:ListShards",
      "kinesis:GetShardIterator",
      "kinesis:GetRecords",
      "dynamodb:GetItem, BatchGetItem, Query, PutItem, UpdateItem, DeleteItem, BatchWriteItem (with --table)",
      "sqs:SendMessage (with queues)",
      "s3:PutObject (with --quarantine-bucket)",
    ],
  },
  send: {
    does: "put recorded events, or the packaged attack, on a stream",
    rights: ["kinesis:PutRecords"],
  },
  redrive: {
    does: "put the records of the quarantine on their streams again",
    rights: ["s3:ListBucket", "s3:GetObject", "s3:PutObject and s3:DeleteObject (to move)", "kinesis:PutRecords"],
  },
  doctor: {
    does: "check an account, and the stack in it, and say how to mend what is missing",
    rights: [
      "sts:GetCallerIdentity (which nobody has to be given)",
      "eks:DescribeCluster",
      "logs:DescribeLogStreams, DescribeSubscriptionFilters",
      "cloudtrail:DescribeTrails, GetTrailStatus, GetEventSelectors",
      "securityhub:DescribeHub",
      "logs:DescribeAccountPolicies, TestMetricFilter (with --stack, as all that follow)",
      "cloudformation:DescribeStacks, ListStackResources",
      "events:DescribeRule",
      "lambda:GetFunctionConfiguration, ListEventSourceMappings",
      "sqs:GetQueueAttributes",
      "s3:ListBucket, GetObject",
      "dynamodb:BatchGetItem (and kms:Decrypt, where bucket or table have a key)",
      "sns:ListSubscriptionsByTopic",
      "cloudwatch:DescribeAlarms, GetMetricData",
      "kms:GetKeyPolicy (for a key that is not the stack's)",
    ],
  },
} as const;

export type AwsCommand = keyof typeof awsCommands;
