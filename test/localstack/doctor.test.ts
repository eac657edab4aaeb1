import { CloudFormationClient, CreateStackCommand, waitUntilStackCreateComplete } from "@aws-sdk/client-cloudformation";
import { PutLogEventsCommand, PutSubscriptionFilterCommand } from "@aws-sdk/client-cloudwatch-logs";
import { PutRuleCommand } from "@aws-sdk/client-eventbridge";
import { UpdateEventSourceMappingCommand } from "@aws-sdk/client-lambda";
import { CreateBucketCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { CreateTopicCommand, SubscribeCommand } from "@aws-sdk/client-sns";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createDynamoStore } from "../../functions/adapters/ledger/dynamodb.ts";
import { doctor } from "../../functions/cli/doctor.ts";
import type { Result } from "../../functions/doctor/result.ts";
import type { OutputName } from "../../functions/doctor/stack.ts";
import { createSharedClock } from "../../functions/ledger/shared-clock.ts";
import { type Aws, connect, endpoint, eventually, namer } from "./aws.ts";
import { createLogGroup, createQueue, createStream, createTable, deploy, known, map } from "./resources.ts";

const named = namer("doctor");
const cluster = named("cluster");
const group = `/aws/eks/${cluster}/cluster`;
const audit = "kube-apiserver-audit-0123456789abcdef0123456789abcdef";

let aws: Aws;
let mapping: string;
let outputs: Partial<Record<OutputName, string>>;

/** The results of the command, by name. */
async function examined(stack = named("stack")): Promise<ReadonlyMap<string, Result>> {
  let printed = "";
  vi.spyOn(console, "log").mockImplementation((line: string) => {
    printed += line;
  });
  await doctor({
    ...{ endpointUrl: aws.url, region: aws.region, color: false, format: "json" },
    ...{ stack, cluster: [cluster] },
  });
  vi.restoreAllMocks();
  const { results } = JSON.parse(printed) as { readonly results: readonly Result[] };
  return new Map(results.map((result) => [`${result.of.split(" ")[0]}: ${result.check}`, result]));
}

beforeAll(async () => {
  aws = connect(await endpoint());
  vi.stubEnv("AWS_ACCESS_KEY_ID", aws.account);
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  const StreamArn = await createStream(aws, named("stream"));
  const [detect, table, bucket] = [named("detect"), named("table"), named("bucket")];
  await deploy(aws, { name: detect, entry: "test/localstack/handlers/report.ts" });
  mapping = await map(aws, { FunctionName: detect, EventSourceArn: StreamArn, StartingPosition: "LATEST" });
  await createTable(aws, table);
  await aws.s3.send(
    new CreateBucketCommand({
      Bucket: bucket,
      CreateBucketConfiguration: { LocationConstraint: "eu-central-1" },
    }),
  );
  await createLogGroup(aws, group, audit, StreamArn);
  const TopicArn = known((await aws.sns.send(new CreateTopicCommand({ Name: named("topic") }))).TopicArn);
  const rule = named("rule");
  await aws.events.send(
    new PutRuleCommand({
      ...{ Name: rule, State: "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS" },
      EventPattern: '{"detail-type":["AWS API Call via CloudTrail"]}',
    }),
  );
  outputs = {
    ...{ StreamArn, TopicArn, TableName: table, DetectFunction: detect, TrailRuleName: rule },
    ...{ QuarantineBucket: bucket, ConfigBucket: bucket, ConfigKey: "config.json" },
    RefusedQueueUrl: (await createQueue(aws, named("refused"))).url,
    NotifyQueueUrl: (await createQueue(aws, named("notify"))).url,
  };
  await deployed(outputs);
});
afterAll(() => {
  vi.unstubAllEnvs();
  aws?.close();
});

/** A stack of those outputs, and of a topic, as it has to make something. */
async function deployed(all: Partial<Record<OutputName, string>>): Promise<void> {
  const client = new CloudFormationClient({
    ...{ region: aws.region, endpoint: aws.url, requestHandler: new NodeHttpHandler() },
    credentials: { accessKeyId: aws.account, secretAccessKey: "test" },
  });
  const Outputs = Object.fromEntries(Object.entries(all).map(([name, Value]) => [name, { Value }]));
  const TemplateBody = JSON.stringify({
    Resources: { Topic: { Type: "AWS::SNS::Topic", Properties: { TopicName: named("of-stack") } } },
    Outputs,
  });
  await client.send(new CreateStackCommand({ StackName: named("stack"), TemplateBody }));
  await waitUntilStackCreateComplete(
    { client, maxWaitTime: 120, minDelay: 1, maxDelay: 1 },
    { StackName: named("stack") },
  );
  client.destroy();
}

