import { Aws, CfnOutput, Stack, Token } from "aws-cdk-lib";
import type { Table } from "aws-cdk-lib/aws-dynamodb";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { Stream } from "aws-cdk-lib/aws-kinesis";
import type { IKey } from "aws-cdk-lib/aws-kms";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import { type ITopic, Topic } from "aws-cdk-lib/aws-sns";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { fill, type Values } from "../names.ts";
import { type Output, outputs } from "../outputs.ts";
import { type FunctionName, functionNames } from "../settings.ts";
import { acknowledge } from "./acknowledged.ts";
import { encryption } from "./encryption.ts";
import { deployFunctions } from "./functions.ts";
import { ingest } from "./ingest.ts";
import { mappings } from "./mappings.ts";
import { outbox, subscribe } from "./outbox.ts";
import type { CrosstrailProps } from "./props.ts";
import { storage } from "./storage.ts";
import { validate } from "./validate.ts";
import { watch } from "./watch.ts";

/** crosstrail in a stack: both trails of EKS clusters -> Kinesis -> detectors -> Security Hub and SNS. Throws an Error that says how to mend it when what is asked for cannot be
 * deployed. */
export class Crosstrail extends Construct {
  /** Whatever else writes either trail may write here. */
  readonly stream: Stream;
  /** The ledger and the findings. */
  readonly table: Table;
  /** Findings, to subscribe to. */
  readonly topic: Topic;
  readonly alarmTopic: ITopic;
  readonly key: IKey;
  readonly quarantine: Bucket;
  /** Holds `config.json`. */
  readonly configuration: Bucket;
  readonly functions: Readonly<Record<FunctionName, LambdaFunction>>;

  constructor(scope: Construct, id: string, props: CrosstrailProps) {
    super(scope, id);
    const { account, region, node } = Stack.of(this);
    if (node.findAll().some((one) => one instanceof Crosstrail && one !== this && Stack.of(one) === Stack.of(this)))
      throw new Error(
        "A stack takes one Crosstrail: its alarms, filters and outputs are named after the stack. Give the other a stack of its own.",
      );
    const clusters = validate(props, { account: known(account), region: known(region) });

    this.key = encryption(this, props, pseudo);
    const { stream, table, quarantine, configuration } = storage(this, this.key, props);
    const { deadLetters, refused, notify, hub, topic } = outbox(this, this.key, props);
    this.alarmTopic = props.alarmTopic ?? ownAlarmTopic(this, this.key, props);
    this.stream = stream;
    this.table = table;
    this.topic = topic;
    this.quarantine = quarantine;
    this.configuration = configuration;

    const queues: Readonly<Record<string, Queue>> = {
      ...{ DeadLetterQueue: deadLetters, RefusedQueue: refused, NotifyQueue: notify },
      ...(hub === undefined ? {} : { HubUrgentQueue: hub.urgent, HubQueue: hub.other }),
    };
    const stored: Values = {
      ...{ ...pseudo, EncryptionKey: this.key.keyArn, AlarmTopic: this.alarmTopic.topicArn },
      ...{ Stream: stream.streamName, "Stream.Arn": stream.streamArn },
      ...{ Table: table.tableName, "Table.Arn": table.tableArn },
      ...{ QuarantineBucket: quarantine.bucketName, "QuarantineBucket.Arn": quarantine.bucketArn },
      ...{ ConfigBucket: configuration.bucketName, "ConfigBucket.Arn": configuration.bucketArn },
      ...{ Topic: topic.topicArn, "Topic.TopicName": topic.topicName },
      ...Object.fromEntries(Object.entries(queues).flatMap(([name, queue]) => namesOf(name, queue))),
    };
    const deployed = deployFunctions(this, this.key, props, stored);
    this.functions = deployed;
    const mapping = mappings(this, {
      ...{ detect: deployed.Detect.functionName, publish: deployed.Publish.functionName },
      ...{ sweep: deployed.Sweep.functionName, sweepArn: deployed.Sweep.functionArn },
      ...{ stream: stream.streamArn, quarantine: quarantine.bucketArn, deadLetters: deadLetters.queueArn },
      queues: Object.fromEntries(Object.entries(queues).map(([name, { queueArn }]) => [name, queueArn])),
    });
    const { subscribed, destination, rule, role } = ingest(this, clusters, props, { values: stored, reader: mapping });

    const values: Values = {
      ...{ ...stored, DetectStream: mapping.ref },
      ...Object.fromEntries(functionNames.map((name) => [name, deployed[name].functionName])),
      "PublishRole.Arn": deployed.Publish.role?.roleArn ?? "",
      "LogsRole.Arn": role.roleArn,
      ...Object.fromEntries(functionNames.map((name) => [`${name}Logs`, deployed[name].logGroup.logGroupName])),
      ...(rule === undefined ? {} : { TrailRule: rule.ref }),
      ...(destination === undefined ? {} : { "SourceDestination.Arn": destination.attrArn }),
      ...{ Clusters: clusters.join(","), TrailLogGroup: props.trailLogGroup ?? "" },
      SecurityHub: hub === undefined ? "off" : "on",
    };
    watch(this, subscribed, props, values);
    acknowledge(this);
    const there = {
      hub: hub !== undefined,
      trailEvents: rule !== undefined,
      sourceAccounts: destination !== undefined,
      clusters: clusters.length > 0,
      trailLogGroup: props.trailLogGroup !== undefined,
    };
    for (const [name, output] of Object.entries<Output>(outputs)) {
      if (output.when !== undefined && !there[output.when]) continue;
      // Under the names that doctor knows, whatever the construct is called and wherever it stands.
      const made = new CfnOutput(this, `Output${name}`, { description: output.is, value: fill(output.value, values) });
      made.overrideLogicalId(name);
    }
  }
}

/** A value that synthesis knows. */
const known = (value: string): string | undefined => (Token.isUnresolved(value) ? undefined : value);

const pseudo: Values = {
  ...{ "AWS::AccountId": Aws.ACCOUNT_ID, "AWS::Partition": Aws.PARTITION, "AWS::Region": Aws.REGION },
  ...{ "AWS::StackName": Aws.STACK_NAME, "AWS::URLSuffix": Aws.URL_SUFFIX },
};

const namesOf = (name: string, queue: Queue): readonly (readonly [string, string])[] => [
  [name, queue.queueUrl],
  [`${name}.Arn`, queue.queueArn],
  [`${name}.QueueName`, queue.queueName],
];

function ownAlarmTopic(scope: Construct, masterKey: IKey, { emails = [] }: CrosstrailProps): Topic {
  const topic = new Topic(scope, "AlarmTopic", { masterKey, enforceSSL: true });
  // A policy of its own replaces the default, by which alarms of the account may publish.
  topic.addToResourcePolicy(
    new PolicyStatement({
      ...{ sid: "Alarms", actions: ["sns:Publish"], resources: [topic.topicArn] },
      principals: [new ServicePrincipal("cloudwatch.amazonaws.com")],
      conditions: {
        StringEquals: { "aws:SourceAccount": Aws.ACCOUNT_ID },
        ArnLike: { "aws:SourceArn": `arn:${Aws.PARTITION}:cloudwatch:${Aws.REGION}:${Aws.ACCOUNT_ID}:alarm:*` },
      },
    }),
  );
  return subscribe(topic, emails);
}
