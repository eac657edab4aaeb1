import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  CreateTableCommand,
  GetItemCommand,
  PutItemCommand,
} from "@aws-sdk/client-dynamodb";
import { PutRecordCommand } from "@aws-sdk/client-kinesis";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { BatchImportFindingsCommand, SecurityHubClient } from "@aws-sdk/client-securityhub";
import { CreateTopicCommand, PublishBatchCommand, PublishCommand, SubscribeCommand } from "@aws-sdk/client-sns";
import {
  ChangeMessageVisibilityBatchCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from "@aws-sdk/client-sqs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startSecurityHub } from "../support/security-hub.ts";
import { type Aws, connect, endpoint, namer } from "./aws.ts";
import { type Fault, seededFaults } from "./fault.ts";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts";
import { createQueue, createStream, known, type Queue, take } from "./resources.ts";

const named = namer("faults");
let direct: Aws;
/** The same services, by way of the proxy; clients try once. */
let aws: Aws;
let proxy: FaultProxy;
let queue: Queue;
const table = named("table");
const stream = named("stream");
const bucket = named("bucket");
let topic: string;

beforeAll(async () => {
  const url = await endpoint();
  direct = connect(url);
  proxy = await startFaultProxy(url);
  aws = connect(proxy.url, { maxAttempts: 1 });
  const made = await createQueue(direct, named("queue"));
  queue = { ...made, url: proxy.through(made.url) };
  topic = known((await direct.sns.send(new CreateTopicCommand({ Name: named("topic") }))).TopicArn);
  await createStream(direct, stream);
  const CreateBucketConfiguration = { LocationConstraint: "eu-central-1" } as const;
  await direct.s3.send(new CreateBucketCommand({ Bucket: bucket, CreateBucketConfiguration }));
  await direct.dynamodb.send(
    new CreateTableCommand({
      ...{ TableName: table, BillingMode: "PAY_PER_REQUEST", KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }] },
      AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
    }),
  );
});
afterEach(() => {
  proxy.plan = () => undefined;
});
afterAll(async () => {
  aws?.close();
  direct?.close();
  await proxy?.close();
});

const put = (pk: string) => aws.dynamodb.send(new PutItemCommand({ TableName: table, Item: { pk: { S: pk } } }));
const stored = async (pk: string) =>
  (await direct.dynamodb.send(new GetItemCommand({ TableName: table, Key: { pk: { S: pk } } }))).Item !== undefined;
const since = <T>(list: readonly T[], from: number): readonly T[] => list.slice(from);

