import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { PutRecordCommand } from "@aws-sdk/client-kinesis";
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CONFIG_KEY } from "../../infra/settings.ts";
import type { Finding } from "../../schemas/findings/finding.ts";
import type { KeptRecord } from "../../schemas/quarantine/kept-record.ts";
import { type Aws, connect, endpoint, eventually, namer } from "./aws.ts";
import { crosstrail } from "./command-line.ts";
import { type Fault, seededFaults } from "./fault.ts";
import { metricsOf } from "./function-log.ts";
import { write } from "./log-groups.ts";
import { killAll } from "./processes.ts";
import { attacksOf, CLUSTER, daysLater, demonstration, fileOf, OWNER, replayed, together } from "./recorded.ts";
import { known, take } from "./resources.ts";
import { createStack, type Stack } from "./stack.ts";

/** Two hundred verdicts of all kinds, of which some settle. */
const events = together(
  demonstration(),
  attacksOf(["attack-impersonation", "attack-pods", "attack-token-theft", "attack-persistence-evasion"]),
  daysLater(),
);
const SENT = "attack-impersonation";
const MINUTE_MS = 60_000;
/** An account that has a role for its findings. */
const OTHER = "444455556666";
const deployment = {
  cluster: CLUSTER,
  props: { streamShards: 2, hubRoles: [`arn:aws:iam::${OTHER}:role/crosstrail-findings`] },
  substitutions: ["visibility", "unscheduled"],
} as const;

let aws: Aws;
let expected: readonly Finding[];
beforeAll(async () => {
  expected = await replayed(events);
  aws = connect(await endpoint(), { account: OWNER });
});
afterAll(() => aws?.close());

interface Published {
  readonly Id: string;
  readonly AwsAccountId: string;
  readonly GeneratorId: string;
  readonly severity: string;
}
const published = ({ hub }: Stack): readonly Published[] =>
  hub.findings().map((finding) => {
    const { Id, AwsAccountId, GeneratorId, FindingProviderFields } = finding as unknown as Published & {
      readonly FindingProviderFields: { readonly Severity: { readonly Label: string } };
    };
    return { Id, AwsAccountId, GeneratorId, severity: FindingProviderFields.Severity.Label };
  });
const isHealth = ({ GeneratorId }: Published): boolean => GeneratorId.startsWith("crosstrail/health/");
const asPublished = ({ id, detector, severity }: Finding): Published => ({
  ...{ Id: id, AwsAccountId: OWNER, GeneratorId: `crosstrail/${detector}`, severity: severity.toUpperCase() },
});
const letterOf = (finding: Published | undefined): string =>
  JSON.stringify({ id: finding?.Id, notify: false, severity: "low" });
const byId = (a: Published, b: Published): number => (a.Id < b.Id ? -1 : 1);

/** Waits until the functions have confirmed so many events. */
const confirmed = (stack: Stack, count: number): Promise<ReadonlyMap<string, number>> =>
  eventually(`${count} events`, async () => {
    await sleep(500);
    const metrics = await metricsOf(aws, stack.names.detect);
    return (metrics.get("EventsRead") ?? 0) >= count ? metrics : undefined;
  });

/** What the topic told: finding and severity. */
async function told(stack: Stack): Promise<readonly string[]> {
  const messages = await take(aws, stack.told, await stack.waiting(stack.told));
  return messages.map(({ Body = "" }) => {
    const [, severity] = /^\[(\w+)\]/.exec(Body) ?? [];
    const [, id] = /^Finding: +(\S+)/m.exec(Body) ?? [];
    return `${id} ${severity}`;
  });
}

/** No finding was refused, no message and no batch given up. */
async function expectNothingLeft(stack: Stack): Promise<void> {
  for (const queue of [stack.refused, stack.deadLetters]) expect(await stack.waiting(queue)).toBe(0);
  expect(await stack.givenUp()).toEqual([]);
}

