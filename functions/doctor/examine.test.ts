import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import {
  ACCOUNT,
  type Answers,
  CLUSTER,
  healthy,
  outputs,
  REGION,
  STACK,
  STREAM,
  TRAIL,
  TRAIL_GROUP,
} from "../../test/support/account.ts";
import { clientOf, serviceError } from "../../test/support/aws.ts";
import { commandsFor } from "./command.ts";
import { type Clients, examine, type Subject } from "./examine.ts";
import type { Result } from "./result.ts";

const now = Date.UTC(2026, 10, 22, 12);
const command = commandsFor({ region: REGION });
const subject = { clusters: [CLUSTER], trailLogGroup: TRAIL_GROUP, stack: STACK, region: REGION, command, now };

/** What AWS' client makes of an answer that is an object's content. */
const asBody = (answer: object): object =>
  "Body" in answer ? { Body: { transformToString: async () => String(answer.Body) } } : answer;

function examined(answers: Answers, more: Partial<Subject> = {}): Promise<readonly Result[]> {
  const { client } = clientOf<never>(
    Object.fromEntries(
      Object.entries(answers).map(([name, answer]) => [`${name}Command`, (input: never) => asBody(answer(input))]),
    ),
  );
  const clients = new Proxy({ cloudtrail: () => client } as unknown as Clients, {
    get: (own, name) => (name === "cloudtrail" ? own.cloudtrail : client),
  });
  return examine(clients, { ...subject, ...more });
}

const refusing = (
  answers: Answers,
  names: readonly string[],
  error = serviceError("AccessDeniedException", "no"),
): Answers => ({
  ...answers,
  ...Object.fromEntries(
    names.map((name) => [
      name,
      () => {
        throw error;
      },
    ]),
  ),
});
const nameOf = ({ of, check }: Result): string => `${of}: ${check}`;
const byName = (results: readonly Result[]) => new Map(results.map((result) => [nameOf(result), result]));
const deployed = (of: object): Answers => {
  const Outputs = Object.entries(of).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue }));
  return { ...healthy(now), DescribeStacks: () => ({ Stacks: [{ StackStatus: "CREATE_COMPLETE", Outputs }] }) };
};
/** The right that allows an operation. */
const rightTo = (operation: string): RegExp =>
  new RegExp(`:${operation === "ListObjectsV2" ? "ListBucket" : operation}$`);

