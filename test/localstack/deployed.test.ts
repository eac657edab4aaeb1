import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DescribeStackResourcesCommand } from "@aws-sdk/client-cloudformation";
import { DescribeSubscriptionFiltersCommand } from "@aws-sdk/client-cloudwatch-logs";
import { DescribeTableCommand } from "@aws-sdk/client-dynamodb";
import { DescribeRuleCommand, ListRuleNamesByTargetCommand, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { DescribeStreamSummaryCommand } from "@aws-sdk/client-kinesis";
import { GetFunctionCommand, GetPolicyCommand } from "@aws-sdk/client-lambda";
import { HeadBucketCommand } from "@aws-sdk/client-s3";
import { GetTopicAttributesCommand } from "@aws-sdk/client-sns";
import { GetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EXIT } from "../../functions/cli/exit.ts";
import { AUDIT_FILTER, TRAIL_FILTER, TRAIL_PATTERN, TRAIL_RULE_STATE } from "../../infra/filters.ts";
import { type OutputName, outputs } from "../../infra/outputs.ts";
import { root } from "../tools/folders.ts";
import { type Aws, connect, endpoint, eventually, namer } from "./aws.ts";
import { breakages } from "./breakages.ts";
import { deleteStack } from "./cloudformation.ts";
import { crosstrail } from "./command-line.ts";
import { byOutcome, changed, type Examination, examine } from "./examination.ts";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts";
import { logGroupsOf, write } from "./log-groups.ts";
import { attacksOf, fileOf, OWNER, quietAt, replayed } from "./recorded.ts";
import { createStack, type Stack } from "./stack.ts";

const named = namer("deployed");
const cluster = named("cluster");
const [group] = logGroupsOf(cluster).audit;
const SENT = "attack-impersonation";
const STOPPED = join(root, "detectors/trail/cloudtrail-change/events/hit-stopped.ndjson");

let aws: Aws;
let stack: Stack;
let clinic: FaultProxy;
let healthy: Examination;
beforeAll(async () => {
  aws = connect(await endpoint(), { account: OWNER });
  clinic = await startFaultProxy(aws.url, undefined, { DescribeAccountPolicies: { accountPolicies: [] } });
  stack = await createStack(aws, named, {
    ...{ cluster, substitutions: ["minutely", "attempts"] },
    props: { trailEvents: true, sourceAccounts: ["444455556666"], emails: ["user@example.com"] },
  });
});
afterAll(async () => {
  await clinic?.close();
  await stack?.close();
  aws?.close();
});

/** Waits until all of these are published. */
const publishes = (ids: readonly string[]): Promise<true> =>
  eventually("the findings", async () => {
    const published = new Set(stack.hub.findings().map(({ Id }) => Id));
    return ids.every((id) => published.has(id)) || undefined;
  });

const queue = (QueueUrl: string) =>
  aws.sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }));
