import { existsSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import type { Json, Template } from "../support/template/template.ts";
import { cfnGuard, guard, type Verdict } from "../tools/infra/guard.ts";

const arn = (id: string): Json => ({ "Fn::GetAtt": [id, "Arn"] });
const ref = (id: string): Json => ({ Ref: id });
const withoutTls = (action: string, ...resources: readonly Json[]): Json => ({
  ...{ Effect: "Deny", Principal: "*", Action: [action], Resource: resources },
  Condition: { Bool: { "aws:SecureTransport": "false" } },
});
const allow = (action: string, resource: Json): Json => ({ Effect: "Allow", Action: [action], Resource: resource });

const outlives = { DeletionPolicy: "RetainExceptOnCreate", UpdateReplacePolicy: "Retain" };
const queue = { Type: "AWS::SQS::Queue", Properties: { MessageRetentionPeriod: 1209600, KmsMasterKeyId: arn("Key") } };
const queuePolicy = (id: string): Json => ({
  Type: "AWS::SQS::QueuePolicy",
  Properties: { Queues: [ref(id)], PolicyDocument: { Statement: [withoutTls("sqs:*", arn(id))] } },
});
const bucket = {
  ...{ Type: "AWS::S3::Bucket", ...outlives },
  Properties: {
    BucketEncryption: {
      ServerSideEncryptionConfiguration: [
        { ServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms", KMSMasterKeyID: arn("Key") } },
      ],
    },
    PublicAccessBlockConfiguration: {
      ...{ BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true },
    },
  },
};
const bucketPolicy = (id: string): Json => ({
  Type: "AWS::S3::BucketPolicy",
  Properties: {
    Bucket: ref(id),
    PolicyDocument: { Statement: [withoutTls("s3:*", arn(id), { "Fn::Sub": `\${${id}.Arn}/*` })] },
  },
});
const lambda = {
  Type: "AWS::Lambda::Function",
  Properties: {
    ...{ Runtime: "nodejs24.x", Architectures: ["arm64"], TracingConfig: { Mode: "Active" } },
    LoggingConfig: { LogGroup: ref("Logs") },
  },
};

/** A small stack that keeps every promise, with two of what has to be looked at one by one. */
const good: Readonly<Record<string, Json>> = {
  Key: {
    ...{ Type: "AWS::KMS::Key", ...outlives },
    Properties: {
      EnableKeyRotation: true,
      KeyPolicy: {
        Statement: [
          {
            ...{ Effect: "Allow", Action: "kms:*", Resource: "*" },
            Principal: { AWS: { "Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root" } },
          },
          {
            Effect: "Allow",
            Action: ["kms:GenerateDataKey*"],
            Resource: "*",
            Principal: { Service: "sns.amazonaws.com" },
          },
        ],
      },
    },
  },
  Stream: {
    Type: "AWS::Kinesis::Stream",
    Properties: { RetentionPeriodHours: 24, StreamEncryption: { EncryptionType: "KMS", KeyId: arn("Key") } },
  },
  Table: {
    ...{ Type: "AWS::DynamoDB::Table", ...outlives },
    Properties: {
      SSESpecification: { SSEEnabled: true, SSEType: "KMS", KMSMasterKeyId: arn("Key") },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      TimeToLiveSpecification: { AttributeName: "expires", Enabled: true },
    },
  },
  Letters: {
    ...queue,
    Properties: { ...queue.Properties, RedrivePolicy: { deadLetterTargetArn: arn("Dead"), maxReceiveCount: 5 } },
  },
  LettersPolicy: queuePolicy("Letters"),
  Dead: queue,
  DeadPolicy: queuePolicy("Dead"),
  Topic: { Type: "AWS::SNS::Topic", Properties: { KmsMasterKeyId: arn("Key") } },
  TopicPolicy: {
    Type: "AWS::SNS::TopicPolicy",
    Properties: {
      Topics: [ref("Topic")],
      PolicyDocument: {
        Statement: [
          withoutTls("sns:Publish", ref("Topic")),
          { ...(allow("sns:Publish", ref("Topic")) as object), Principal: { Service: "cloudwatch.amazonaws.com" } },
        ],
      },
    },
  },
  Quarantine: bucket,
  QuarantinePolicy: bucketPolicy("Quarantine"),
  Config: bucket,
  ConfigPolicy: bucketPolicy("Config"),
  Logs: { Type: "AWS::Logs::LogGroup", Properties: { RetentionInDays: 30, KmsKeyId: arn("Key") } },
  Role: {
    Type: "AWS::IAM::Role",
    Properties: {
      ManagedPolicyArns: [
        { "Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/AWSXRayDaemonWriteAccess" },
        "arn:aws:iam::aws:policy/AWSXrayWriteOnlyAccess",
      ],
      Policies: [
        {
          PolicyDocument: {
            Statement: [allow("sqs:SendMessage", [arn("Letters")]), allow("xray:PutTraceSegments", "*")],
          },
        },
      ],
    },
  },
  OtherRole: { Type: "AWS::IAM::Role", Properties: {} },
  Policy: {
    Type: "AWS::IAM::Policy",
    Properties: {
      Roles: [ref("OtherRole")],
      PolicyDocument: { Statement: [allow("s3:PutObject", arn("Quarantine"))] },
    },
  },
  Detect: lambda,
  Publish: lambda,
  Sweep: lambda,
  OnStream: {
    Type: "AWS::Lambda::EventSourceMapping",
    Properties: {
      ...{ EventSourceArn: arn("Stream"), FunctionName: ref("Detect"), StartingPosition: "LATEST" },
      DestinationConfig: { OnFailure: { Destination: arn("Dead") } },
    },
  },
  OnLetters: {
    Type: "AWS::Lambda::EventSourceMapping",
    Properties: { EventSourceArn: arn("Letters"), FunctionName: ref("Publish") },
  },
  OnSweep: {
    Type: "AWS::Lambda::Permission",
    Properties: { FunctionName: arn("Sweep"), Principal: "events.amazonaws.com", SourceArn: arn("Minutes") },
  },
  Other: lambda,
  OnOther: {
    Type: "AWS::Lambda::EventInvokeConfig",
    Properties: { FunctionName: ref("Other"), DestinationConfig: { OnFailure: { Destination: arn("Dead") } } },
  },
  Minutes: {
    Type: "AWS::Events::Rule",
    Properties: {
      ScheduleExpression: "rate(5 minutes)",
      Targets: [{ Arn: arn("Sweep"), DeadLetterConfig: { Arn: arn("Dead") } }],
    },
  },
  Schedule: {
    Type: "AWS::Scheduler::Schedule",
    Properties: { Target: { Arn: arn("Sweep"), DeadLetterConfig: { Arn: arn("Dead") } } },
  },
  Rule: {
    Type: "AWS::Events::Rule",
    Properties: { EventPattern: {}, Targets: [{ Arn: arn("Stream"), DeadLetterConfig: { Arn: arn("Dead") } }] },
  },
};

type Change = readonly [path: string, value?: Json];
/** The good stack with one thing changed: what stands at a path, or with no value, what is taken away. */
function changed([path, value]: Change): Template {
  const Resources = structuredClone(good) as Record<string, Json>;
  const keys = path.split("/");
  const last = keys.pop() ?? "";
  const parent = keys.reduce<Record<string, Json>>((at, key) => at[key] as Record<string, Json>, Resources);
  if (value === undefined) Reflect.deleteProperty(parent, last);
  else parent[last] = value;
  return { Resources } as unknown as Template;
}

const statement = (id: string, at = 0): string => `${id}/Properties/PolicyDocument/Statement/${at}`;
const sse = "BucketEncryption/ServerSideEncryptionConfiguration/0/ServerSideEncryptionByDefault";
const broken: Readonly<Record<string, readonly Change[]>> = {
  stream_is_encrypted: [
    ["Stream/Properties/StreamEncryption"],
    ["Stream/Properties/StreamEncryption/EncryptionType", "NONE"],
    ["Stream/Properties/StreamEncryption/KeyId"],
    ["Stream/Properties/StreamEncryption/KeyId", "alias/aws/kinesis"],
  ],
  table_is_encrypted: [
    ["Table/Properties/SSESpecification"],
    ["Table/Properties/SSESpecification/SSEEnabled", false],
    ["Table/Properties/SSESpecification/SSEType"],
    ["Table/Properties/SSESpecification/KMSMasterKeyId"],
    ["Table/Properties/SSESpecification/KMSMasterKeyId", "alias/aws/dynamodb"],
  ],
  queue_is_encrypted: [["Dead/Properties/KmsMasterKeyId"], ["Letters/Properties/KmsMasterKeyId", "alias/aws/sqs"]],
  topic_is_encrypted: [["Topic/Properties/KmsMasterKeyId"], ["Topic/Properties/KmsMasterKeyId", "alias/aws/sns"]],
  bucket_is_encrypted: [
    ["Config/Properties/BucketEncryption"],
    [`Config/Properties/${sse}/SSEAlgorithm`, "AES256"],
    [`Config/Properties/${sse}/KMSMasterKeyID`],
    [`Quarantine/Properties/${sse}/KMSMasterKeyID`, "alias/aws/s3"],
  ],
  log_group_is_encrypted: [["Logs/Properties/KmsKeyId"]],
  key_is_rotated: [["Key/Properties/EnableKeyRotation"], ["Key/Properties/EnableKeyRotation", false]],
  kinds_of_stores_are_known: [["Wide", { Type: "AWS::DynamoDB::GlobalTable", Properties: {} }]],
  queue_refuses_plain_http: [
    ["DeadPolicy"],
    ["DeadPolicy/Type", "AWS::SQS::QueueInlinePolicy"],
    ["DeadPolicy/Properties/Queues", [ref("Letters")]],
    [`${statement("DeadPolicy")}/Effect`],
    [`${statement("DeadPolicy")}/Principal`, { Service: "sns.amazonaws.com" }],
    [`${statement("DeadPolicy")}/Action`, ["sqs:SendMessage"]],
    [`${statement("DeadPolicy")}/Condition`],
    [`${statement("DeadPolicy")}/Condition/Bool`, { "aws:SecureTransport": "true" }],
  ],
  topic_refuses_plain_http: [
    ["TopicPolicy"],
    ["TopicPolicy/Type", "AWS::SNS::TopicInlinePolicy"],
    [`${statement("TopicPolicy")}/Effect`],
    [`${statement("TopicPolicy")}/Principal`, { Service: "sns.amazonaws.com" }],
    [`${statement("TopicPolicy")}/Action`, ["sns:Subscribe"]],
    [`${statement("TopicPolicy")}/Condition/Bool`, { "aws:SecureTransport": "true" }],
  ],
  bucket_refuses_plain_http: [
    ["ConfigPolicy"],
    ["ConfigPolicy/Type", "AWS::S3::AccessPointPolicy"],
    [`${statement("ConfigPolicy")}/Effect`],
    ["ConfigPolicy/Properties/Bucket", ref("Quarantine")],
    [`${statement("ConfigPolicy")}/Principal`, { Service: "s3.amazonaws.com" }],
    [`${statement("ConfigPolicy")}/Action`, ["s3:GetObject"]],
    [`${statement("ConfigPolicy")}/Resource`, [arn("Config")]],
    [`${statement("ConfigPolicy")}/Condition/Bool`, { "aws:SecureTransport": "true" }],
  ],
  feeding_queue_has_dead_letters: [
    ["Letters/Properties/RedrivePolicy"],
    ["Letters/Properties/RedrivePolicy/deadLetterTargetArn"],
    ["Letters/Properties/RedrivePolicy/maxReceiveCount"],
    ["OnLetters/Properties/EventSourceArn", arn("Dead")],
  ],
  stream_mapping_has_a_destination_on_failure: [
    ["OnStream/Properties/DestinationConfig"],
    ["OnStream/Properties/DestinationConfig/OnFailure", {}],
  ],
  target_of_a_rule_has_dead_letters: [
    ["Rule/Properties/Targets/0/DeadLetterConfig"],
    ["Rule/Properties/Targets/1", { Arn: arn("Letters") }],
  ],
  target_of_a_schedule_has_dead_letters: [["Schedule/Properties/Target/DeadLetterConfig"]],
  function_loses_no_call: [
    ["OnSweep"],
    ["OnSweep/Properties/Principal", "s3.amazonaws.com"],
    ["OnOther"],
    ["OnOther/Properties/DestinationConfig", { OnSuccess: { Destination: arn("Dead") } }],
    ["Rule/Properties/Targets/0/Arn", arn("Detect")],
    ["OnLetters/Properties/FunctionName", ref("Detect")],
  ],
  queue_keeps_for_14_days: [
    ["Dead/Properties/MessageRetentionPeriod"],
    ["Dead/Properties/MessageRetentionPeriod", 345600],
  ],
  stream_keeps_for_a_day: [["Stream/Properties/RetentionPeriodHours"], ["Stream/Properties/RetentionPeriodHours", 23]],
  log_group_says_how_long_it_keeps: [["Logs/Properties/RetentionInDays"]],
  evidence_outlives_the_stack: [
    ["Table/DeletionPolicy"],
    ["Key/DeletionPolicy", "Retain"],
    ["Table/UpdateReplacePolicy", "Delete"],
  ],
  table_can_be_restored: [
    ["Table/Properties/PointInTimeRecoverySpecification"],
    ["Table/Properties/PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled", false],
  ],
  table_forgets: [
    ["Table/Properties/TimeToLiveSpecification"],
    ["Table/Properties/TimeToLiveSpecification/Enabled", false],
  ],
  function_runs_on_node_24: [["Sweep/Properties/Runtime", "nodejs22.x"], ["Sweep/Properties/Runtime"]],
  function_runs_on_arm: [["Sweep/Properties/Architectures"], ["Sweep/Properties/Architectures", ["x86_64"]]],
  function_is_traced: [["Sweep/Properties/TracingConfig"], ["Sweep/Properties/TracingConfig/Mode", "PassThrough"]],
  function_names_its_log_group: [["Sweep/Properties/LoggingConfig"], ["Sweep/Properties/LoggingConfig/LogGroup"]],
  bucket_is_not_public: [
    ["Config/Properties/PublicAccessBlockConfiguration"],
    ...["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"].map(
      (flag): Change => [`Config/Properties/PublicAccessBlockConfiguration/${flag}`, false],
    ),
  ],
  right_names_its_actions: [
    ["Role/Properties/Policies/0/PolicyDocument/Statement/0/Action", ["sqs:SendMessage", "*"]],
    ["Role/Properties/Policies/0/PolicyDocument/Statement/0/Action", "sqs:*"],
    [
      "Role/Properties/Policies/0/PolicyDocument/Statement/0",
      { Effect: "Allow", NotAction: "iam:*", Resource: arn("Dead") },
    ],
    [`${statement("Policy")}/Action`, ["s3:*"]],
    [`${statement("TopicPolicy", 1)}/Action`, "sns:*"],
    ["Key/Properties/KeyPolicy/Statement/1/Action", ["kms:*"]],
  ],
  right_names_its_resources: [
    ["Role/Properties/Policies/0/PolicyDocument/Statement/0/Resource", "*"],
    ["Role/Properties/Policies/0/PolicyDocument/Statement/0/Resource", [arn("Letters"), "*"]],
    ["Role/Properties/Policies/0/PolicyDocument/Statement/1/Action", ["xray:PutTraceSegments", "kms:Decrypt"]],
    [
      "Role/Properties/Policies/0/PolicyDocument/Statement/0",
      { Effect: "Allow", Action: "sqs:SendMessage", NotResource: arn("Dead") },
    ],
    [`${statement("Policy")}/Resource`, ["*"]],
    [`${statement("Policy")}/Resource`],
    [`${statement("TopicPolicy", 1)}/Resource`],
    [`${statement("TopicPolicy", 1)}/Resource`, "*"],
  ],
  right_names_whose_it_is: [
    [`${statement("TopicPolicy", 1)}/Principal`, "*"],
    [`${statement("TopicPolicy", 1)}/Principal`, { AWS: "*" }],
    [`${statement("TopicPolicy", 1)}/Principal`, { AWS: [arn("Role"), "*"] }],
    [`${statement("TopicPolicy", 1)}/Principal`],
    ["Key/Properties/KeyPolicy/Statement/0/Principal", { AWS: "*" }],
    ["Key/Properties/KeyPolicy/Statement/1/Principal"],
  ],
  role_has_rights_of_its_own: [
    ["Role/Properties/ManagedPolicyArns/0", "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"],
    [
      "OtherRole/Properties/ManagedPolicyArns",
      [{ "Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/AdministratorAccess" }],
    ],
  ],
};
const cases = Object.entries(broken).flatMap(([rule, changes]) => changes.map((change) => ({ rule, change })));

const program = cfnGuard();
describe.runIf(program !== undefined)("our rules", () => {
  let ofGood: Verdict | undefined;
  let verdicts: readonly Verdict[];
  beforeAll(async () => {
    const templates = [{ Resources: good } as unknown as Template, ...cases.map(({ change }) => changed(change))];
    [ofGood, ...verdicts] = await guard(program ?? "", templates);
  });

  it("are all kept by a stack that is good, and each has something to look at", () => {
    expect(ofGood?.broken).toEqual([]);
    expect(ofGood?.idle).toEqual([]);
    expect(ofGood?.kept).toEqual(Object.keys(broken).sort());
  });

  it.each(cases.map(({ rule, change: [path, value] }, at) => ({ rule, path, value, at })))(
    "$rule: broken by $path as $value, and no other is",
    ({ rule, at }) => {
      expect(verdicts[at]?.broken.map((breach) => breach.rule)).toEqual([rule]);
    },
  );

  it("say what was asked for, and where", () => {
    const [at] = cases.flatMap(({ change: [path] }, index) =>
      path === "Dead/Properties/KmsMasterKeyId" ? [index] : [],
    );
    expect(verdicts[at ?? -1]?.broken[0]?.why[0]).toMatch(/KmsMasterKeyId EXISTS at \/Resources\/Dead\/Properties/);
  });
});

it("cfn-guard is there for Linux and macOS, and for no other system", () => {
  for (const system of ["linux", "darwin"])
    for (const machine of ["x64", "arm64"]) expect(existsSync(cfnGuard(system, machine) ?? "")).toBe(true);
  expect(cfnGuard("win32", "x64")).toBeUndefined();
  expect(cfnGuard("linux", "riscv64")).toBeUndefined();
});