describe("a call by way of the proxy", () => {
  it("is passed on, and written down with what it is about", async () => {
    const from = proxy.calls.length;
    await put("passed");
    await aws.kinesis.send(new PutRecordCommand({ StreamName: stream, PartitionKey: "p", Data: Buffer.from("d") }));
    await aws.sqs.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody: "m" }));
    await aws.sns.send(new PublishCommand({ TopicArn: topic, Message: "m" }));
    await aws.s3.send(new PutObjectCommand({ Bucket: bucket, Key: "a/b", Body: "body" }));
    const got = await aws.s3.send(new GetObjectCommand({ Bucket: bucket, Key: "a/b" }));
    expect(await got.Body?.transformToString()).toBe("body");
    const PutRequest = { Item: { pk: { S: "batch" } } };
    await aws.dynamodb.send(new BatchWriteItemCommand({ RequestItems: { [table]: [{ PutRequest }] } }));
    expect(since(proxy.calls, from)).toEqual([
      { service: "dynamodb", operation: "PutItem", resources: [table], status: 200 },
      { service: "kinesis", operation: "PutRecord", resources: [stream], status: 200 },
      { service: "sqs", operation: "SendMessage", resources: [queue.url], status: 200 },
      { service: "sns", operation: "Publish", resources: [topic], status: 200 },
      { service: "s3", operation: "PutObject", resources: [`${bucket}/a/b`], status: 200 },
      { service: "s3", operation: "GetObject", resources: [`${bucket}/a/b`], status: 200 },
      { service: "dynamodb", operation: "BatchWriteItem", resources: [table], status: 200 },
    ]);
    const received = await direct.sqs.send(new ReceiveMessageCommand({ QueueUrl: queue.url, WaitTimeSeconds: 5 }));
    expect(received.Messages?.[0]?.Body).toBe("m");
  });

  it.each<[Fault, string, boolean]>([
    ["throttled", "ProvisionedThroughputExceededException", false],
    ["internal", "InternalServerError", false],
    ["refused", "AccessDeniedException", false],
    ["reset", "TimeoutError", false],
    ["lost", "TimeoutError", true],
    ["late error", "InternalServerError", true],
  ])("%s fails with %s; it has had its effect: %s", async (fault, name, effect) => {
    proxy.plan = () => fault;
    await expect(put(fault)).rejects.toMatchObject({ name });
    expect(await stored(fault)).toBe(effect);
    expect(proxy.calls.at(-1)).toMatchObject({ fault, operation: "PutItem" });
  });

  it("that is never answered fails by the client's own time-out, without effect", async () => {
    proxy.plan = () => "silent";
    const call = aws.dynamodb.send(new PutItemCommand({ TableName: table, Item: { pk: { S: "silent" } } }), {
      abortSignal: AbortSignal.timeout(300),
    });
    await expect(call).rejects.toThrow();
    expect(await stored("silent")).toBe(false);
  });

  it.each<[string, (on: Aws) => Promise<unknown>]>([
    [
      "kinesis",
      ({ kinesis }) =>
        kinesis.send(new PutRecordCommand({ StreamName: stream, PartitionKey: "p", Data: Buffer.from("d") })),
    ],
    ["sqs", ({ sqs }) => sqs.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody: "m" }))],
    ["sns", ({ sns }) => sns.send(new PublishCommand({ TopicArn: topic, Message: "m" }))],
    ["s3", ({ s3 }) => s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "b" }))],
    ["dynamodb", ({ dynamodb }) => dynamodb.send(new PutItemCommand({ TableName: table, Item: { pk: { S: "k" } } }))],
  ])("is throttled in the shape that the client of %s retries", async (_service, call) => {
    const patient = connect(proxy.url, { maxAttempts: 2 });
    let throttled = false;
    proxy.plan = () => {
      if (throttled) return;
      throttled = true;
      return "throttled";
    };
    const from = proxy.calls.length;
    await call(patient);
    expect(since(proxy.calls, from).map(({ fault }) => fault)).toEqual(["throttled", undefined]);
    patient.close();
  });

  it("to Security Hub, too, fails in that service's shape", async () => {
    const hub = await startSecurityHub();
    const between = await startFaultProxy(hub.url, (_call, nth) => (nth === 0 ? "throttled" : undefined));
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    const client = new SecurityHubClient({
      region: "eu-central-1",
      endpoint: between.url,
      credentials,
      maxAttempts: 1,
    });
    const send = () => client.send(new BatchImportFindingsCommand({ Findings: [] }));
    await expect(send()).rejects.toMatchObject({ name: "TooManyRequestsException" });
    await expect(send()).rejects.toMatchObject({ name: "InvalidInputException" });
    expect([...between.faults()]).toEqual([["securityhub:BatchImportFindings:throttled", 1]]);
    client.destroy();
    await between.close();
    await hub.close();
  });
});