const topic = (TopicArn: string) => aws.sns.send(new GetTopicAttributesCommand({ TopicArn }));
const bucket = (Bucket: string) => aws.s3.send(new HeadBucketCommand({ Bucket }));
const role = async (arn: string) => expect(arn).toMatch(/^arn:aws:iam::\d+:role\//);
const lambda = (FunctionName: string) => aws.lambda.send(new GetFunctionCommand({ FunctionName }));

/** LocalStack knows no policies of an account, which could stand for a filter that is missed. */
const examined = (): Promise<Examination> => examine({ ...aws, url: clinic.url }, named("stack"));

describe("the stack with everything that it may have", () => {
  it("is made whole, but for the two types of resources that LocalStack does not know", async () => {
    const asked = new DescribeStackResourcesCommand({ StackName: stack.deployed.id });
    const { StackResources = [] } = await aws.cloudformation.send(asked);
    expect(StackResources.length).toBeGreaterThan(50);
    expect(new Set(StackResources.map(({ ResourceStatus }) => ResourceStatus))).toEqual(new Set(["CREATE_COMPLETE"]));
    const unknown = StackResources.filter((one) => one.ResourceStatusReason?.includes("not supported"));
    expect(unknown.map(({ ResourceType }) => ResourceType).toSorted()).toEqual([
      "AWS::CloudWatch::Dashboard",
      "AWS::Logs::Destination",
    ]);
  });

  it("puts out the names of what there is", async () => {
    const is = (wanted: string) => async (value: string) => expect(value).toBe(wanted);
    const resolves: Readonly<Record<OutputName, (value: string) => Promise<unknown>>> = {
      StreamArn: (StreamARN) => aws.kinesis.send(new DescribeStreamSummaryCommand({ StreamARN })),
      TableName: (TableName) => aws.dynamodb.send(new DescribeTableCommand({ TableName })),
      ...{ TopicArn: topic, AlarmTopicArn: topic },
      ...{ QuarantineBucket: bucket, ConfigBucket: bucket, ConfigKey: is("config.json") },
      ...{ DetectFunction: lambda, PublishFunction: lambda, SweepFunction: lambda },
      ...{ HubUrgentQueueUrl: queue, HubQueueUrl: queue, NotifyQueueUrl: queue },
      ...{ RefusedQueueUrl: queue, DeadLetterQueueUrl: queue },
      // LocalStack does not know destinations.
      DestinationArn: is("unknown"),
      ...{ LogsRoleArn: role, PublishRoleArn: role },
      TrailRuleName: (Name) => aws.events.send(new DescribeRuleCommand({ Name })),
      KeyArn: async (value) => expect(value).toMatch(new RegExp(`^arn:aws:kms:${aws.region}:${OWNER}:key/`)),
      ...{ Clusters: is(cluster), TrailLogGroup: is(logGroupsOf(cluster).cloudtrail[0]), SecurityHub: is("on") },
    };
    expect(Object.keys(stack.deployed.outputs).toSorted()).toEqual(Object.keys(outputs).toSorted());
    for (const [name, resolve] of Object.entries(resolves)) await resolve(stack.output(name as OutputName));
  });

  it("subscribes the log groups of both trails, each with its pattern", async () => {
    const groups = logGroupsOf(cluster);
    const filtersOf = async (logGroupName: string) =>
      (await aws.logs.send(new DescribeSubscriptionFiltersCommand({ logGroupName }))).subscriptionFilters ?? [];
    for (const [name, filterPattern] of [
      [groups.audit[0], AUDIT_FILTER],
      [groups.cloudtrail[0], TRAIL_FILTER],
    ] as const)
      expect(await filtersOf(name)).toMatchObject([{ filterPattern, destinationArn: stack.output("StreamArn") }]);
  });

  it("is in order, as far as the doctor can ask, once both trails have come in", async () => {
    await write(aws, cluster, quietAt(Date.now()));
    healthy = await eventually("both trails in the ledger", async () => {
      const found = await examined();
      const trails = ["audit log", "CloudTrail"].map((trail) => found.results.get(`stack: ledger, ${trail}`));
      return trails.every((read) => read?.outcome === "ok") ? found : undefined;
    });
    const stacked = ["deployment", "configuration", "detect function", "detect input", "publish function"]
      .concat(["publish input", "sweep function", "ledger, audit log", "ledger, CloudTrail", "quarantine"])
      .concat(["refused findings", "dead letters", "outbox, urgent", "outbox, Security Hub", "outbox, people"])
      .concat(["told of findings", "told of alarms", "key"]);
    expect(byOutcome(healthy)).toEqual({
      ok: ["CloudTrail: EventBridge rule", "CloudTrail: filter pattern", "CloudTrail: subscription filter"]
        .concat(["cluster: audit events", "cluster: subscription filter"])
        .concat(stacked.map((check) => `stack: ${check}`))
        .toSorted(),
      // LocalStack knows neither EKS nor CloudTrail nor Security Hub, and tests no patterns.
      unknown: ["CloudTrail: all Regions", "CloudTrail: events kept", "CloudTrail: log group", "CloudTrail: trail"]
        .concat(["account: Security Hub", "cluster: Auto Mode", "cluster: audit logging", "cluster: cluster role"])
        .concat(["cluster: filter pattern", "cluster: node role"]),
    });
  });

  it.each(breakages)("shows the doctor %s, and nothing else", async (_what, spoil) => {
    const { check, says, mend, others = {}, restore } = await spoil({ aws, stack, group });
    try {
      const found = await eventually(`${check} to be missing`, async () => {
        const one = await examined();
        return says.test(one.results.get(check)?.says ?? "") ? one : undefined;
      });
      expect(changed(healthy, found)).toEqual({ [check]: "missing", ...others });
      expect(found.results.get(check)?.mend?.join("\n")).toContain(mend);
      expect(found.code).toBe(EXIT.findings);
    } finally {
      await restore();
    }
    await eventually(
      "the stack in order again",
      async () => Object.keys(changed(healthy, await examined())).length === 0 || undefined,
    );
  });

  it("finds what CloudTrail tells EventBridge", async () => {
    // LocalStack delivers in any state.
    const rule = await aws.events.send(new DescribeRuleCommand({ Name: stack.output("TrailRuleName") }));
    expect(rule.State).toBe(TRAIL_RULE_STATE);
    const detail = readFileSync(STOPPED, "utf8").trim();
    const expected = await replayed({ audit: [], cloudtrail: [detail] });
    expect(expected.map(({ detector }) => detector)).toContain("trail/cloudtrail-change");
    const entry = { Source: "crosstrail.tests", DetailType: TRAIL_PATTERN["detail-type"][0], Detail: detail };
    await aws.events.send(new PutEventsCommand({ Entries: [entry] }));
    await publishes(expected.map(({ id }) => id));
  });

  it("sweeps by its schedule, which alone may call it", async () => {
    const { Configuration } = await lambda(stack.names.sweep);
    const targets = new ListRuleNamesByTargetCommand({ TargetArn: Configuration?.FunctionArn });
    const { RuleNames = [] } = await aws.events.send(targets);
    const { Policy = "" } = await aws.lambda.send(new GetPolicyCommand({ FunctionName: stack.names.sweep }));
    // LocalStack does not ask for it.
    expect(JSON.parse(Policy).Statement).toMatchObject(
      RuleNames.map((rule) => ({
        ...{ Effect: "Allow", Action: "lambda:InvokeFunction", Principal: { Service: "events.amazonaws.com" } },
        Condition: { ArnLike: { "AWS:SourceArn": `arn:aws:events:${aws.region}:${OWNER}:rule/${rule}` } },
      })),
    );
    expect(RuleNames).toHaveLength(1);
    await eventually("a sweep", async () => stack.proxies.sweep.calls.length > 0 || undefined);
  });

  it("gives up a batch that always fails into the quarantine, from where it comes back when it is redriven", async () => {
    // Neither judged nor kept by the function itself.
    stack.proxies.detect.plan = ({ service, operation }) =>
      service === "dynamodb" || operation === "PutObject" ? "refused" : undefined;
    const where = `${OWNER}/${aws.region}/${cluster}`;
    await crosstrail(aws, "send", "--stream", stack.output("StreamArn"), "--cluster", where, fileOf(SENT));
    await eventually("what is given up", async () => (await stack.givenUp()).length > 0 || undefined);
    stack.proxies.detect.plan = () => undefined;
    const said = await crosstrail(aws, "redrive", "--bucket", stack.output("QuarantineBucket"));
    expect(said).toContain("0 objects are left");
    expect(await stack.givenUp()).toEqual([]);
    // Sequences may go on over what else was found.
    const expected = (await replayed(attacksOf([SENT]), cluster)).filter(({ family }) => family !== "sequence");
    await publishes(expected.map(({ id }) => id));
  });

  it("goes without a rest", async () => {
    await stack.emptied();
    await deleteStack(aws, stack.deployed);
    for (const name of Object.values(stack.names)) await expect(lambda(name)).rejects.toThrow(/not found/i);
    const filters = new DescribeSubscriptionFiltersCommand({ logGroupName: logGroupsOf(cluster).audit[0] });
    expect((await aws.logs.send(filters)).subscriptionFilters).toEqual([]);
    await expect(aws.events.send(new DescribeRuleCommand({ Name: stack.output("TrailRuleName") }))).rejects.toThrow();
    // On AWS table, buckets and key are kept: LocalStack does not heed `DeletionPolicy`.
    await expect(bucket(stack.output("QuarantineBucket"))).rejects.toThrow();
  });
});