describe("the deployed pipeline", () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await createStack(aws, namer("pipeline"), deployment);
  });
  afterAll(() => stack?.close());

  /** Waits for what the command finds in the recording, but for sequences, which go on over clusters, and for what is `hidden`. Gives the detectors whose
   * findings are not out then. */
  async function found(cluster: string, hidden: (finding: Finding) => boolean = () => false, account = OWNER) {
    const all = (await replayed(attacksOf([SENT]), cluster, account)).filter(({ family }) => family !== "sequence");
    const missing = (): readonly Finding[] => {
      const ids = new Set(published(stack).map(({ Id }) => Id));
      return all.filter(({ id }) => !ids.has(id));
    };
    await eventually(`the findings of ${cluster}`, async () => missing().every(hidden) || undefined);
    await stack.emptied();
    return missing()
      .map(({ detector }) => detector)
      .toSorted();
  }
  /** Waits for so many findings on the pipeline's own health, and for no more. */
  async function health(name: string, count: number): Promise<void> {
    const all = () => published(stack).filter(({ GeneratorId }) => GeneratorId === `crosstrail/health/${name}`);
    await eventually(`health/${name}`, async () => all().length >= count || undefined);
    await stack.emptied();
    expect(all()).toHaveLength(count);
  }
  async function kept(): Promise<readonly KeptRecord[]> {
    const listed = await aws.s3.send(
      new ListObjectsV2Command({ Bucket: stack.output("QuarantineBucket"), Prefix: "kept/" }),
    );
    return Promise.all(
      (listed.Contents ?? []).map(async ({ Key }) => {
        const { Body } = await aws.s3.send(new GetObjectCommand({ Bucket: stack.output("QuarantineBucket"), Key }));
        return JSON.parse(known(await Body?.transformToString()));
      }),
    );
  }
  const put = (Data: Buffer) =>
    aws.kinesis.send(new PutRecordCommand({ StreamARN: stack.output("StreamArn"), PartitionKey: "test", Data }));
  const configure = (config: unknown) =>
    aws.s3.send(
      new PutObjectCommand({ Bucket: stack.output("ConfigBucket"), Key: CONFIG_KEY, Body: JSON.stringify(config) }),
    );
  const sendAs = (cluster: string, account = OWNER) =>
    crosstrail(
      ...[
        aws,
        "send",
        "--stream",
        stack.output("StreamArn"),
        "--cluster",
        `${account}/eu-central-1/${cluster}`,
        fileOf(SENT),
      ],
    );

  it("finds in log groups what the command finds in files, and publishes each finding once", async () => {
    const count = await write(aws, CLUSTER, events);
    const metrics = await confirmed(stack, count);
    expect(Object.fromEntries(metrics)).toMatchObject({ EventsRead: count, EventsJudged: count, EventsSetAside: 0 });
    await stack.emptied();
    // What settles is not out yet.
    expect(published(stack).length).toBeLessThan(expected.length);
    await stack.sweep();
    await stack.emptied();
    expect([...published(stack)].sort(byId)).toEqual(expected.map(asPublished).sort(byId));
    const all = await told(stack);
    expect(all.toSorted()).toEqual([...new Set(all)].toSorted());
    expect(new Set(all.map((one) => one.split(" ")[0]))).toEqual(new Set(expected.map(({ id }) => id)));
    await expectNothingLeft(stack);
  });

  it("takes in what the command sends, and tells people of it although the topic is down at first", async () => {
    let down = 0;
    stack.proxies.publish.plan = ({ service }) => {
      if (service !== "sns") return;
      down += 1;
      return down <= 8 ? "internal" : undefined;
    };
    await sendAs("sent");
    await found("sent");
    stack.proxies.publish.plan = () => undefined;
    expect((await told(stack)).length).toBeGreaterThan(0);
  });

  it("publishes what it finds in another account there, by its role", async () => {
    await sendAs("other", OTHER);
    await found("other", undefined, OTHER);
    const accounts = new Set(published(stack).map(({ AwsAccountId }) => AwsAccountId));
    expect(accounts).toEqual(new Set([OWNER, OTHER]));
    // What Security Hub had refused for its account would wait there.
    await stack.emptied();
  });

  it("keeps a record that nobody can read, whole, with the reason, and tells of it", async () => {
    const poison = gzipSync("cut off in the middle").subarray(0, 20);
    await put(poison);
    const [record] = await eventually("the kept record", async () => {
      const all = await kept();
      return all.length > 0 ? all : undefined;
    });
    expect(record).toMatchObject({
      ...{ stream: stack.output("StreamArn"), partitionKey: "test", data: poison.toString("base64") },
      reasons: [{ code: "E_GZIP" }],
    });
    await health("quarantined", 1);
  });

  it("judges a record of a megabyte", async () => {
    const messages = attacksOf([SENT]).audit;
    const [sample = ""] = demonstration().audit;
    const filler = (bytes: number): string =>
      JSON.stringify({ ...JSON.parse(sample), userAgent: randomBytes(bytes).toString("base64") });
    const logEvents = [...messages, ...Array.from({ length: 8 }, () => filler(125_000))].map((message, index) => ({
      ...{ id: String(index), timestamp: Date.now(), message },
    }));
    const data = gzipSync(
      JSON.stringify({
        ...{ messageType: "DATA_MESSAGE", owner: OWNER, logGroup: "/aws/eks/large/cluster" },
        ...{ logStream: "kube-apiserver-audit-1", subscriptionFilters: ["all"], logEvents },
      }),
    );
    expect(data.length).toBeGreaterThan(1_000_000);
    expect(data.length).toBeLessThan(1_048_576);
    await put(data);
    await found("large");
  });

  it("parks what Security Hub refuses, and tells of it", async () => {
    const [first] = published(stack);
    stack.hub.refuse = ({ Id }) => (Id === first?.Id ? "InvalidInput" : undefined);
    const letter = letterOf(first);
    const ask = () => aws.sqs.send(new SendMessageCommand({ QueueUrl: stack.outbox.other.url, MessageBody: letter }));
    await ask();
    const [parked] = await take(aws, stack.refused, 1);
    const { body, ...rest } = JSON.parse(known(parked?.Body));
    expect(rest).toMatchObject({ id: first?.Id, sink: "security-hub", code: "InvalidInput" });
    // LocalStack writes JSON anew, with spaces.
    expect(JSON.parse(body)).toEqual(JSON.parse(letter));
    // Told of once, as the same condition.
    await ask();
    await take(aws, stack.refused, 1);
    await health("refused", 1);
    stack.hub.refuse = () => undefined;
  });

  it("puts messages off that Security Hub did not answer, and publishes them later", async () => {
    let asked = 0;
    // Two messages, and two attempts at each call.
    stack.hub.plan = () => {
      asked += 1;
      return asked <= 4 ? "internal" : undefined;
    };
    const [first, second] = published(stack);
    const calls = stack.hub.calls.length;
    await aws.sqs.send(new SendMessageCommand({ QueueUrl: stack.outbox.other.url, MessageBody: letterOf(first) }));
    await aws.sqs.send(new SendMessageCommand({ QueueUrl: stack.outbox.urgent.url, MessageBody: letterOf(second) }));
    await eventually("six calls", async () => stack.hub.calls.length >= calls + 6 || undefined);
    await stack.emptied();
    expect(stack.hub.calls.slice(calls).map(({ status }) => status)).toEqual([500, 500, 500, 500, 200, 200]);
    stack.hub.plan = () => undefined;
  });

  it("goes on when the table refuses it, and finds by redriving what it did not find then", async () => {
    const before = (await kept()).length;
    stack.proxies.detect.plan = ({ service }) => (service === "dynamodb" ? "refused" : undefined);
    await sendAs("refused");
    await eventually("the kept records", async () => (await kept()).length > before || undefined);
    const waiting = await kept();
    expect(waiting.at(-1)?.reasons.map(({ code }) => code)).toContain("E_LEDGER_REFUSED");
    stack.proxies.detect.plan = () => undefined;
    const said = await crosstrail(aws, "redrive", "--bucket", stack.output("QuarantineBucket"));
    expect(said).toContain("0 objects are left");
    await found("refused");
  });

  it("goes by the configuration in its bucket a minute later", async () => {
    const onTrial = "impersonation/service-account";
    const settled = "impersonation/secret-as-somebody";
    await configure({
      version: 1,
      detectors: { [onTrial]: { status: "shadow" } },
      suppressions: [
        {
          ...{ detector: settled, actor: "*assumed-role/AppEditor/dave", cluster: "configured" },
          ...{ action: { verb: "list", resource: "secrets" }, reason: "agreed with the owner", owner: "tests" },
          expires: "2099-01-01T00:00:00Z",
        },
      ],
    });
    await sleep(MINUTE_MS);
    await sendAs("configured");
    const missing = await found("configured", ({ detector, actor }) =>
      detector === settled ? actor.name.endsWith("/dave") : detector === onTrial,
    );
    expect(missing).toEqual([settled, onTrial]);
  });

  it("tells of a configuration that cannot be used, and goes by the last good one", async () => {
    const onTrial = "impersonation/service-account";
    const { VersionId: good } = await configure({ version: 1, detectors: { [onTrial]: { status: "shadow" } } });
    await configure({ version: 1, nobody: "knows this" });
    // A new environment asks at once.
    expect(await killAll(stack.names.sweep)).toBeGreaterThan(0);
    await stack.sweep();
    await health("configuration", 1);
    expect(JSON.stringify(stack.hub.findings())).toContain(
      `The configuration cannot be used, and ${known(good)} stands`,
    );
    expect(await killAll(stack.names.detect)).toBeGreaterThan(0);
    await sendAs("begun");
    expect(await found("begun", ({ detector }) => detector === onTrial)).toEqual([onTrial]);
  });

  it("asks AWS for this and nothing else", async () => {
    await expect(`${JSON.stringify(stack.rights(), undefined, 2)}\n`).toMatchFileSnapshot("calls.generated.json");
  });
});

