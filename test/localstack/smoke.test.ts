import { PutLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { CreateTableCommand, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { PutEventsCommand, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { GetRecordsCommand, GetShardIteratorCommand, ListShardsCommand } from "@aws-sdk/client-kinesis";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { CreateTopicCommand, PublishCommand, SubscribeCommand } from "@aws-sdk/client-sns";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import type { SQSEvent } from "aws-lambda";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startSecurityHub } from "../support/security-hub.ts";
import { type Aws, connect, endpoint, eventually, namer } from "./aws.ts";
import { startFaultProxy } from "./fault-proxy.ts";
import { startPuppeteer } from "./puppeteer.ts";
import { createLogGroup, createQueue, createStream, deploy, known, map, take } from "./resources.ts";

const named = namer("smoke");
let aws: Aws;
beforeAll(async () => {
  aws = connect(await endpoint());
});
afterAll(() => aws?.close());

describe("the stand-ins for AWS", () => {
  it("carry a log event through the stream into a real function, its table and its queue", async () => {
    const stream = await createStream(aws, named("stream"));
    const queue = await createQueue(aws, named("out"));
    const TableName = named("table");
    await aws.dynamodb.send(
      new CreateTableCommand({
        ...{ TableName, BillingMode: "PAY_PER_REQUEST", KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }] },
        AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
      }),
    );
    const group = `/aws/eks/${named("demo")}/cluster`;
    await createLogGroup(aws, group, "kube-apiserver-audit-1", stream);
    const FunctionName = named("relay");
    const environment = { TABLE: TableName, QUEUE: queue.url };
    await deploy(aws, { name: FunctionName, entry: "test/localstack/handlers/relay.ts", environment });
    await map(aws, { FunctionName, EventSourceArn: stream, StartingPosition: "TRIM_HORIZON", BatchSize: 10 });

    const logEvents = [{ timestamp: Date.now(), message: "first" }];
    const where = { logGroupName: group, logStreamName: "kube-apiserver-audit-1" };
    await aws.logs.send(new PutLogEventsCommand({ ...where, logEvents }));

    const [message] = await take(aws, queue, 1);
    expect(JSON.parse(known(message?.Body))).toEqual({
      ...{ message: "first", seen: "1", logGroup: group },
      // Functions run on the project's own Node.
      node: process.version,
    });
    const asked = new GetItemCommand({ TableName, Key: { pk: { S: "first" } } });
    expect((await aws.dynamodb.send(asked)).Item?.seen).toEqual({ N: "1" });
  });

  it("deliver what a topic is told to the queues that want it, by its body", async () => {
    const { TopicArn } = await aws.sns.send(new CreateTopicCommand({ Name: named("topic") }));
    const inbox = await createQueue(aws, named("inbox"));
    await aws.sns.send(
      new SubscribeCommand({
        ...{ TopicArn, Protocol: "sqs", Endpoint: inbox.arn },
        Attributes: {
          RawMessageDelivery: "true",
          FilterPolicyScope: "MessageBody",
          FilterPolicy: JSON.stringify({ severity: ["high"] }),
        },
      }),
    );
    for (const severity of ["low", "high"])
      await aws.sns.send(new PublishCommand({ TopicArn, Message: JSON.stringify({ severity }) }));
    expect((await take(aws, inbox, 1)).map(({ Body }) => Body)).toEqual(['{"severity":"high"}']);
  });

  it("keep objects, and say who calls", async () => {
    const Bucket = named("bucket");
    // Every region but one wants to be named.
    const CreateBucketConfiguration = { LocationConstraint: "eu-central-1" } as const;
    await aws.s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration }));
    await aws.s3.send(new PutObjectCommand({ Bucket, Key: "a/b", Body: "content" }));
    const { Body } = await aws.s3.send(new GetObjectCommand({ Bucket, Key: "a/b" }));
    expect(await Body?.transformToString()).toBe("content");
    expect((await aws.sts.send(new GetCallerIdentityCommand())).Account).toBe(aws.account);
  });

  it("carry an event of EventBridge into a stream", async () => {
    const stream = await createStream(aws, named("events"));
    const Name = named("rule");
    const source = named("source");
    await aws.events.send(new PutRuleCommand({ Name, EventPattern: JSON.stringify({ source: [source] }) }));
    const RoleArn = `arn:aws:iam::${aws.account}:role/events`;
    await aws.events.send(new PutTargetsCommand({ Rule: Name, Targets: [{ Id: "stream", Arn: stream, RoleArn }] }));
    const entry = { Source: source, DetailType: "AWS API Call via CloudTrail", Detail: '{"eventName":"GetRole"}' };
    await aws.events.send(new PutEventsCommand({ Entries: [entry] }));

    const { Shards } = await aws.kinesis.send(new ListShardsCommand({ StreamARN: stream }));
    const from = { StreamARN: stream, ShardId: Shards?.[0]?.ShardId, ShardIteratorType: "TRIM_HORIZON" } as const;
    let { ShardIterator } = await aws.kinesis.send(new GetShardIteratorCommand(from));
    const data = await eventually("the record", async () => {
      const { Records, NextShardIterator } = await aws.kinesis.send(new GetRecordsCommand({ ShardIterator }));
      ShardIterator = NextShardIterator;
      return Records?.[0]?.Data;
    });
    expect(JSON.parse(Buffer.from(data).toString())).toMatchObject({ source, detail: { eventName: "GetRole" } });
  });

  it("let a function reach Security Hub and the others through what a suite puts between", async () => {
    const hub = await startSecurityHub({ account: aws.account, region: aws.region });
    // The first import is throttled: the function's own client tries again.
    const proxy = await startFaultProxy(aws.url);
    const before = await startFaultProxy(hub.url, (_call, nth) => (nth === 0 ? "throttled" : undefined));
    try {
      const queue = await createQueue(aws, named("reported"));
      const FunctionName = named("report");
      await deploy(aws, {
        ...{ name: FunctionName, entry: "test/localstack/handlers/report.ts" },
        environment: {
          ...{ AWS_ENDPOINT_URL: proxy.url, AWS_ENDPOINT_URL_SECURITYHUB: before.url },
          QUEUE: proxy.through(queue.url),
        },
      });
      const product = `arn:aws:securityhub:${aws.region}:${aws.account}:product/${aws.account}/default`;
      const finding = {
        ...{ SchemaVersion: "2018-10-08", Id: "f-1", ProductArn: product, GeneratorId: "crosstrail/x" },
        ...{ AwsAccountId: aws.account, Title: "T", Description: "D" },
        ...{ CreatedAt: "2026-01-01T00:00:00Z", UpdatedAt: "2026-01-01T00:00:00Z" },
        FindingProviderFields: { Severity: { Label: "HIGH" }, Types: ["TTPs/Discovery"] },
        Resources: [{ Type: "AwsEksCluster", Id: "arn:aws:eks:x", Partition: "aws", Region: aws.region }],
      };
      const { Payload } = await aws.lambda.send(
        new InvokeCommand({ FunctionName, Payload: Buffer.from(JSON.stringify(finding)) }),
      );
      expect(JSON.parse(Buffer.from(Payload ?? []).toString())).toEqual({ SuccessCount: 1, FailedFindings: [] });
      expect(hub.findings()).toMatchObject([{ Id: "f-1", Workflow: { Status: "NEW" } }]);
      expect((await take(aws, queue, 1)).map(({ Body }) => Body)).toEqual(["f-1"]);
      expect(before.calls).toEqual([
        { service: "securityhub", operation: "BatchImportFindings", resources: [product], fault: "throttled" },
        { service: "securityhub", operation: "BatchImportFindings", resources: [product], status: 200 },
      ]);
      expect(proxy.calls).toMatchObject([{ service: "sqs", operation: "SendMessage", status: 200 }]);
    } finally {
      await Promise.all([proxy.close(), before.close(), hub.close()]);
    }
  });

  it("redeliver what a batch of a queue left, and set it aside after its tries", async () => {
    const dead = await createQueue(aws, named("dead"));
    const redrive = { deadLetterTargetArn: dead.arn, maxReceiveCount: 2 };
    const queue = await createQueue(aws, named("in"), {
      ...{ VisibilityTimeout: "1", RedrivePolicy: JSON.stringify(redrive) },
    });
    const seen: string[] = [];
    const puppeteer = await startPuppeteer(({ Records }: SQSEvent) => {
      seen.push(...Records.map(({ body }) => body));
      const bad = Records.filter(({ body }) => body === "bad");
      return { answer: { batchItemFailures: bad.map(({ messageId }) => ({ itemIdentifier: messageId })) } };
    });
    try {
      const FunctionName = named("puppet");
      const environment = { PUPPETEER: puppeteer.url };
      await deploy(aws, { name: FunctionName, entry: "test/localstack/handlers/puppet.ts", environment });
      await map(aws, {
        ...{ FunctionName, EventSourceArn: queue.arn, FunctionResponseTypes: ["ReportBatchItemFailures"] },
      });
      for (const MessageBody of ["good", "bad"])
        await aws.sqs.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody }));
      expect((await take(aws, dead, 1)).map(({ Body }) => Body)).toEqual(["bad"]);
      expect(seen.toSorted()).toEqual(["bad", "bad", "good"]);
    } finally {
      puppeteer.close();
    }
  });
});
