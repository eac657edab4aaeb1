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
} as const;

export type AwsCommand = keyof typeof awsCommands;