/** Not `refused`: what is refused is not tried again. */
const FAULTS: readonly Fault[] = ["throttled", "internal", "reset", "lost", "late error"];
/** Operations that can be done in part. */
const BATCH = /Batch$|^Batch(?:Get|Write)Item$/;

describe("the deployed pipeline, while calls fail at the wire and its processes are killed,", () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await createStack(aws, namer("faults"), deployment);
    for (const [index, proxy] of Object.values(stack.proxies).entries()) {
      const luck = seededFaults(index, 0.05, [...FAULTS, "partial"]);
      // Every operation fails at least once, is once done in part where it can be, and is once never answered.
      proxy.plan = (call, nth) => {
        if (nth === 0) return FAULTS[(index + call.operation.length) % FAULTS.length];
        if (nth === 1 && BATCH.test(call.operation)) return "partial";
        return nth === 2 ? "silent" : luck(call, nth);
      };
    }
  });
  afterAll(() => stack?.close());

  it("finds the same", async () => {
    const count = await write(aws, CLUSTER, events);
    const killed: number[] = [];
    const kill = async (name: "detect" | "publish", when: () => boolean): Promise<void> => {
      await eventually(`the time to kill ${name}`, async () => when() || undefined);
      killed.push(
        await eventually(`a process of ${name}`, async () => (await killAll(stack.names[name])) || undefined),
      );
    };
    const merges = (): number =>
      stack.proxies.detect.calls.filter(({ operation }) => operation === "UpdateItem").length;
    await kill("detect", () => merges() > 100);
    await kill("detect", () => merges() > 300);
    await kill("publish", () => stack.hub.findings().length > 0);
    const metrics = await confirmed(stack, count);
    // Judged again after a crash, events count again: none is lost, and none is neither judged nor set aside.
    expect((metrics.get("EventsJudged") ?? 0) + (metrics.get("EventsSetAside") ?? 0)).toBe(metrics.get("EventsRead"));
    expect(metrics.get("EventsSetAside")).toBe(0);
    await eventually("a sweep without a fault", () =>
      stack.sweep().then(
        () => true as const,
        () => undefined,
      ),
    );
    await stack.emptied();
    expect([...published(stack)].filter((one) => !isHealth(one)).sort(byId)).toEqual(
      expected.map(asPublished).sort(byId),
    );
    const ids = new Set((await told(stack)).map((one) => one.split(" ")[0]));
    expect(ids).toEqual(new Set(expected.map(({ id }) => id)));
    await expectNothingLeft(stack);
    const faults = Object.entries(stack.proxies).flatMap(([name, proxy]) =>
      [...proxy.faults()].map(([kind, times]) => [`${name} ${kind}`, times] as const),
    );
    console.log(`${killed.join(" + ")} processes killed, faults: ${faults.map((pair) => pair.join(" ")).join(", ")}`);
    const sum = (wanted: RegExp): number =>
      faults.reduce((all, [kind, times]) => all + (wanted.test(kind) ? times : 0), 0);
    expect(sum(/:(?:throttled|internal|reset|silent)$/)).toBeGreaterThan(20);
    expect(sum(/:(?:lost|late error)$/)).toBeGreaterThan(15);
    expect(sum(/:partial$/)).toBeGreaterThan(5);
    const servicesOf = (kinds: RegExp): readonly string[] => {
      const met = faults.filter(([kind]) => kinds.test(kind));
      return [...new Set(met.map(([kind]) => kind.split(/[ :]/)[1] ?? ""))].toSorted();
    };
    expect(servicesOf(/./)).toEqual(["dynamodb", "s3", "securityhub", "sns", "sqs"]);
    expect(servicesOf(/:partial$/)).toEqual(["dynamodb", "sns", "sqs"]);
  });
});