describe("a batch that is taken in part", () => {
  const said = { SenderFault: false, Code: "InternalError", Message: "By plan." };
  const ids = (entries: readonly { readonly Id?: string | undefined }[] | undefined) => entries?.map(({ Id }) => Id);
  const inPart = () => {
    proxy.plan = () => "partial";
  };

  it("gives a queue every second message, and fails the others", async () => {
    const inbox = await createQueue(direct, named("part"));
    const QueueUrl = proxy.through(inbox.url);
    const Entries = ["a", "b", "c", "d", "e"].map((Id) => ({ Id, MessageBody: `body ${Id}` }));
    inPart();
    // The client compares what was taken with the hash that is told of it.
    const { Successful, Failed } = await aws.sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    expect(ids(Successful)).toEqual(["b", "d"]);
    expect(Failed).toEqual(["a", "c", "e"].map((Id) => ({ Id, ...said })));
    expect(proxy.calls.at(-1)).toMatchObject({ fault: "partial", status: 200, operation: "SendMessageBatch" });

    const asked = { QueueUrl: inbox.url, MaxNumberOfMessages: 10, VisibilityTimeout: 600 };
    const { Messages = [] } = await direct.sqs.send(new ReceiveMessageCommand(asked));
    expect(Messages.map(({ Body }) => Body).toSorted()).toEqual(["body b", "body d"]);
    const [first, second] = Messages;
    const visible = { VisibilityTimeout: 0 };
    const changed = await aws.sqs.send(
      new ChangeMessageVisibilityBatchCommand({
        QueueUrl,
        Entries: [
          { Id: "0", ReceiptHandle: first?.ReceiptHandle, ...visible },
          { Id: "1", ReceiptHandle: second?.ReceiptHandle, ...visible },
        ],
      }),
    );
    expect([ids(changed.Successful), changed.Failed]).toEqual([["1"], [{ Id: "0", ...said }]]);
    const again = await direct.sqs.send(new ReceiveMessageCommand({ ...asked, WaitTimeSeconds: 1 }));
    expect(again.Messages?.map(({ Body }) => Body)).toEqual([second?.Body]);
  });

  it("gives a queue nothing of a batch of one", async () => {
    const inbox = await createQueue(direct, named("alone"));
    inPart();
    const Entries = [{ Id: "a", MessageBody: "m" }];
    const sent = new SendMessageBatchCommand({ QueueUrl: proxy.through(inbox.url), Entries });
    expect(await aws.sqs.send(sent)).toMatchObject({ Successful: [], Failed: [{ Id: "a", ...said }] });
    expect(await take(direct, inbox, 0)).toEqual([]);
  });

  it("tells a topic every second message, and fails the others", async () => {
    const inbox = await createQueue(direct, named("told"));
    const Attributes = { RawMessageDelivery: "true" };
    await direct.sns.send(new SubscribeCommand({ TopicArn: topic, Protocol: "sqs", Endpoint: inbox.arn, Attributes }));
    const entries = ["a", "b", "c", "d"].map((Id) => ({ Id, Subject: `s ${Id}`, Message: `<m> & ${Id}` }));
    const publish = (some: typeof entries) =>
      aws.sns.send(new PublishBatchCommand({ TopicArn: topic, PublishBatchRequestEntries: some }));
    inPart();
    const { Successful, Failed } = await publish(entries);
    expect(ids(Successful)).toEqual(["b", "d"]);
    expect(Failed).toEqual(["a", "c"].map((Id) => ({ Id, ...said })));
    const alone = await publish(entries.slice(0, 1));
    expect([ids(alone.Successful), ids(alone.Failed)]).toEqual([[], ["a"]]);
    const told = await take(direct, inbox, 2);
    expect(told.map(({ Body }) => Body).toSorted()).toEqual(["<m> & b", "<m> & d"]);
  });

  it("leaves every second item of a table unprocessed; of a single one, it is throttled", async () => {
    const keys = ["1", "2", "3"].map((pk) => ({ pk: { S: `part ${pk}` } }));
    const requests = keys.map((Item) => ({ PutRequest: { Item } }));
    const write = (some: typeof requests) =>
      aws.dynamodb.send(new BatchWriteItemCommand({ RequestItems: { [table]: some } }));
    inPart();
    const { UnprocessedItems } = await write(requests);
    expect(UnprocessedItems).toEqual({ [table]: [requests[0], requests[2]] });
    expect([await stored("part 1"), await stored("part 2"), await stored("part 3")]).toEqual([false, true, false]);
    await expect(write(requests.slice(0, 1))).rejects.toMatchObject({ name: "ProvisionedThroughputExceededException" });
    expect(proxy.calls.at(-1)).toMatchObject({ fault: "throttled" });

    const RequestItems = { [table]: { Keys: keys, ConsistentRead: true } };
    const read = await aws.dynamodb.send(new BatchGetItemCommand({ RequestItems }));
    expect(read.Responses).toEqual({ [table]: [keys[1]] });
    expect(read.UnprocessedKeys).toEqual({ [table]: { Keys: [keys[0], keys[2]], ConsistentRead: true } });
  });
});

describe("faults by a seed", () => {
  const call = { service: "dynamodb", operation: "PutItem", resources: [] };
  const lot = (seed: number) =>
    Array.from({ length: 1000 }, (_, nth) => seededFaults(seed, 0.3, ["lost", "reset"])(call, nth));

  it("are the same for the same seed, others for another, and about as many as asked for", () => {
    expect(lot(1)).toEqual(lot(1));
    expect(lot(1)).not.toEqual(lot(2));
    // Each operation has its own luck: what runs beside it does not matter.
    const other = Array.from({ length: 1000 }, (_, nth) =>
      seededFaults(1, 0.3, ["lost", "reset"])({ ...call, operation: "GetItem" }, nth),
    );
    expect(other).not.toEqual(lot(1));
    const faults = lot(1).filter((fault) => fault !== undefined);
    // 300 of 1,000 expected; 60 is more than four standard deviations.
    expect(Math.abs(faults.length - 300)).toBeLessThan(60);
    expect(new Set(faults)).toEqual(new Set(["lost", "reset"]));
  });
});