describe("an examination", () => {
  let well: readonly Result[];
  beforeAll(async () => {
    well = await examined(healthy(now));
  });

  it("finds nothing to mend where all is well, and asks about everything", () => {
    expect(well.filter(({ outcome }) => outcome !== "ok")).toEqual([]);
    expect(new Set(well.map(nameOf)).size).toBe(well.length);
    const asked = new Set(well.flatMap((result) => result.asked));
    const never = ["sts:GetCallerIdentity", "logs:DescribeAccountPolicies"];
    const operations = Object.keys(healthy(now)).filter((name) => !never.some((one) => one.endsWith(`:${name}`)));
    expect(operations.filter((name) => ![...asked].some((one) => rightTo(name).test(one)))).toEqual([]);
  });

  it("has one result of every check whatever is refused, and what is refused touches no other check", async () => {
    await fc.assert(
      fc.asyncProperty(fc.subarray(Object.keys(healthy(now))), async (refused) => {
        const results = await examined(refusing(healthy(now), refused));
        expect(results.map(nameOf)).toEqual(well.map(nameOf));
        for (const result of results) {
          const mine = result.asked.filter((action) => refused.some((name) => rightTo(name).test(action)));
          if (mine.length > 0) expect(result).toMatchObject({ outcome: "unknown", needs: expect.any(String) });
          else expect(result).toEqual(byName(well).get(nameOf(result)));
        }
      }),
    );
  });

  it("never crashes on answers that say nothing, or something odd", async () => {
    const odd = fc.oneof(
      fc.constant({}),
      fc.constantFrom("ResourceNotFoundException", "ThrottlingException", "InternalFailure", "NoSuchKey"),
      fc.constant({
        trailList: [{}],
        cluster: {},
        Stacks: [{}],
        subscriptionFilters: [{}],
        Policy: "{",
        Body: "{",
        EventSourceMappings: [{}],
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.constantFrom(...Object.keys(healthy(now))), odd), async (changes) => {
        const answers = Object.fromEntries(
          Object.entries(changes).map(([name, change]) => [
            name,
            () => {
              if (typeof change === "string") throw serviceError(change);
              return change as object;
            },
          ]),
        );
        const results = await examined({ ...healthy(now), ...answers });
        expect(results.map(nameOf)).toEqual(well.map(nameOf));
      }),
    );
  });

  it("says which right is needed, without AWS' own words, unless it is forbidden by name", async () => {
    const refused = await examined(refusing(healthy(now), ["DescribeCluster"]));
    expect(byName(refused).get(`cluster ${CLUSTER}: audit logging`)).toMatchObject({
      outcome: "unknown",
      says: `No access to cluster ${CLUSTER}: the identity needs eks:DescribeCluster on it.`,
      needs: "eks:DescribeCluster",
    });
    const denied = serviceError("AccessDeniedException", "with an explicit deny in a service control policy");
    const forbidden = await examined(refusing(healthy(now), ["DescribeCluster"], denied));
    expect(byName(forbidden).get(`cluster ${CLUSTER}: audit logging`)?.says).toContain("explicit deny");
  });

  it("names the right to a key where that is what is lacking", async () => {
    const locked = serviceError(
      "AccessDeniedException",
      "User: arn:aws:iam::111122223333:user/checker is not authorized to perform: kms:Decrypt on resource: k",
    );
    const results = await examined(refusing(healthy(now), ["BatchGetItem"], locked));
    expect(byName(results).get(`stack ${STACK}: ledger, audit log`)?.needs).toBe("kms:Decrypt");
  });

  it("knows a refusal by SNS' own name for it", async () => {
    const results = await examined(
      refusing(healthy(now), ["ListSubscriptionsByTopic"], serviceError("AuthorizationErrorException")),
    );
    expect(byName(results).get(`stack ${STACK}: told of findings`)).toMatchObject({
      needs: "sns:ListSubscriptionsByTopic",
    });
  });

  it("asks without a stack only what an account has to have", async () => {
    const { stack: _, ...without } = subject;
    const { client } = clientOf<never>({});
    const results = await examine(
      new Proxy({} as Clients, { get: (_own, name) => (name === "cloudtrail" ? () => client : client) }),
      without,
    );
    expect(new Set(results.map(({ of }) => of))).toEqual(new Set([`cluster ${CLUSTER}`, "CloudTrail", "account"]));
  });

  it("goes by the clusters and the log group of the stack", async () => {
    const Clusters = `${CLUSTER}, arn:aws:eks:${REGION}:${ACCOUNT}:cluster/staging`;
    const results = await examined(deployed({ ...outputs, Clusters }), { clusters: [] });
    expect(new Set(results.map(({ of }) => of))).toEqual(
      new Set([`cluster ${CLUSTER}`, "cluster staging", "CloudTrail", "account", `stack ${STACK}`]),
    );
  });

  it("takes what the stack does not have for something that it does without", async () => {
    const results = await examined(deployed({}));
    const ofStack = results.filter(
      ({ of, check }) => of === `stack ${STACK}` && !["deployment", "alarms"].includes(check),
    );
    expect(ofStack.length).toBeGreaterThan(15);
    expect(new Set(ofStack.map(({ outcome }) => outcome))).toEqual(new Set(["not applicable"]));
  });

  it("does without Security Hub where the stack does", async () => {
    const results = byName(await examined(deployed({ ...outputs, SecurityHub: "off" })));
    for (const name of [
      "account: Security Hub",
      `stack ${STACK}: outbox, urgent`,
      `stack ${STACK}: outbox, Security Hub`,
    ])
      expect(results.get(name)?.outcome).toBe("not applicable");
    expect(results.get(`stack ${STACK}: outbox, people`)?.outcome).toBe("ok");
  });

  it("tells Security Hub that is off from a right that is missing, which have one error", async () => {
    const judged = async (message: string) =>
      byName(
        await examined(refusing(healthy(now), ["DescribeHub"], serviceError("InvalidAccessException", message))),
      ).get("account: Security Hub")?.outcome;
    expect(await judged(`Account ${ACCOUNT} is not subscribed to AWS Security Hub`)).toBe("missing");
    expect(await judged("no")).toBe("unknown");
  });

  it("names the events that the filter's pattern drops, as AWS itself tells", async () => {
    const TestMetricFilter = ({ logEventMessages }: { logEventMessages: string[] }) => ({
      matches: logEventMessages.filter((message) => message.endsWith("}")).map((eventMessage) => ({ eventMessage })),
    });
    const results = byName(await examined({ ...healthy(now), TestMetricFilter }));
    expect(results.get(`cluster ${CLUSTER}: filter pattern`)).toMatchObject({
      outcome: "missing",
      says: "Pattern { $.x = * } drops events that EKS has cut off.",
      mend: [expect.stringContaining(`--filter-pattern '"audit.k8s.io"' --destination-arn ${STREAM}`)],
    });
    expect(results.get("CloudTrail: filter pattern")?.outcome).toBe("ok");
  });

  it("looks for a policy of the account where no filter is the stack's", async () => {
    const answers = {
      ...healthy(now),
      DescribeSubscriptionFilters: () => ({ subscriptionFilters: [] }),
      DescribeAccountPolicies: () => ({
        accountPolicies: [
          { policyName: "all", policyDocument: JSON.stringify({ DestinationArn: STREAM, FilterPattern: "" }) },
        ],
      }),
    };
    const results = byName(await examined(answers));
    expect(results.get(`cluster ${CLUSTER}: subscription filter`)?.says).toContain("policy all");
    expect(results.get(`cluster ${CLUSTER}: filter pattern`)?.says).toBe("Everything passes.");
  });

  it("is content with one trail that is whole, though another may not be looked at", async () => {
    const foreign = {
      ...TRAIL,
      Name: "of-the-organization",
      TrailARN: "arn:aws:cloudtrail:us-east-1:444455556666:trail/org",
    };
    const answers: Answers = {
      ...healthy(now),
      DescribeTrails: () => ({ trailList: [foreign, TRAIL] }),
      GetEventSelectors({ TrailName }: { TrailName: string }) {
        if (TrailName === foreign.TrailARN) throw serviceError("AccessDeniedException");
        return { EventSelectors: [] };
      },
    };
    expect(byName(await examined(answers)).get("CloudTrail: events kept")?.outcome).toBe("ok");
    const writes = {
      ...answers,
      GetEventSelectors: ({ TrailName }: { TrailName: string }) => {
        if (TrailName === foreign.TrailARN) throw serviceError("AccessDeniedException");
        return { EventSelectors: [{ ReadWriteType: "WriteOnly" }] };
      },
    };
    expect(byName(await examined(writes)).get("CloudTrail: events kept")?.outcome).toBe("unknown");
  });

  it("tells how long findings have waited, and asks for no age where none waits", async () => {
    const name = `stack ${STACK}: outbox, people`;
    const old = await examined({
      ...healthy(now),
      GetMetricData: () => ({ MetricDataResults: [{ Id: "seconds", Values: [1_500] }] }),
    });
    expect(byName(old).get(name)).toMatchObject({ outcome: "missing", says: "Waiting: 1, the oldest for 25 min." });
    const silent = await examined({
      ...healthy(now),
      GetMetricData: () => ({ MetricDataResults: [{ Id: "seconds", Values: [] }] }),
    });
    expect(byName(silent).get(name)?.outcome).toBe("unknown");
    const empty = { ...healthy(now), GetQueueAttributes: () => ({ Attributes: { ApproximateNumberOfMessages: "0" } }) };
    expect(byName(await examined(refusing(empty, ["GetMetricData"]))).get(name)?.outcome).toBe("ok");
  });

  it("tells how long findings have waited that SQS is silent of, as they were tried more than twice", async () => {
    const asked: unknown[] = [];
    const tried = await examined({
      ...healthy(now),
      GetMetricData({ MetricDataQueries }: { MetricDataQueries: { MetricStat: { Metric: unknown } }[] }) {
        asked.push(MetricDataQueries[1]?.MetricStat.Metric);
        return {
          MetricDataResults: [
            { Id: "seconds", Values: [0] },
            { Id: "milliseconds", Values: [1_845_000] },
          ],
        };
      },
    });
    expect(byName(tried).get(`stack ${STACK}: outbox, urgent`)).toMatchObject({
      ...{ outcome: "missing", says: "Waiting: 1, the oldest for 31 min." },
    });
    expect(asked).toContainEqual({
      ...{ Namespace: "crosstrail", MetricName: "Waited" },
      Dimensions: [
        { Name: "service", Value: outputs.PublishFunction },
        { Name: "sink", Value: "topic" },
      ],
    });
  });

  it("looks at no alarms of a stack with a longer name", async () => {
    const AlarmName = `${STACK}-stage-stream-age`;
    const both = await examined({
      ...healthy(now),
      DescribeAlarms: () => ({
        MetricAlarms: [
          { AlarmName, StateValue: "ALARM" },
          { AlarmName: `${STACK}-stream-age`, StateValue: "OK" },
        ],
      }),
    });
    expect(byName(both).get(`stack ${STACK}: alarms`)).toMatchObject({ outcome: "ok", says: "None of 1 rings." });
  });

  it("shows what a function has said where it says it", async () => {
    const failing = {
      ...healthy(now),
      ListEventSourceMappings: () => ({
        EventSourceMappings: [
          { EventSourceArn: STREAM, State: "Enabled", LastProcessingResult: "PROBLEM: Function call failed" },
        ],
      }),
    };
    const mend = async (answers: Answers) =>
      byName(await examined(answers)).get(`stack ${STACK}: detect input`)?.mend?.[0] ?? "";
    const GetFunctionConfiguration = () => ({
      State: "Active",
      LoggingConfig: { LogGroup: "crosstrail-DetectLogs-1" },
    });
    expect(await mend({ ...failing, GetFunctionConfiguration })).toContain(" logs tail crosstrail-DetectLogs-1 ");
    expect(await mend(refusing(failing, ["GetFunctionConfiguration"]))).toContain(
      " logs tail /aws/lambda/crosstrail-detect ",
    );
  });

  it("tells those who hear of findings from those who hear of alarms", async () => {
    const ListSubscriptionsByTopic = ({ TopicArn }: { TopicArn: string }) => ({
      Subscriptions: [
        { SubscriptionArn: TopicArn === outputs.AlarmTopicArn ? "PendingConfirmation" : `${TopicArn}:1` },
      ],
    });
    const results = byName(await examined({ ...healthy(now), ListSubscriptionsByTopic }));
    expect(results.get(`stack ${STACK}: told of findings`)?.outcome).toBe("ok");
    expect(results.get(`stack ${STACK}: told of alarms`)?.outcome).toBe("missing");
  });

  it("counts what waits in the quarantine, ours and Lambda's own", async () => {
    const ListObjectsV2 = ({ Prefix }: { Prefix: string }) => ({
      KeyCount: Prefix === "kept/" ? 2 : 3,
      IsTruncated: false,
    });
    expect(byName(await examined({ ...healthy(now), ListObjectsV2 })).get(`stack ${STACK}: quarantine`)?.says).toMatch(
      /^5 objects/,
    );
  });

  it("finds that a trail does not record, however well it is set up", async () => {
    const results = byName(await examined({ ...healthy(now), GetTrailStatus: () => ({ IsLogging: false }) }));
    expect(results.get("CloudTrail: trail")?.outcome).toBe("missing");
    expect(results.get("CloudTrail: events kept")?.outcome).toBe("not applicable");
  });

  it("asks a key that the stack made nothing", async () => {
    const id = outputs.KeyArn.split("/").at(-1);
    const resources = { StackResourceSummaries: [{ ResourceType: "AWS::KMS::Key", PhysicalResourceId: id }] };
    const answers = refusing({ ...healthy(now), ListStackResources: () => resources }, ["GetKeyPolicy"]);
    expect(byName(await examined(answers)).get(`stack ${STACK}: key`)?.outcome).toBe("ok");
  });
});