describe("crosstrail doctor, asked of services that are not ours,", () => {
  it("finds what a deployment lacks that was just made", async () => {
    const found = await examined();
    const outcomes = Object.fromEntries([...found].map(([name, { outcome }]) => [name, outcome]));
    expect(outcomes).toMatchObject({
      "stack: deployment": "ok",
      "stack: detect function": "ok",
      "stack: detect input": "ok",
      "stack: configuration": "ok",
      "stack: quarantine": "ok",
      "stack: refused findings": "ok",
      "stack: outbox, people": "ok",
      "stack: publish function": "not applicable",
      "cluster: audit events": "missing",
      "cluster: subscription filter": "ok",
      "cluster: filter pattern": "ok",
      "CloudTrail: EventBridge rule": "ok",
      "stack: told of findings": "missing",
      "stack: ledger, audit log": "missing",
      "stack: ledger, CloudTrail": "missing",
      "stack: alarms": "not applicable",
    });
  });

  it("does not take for mended what it could not ask", async () => {
    // LocalStack does not have these services.
    const found = await examined();
    for (const name of ["cluster: audit logging", "CloudTrail: trail", "account: Security Hub"])
      expect(found.get(name)?.outcome).toBe("unknown");
  });

  it("sees that it was mended, and what has gone wrong since", async () => {
    const { TopicArn, QuarantineBucket: Bucket, RefusedQueueUrl, TableName: table = "" } = outputs;
    await aws.logs.send(
      new PutLogEventsCommand({
        ...{ logGroupName: group, logStreamName: audit },
        logEvents: [{ timestamp: Date.now(), message: "{}" }],
      }),
    );
    const store = createDynamoStore({ client: aws.dynamodb, table });
    const now = Date.now();
    await createSharedClock({ store, now: () => now }).advance(new Map([["k8s-audit", now - 60_000]]));
    await aws.sns.send(new SubscribeCommand({ TopicArn, Protocol: "email", Endpoint: "soc@example.com" }));
    await aws.s3.send(new PutObjectCommand({ Bucket, Key: "kept/2026-11-22/0/1.json", Body: "{}" }));
    await aws.s3.send(new PutObjectCommand({ Bucket, Key: "config.json", Body: '{"version":1,"nobody":true}' }));
    await aws.sqs.send(new SendMessageCommand({ QueueUrl: RefusedQueueUrl, MessageBody: "{}" }));
    await aws.lambda.send(new UpdateEventSourceMappingCommand({ UUID: mapping, Enabled: false }));
    const found = await eventually("a mapping that is disabled", async () => {
      const all = await examined();
      return all.get("stack: detect input")?.says.includes("is Disabled") ? all : undefined;
    });
    expect(found.get("cluster: audit events")?.outcome).toBe("ok");
    // LocalStack does not wait for a confirmation.
    expect(found.get("stack: told of findings")?.says).toBe("email soc@example.com is told.");
    expect(found.get("stack: ledger, audit log")).toMatchObject({
      outcome: "ok",
      says: expect.stringMatching(/^The audit log is read to .* on 1 day; nothing in it/),
    });
    expect(found.get("stack: quarantine")?.says).toContain("1 objects");
    expect(found.get("stack: configuration")?.says).toContain('unknown key "nobody"');
    expect(found.get("stack: refused findings")?.says).toContain("holds 1 ");
    expect(found.get("stack: detect input")?.mend?.[0]).toContain(`--uuid ${mapping} --enabled`);
  });

  it("sees that a cluster's log group has no place left", async () => {
    const foreign = await createStream(aws, named("foreign"));
    const filter = (filterName: string, destinationArn: string) =>
      aws.logs.send(
        new PutSubscriptionFilterCommand({
          ...{ logGroupName: group, filterName, filterPattern: "", destinationArn },
          roleArn: `arn:aws:iam::${aws.account}:role/logs`,
        }),
      );
    await filter("all", foreign);
    await filter("another", foreign);
    // LocalStack knows no policies of the account, which a stack could have instead.
    expect((await examined()).get("cluster: subscription filter")?.outcome).toBe("unknown");
    expect((await examined("")).get("cluster: subscription filter")).toMatchObject({
      outcome: "missing",
      says: expect.stringMatching(/places for filters are taken: .*all to .*another to /),
    });
  });
});
