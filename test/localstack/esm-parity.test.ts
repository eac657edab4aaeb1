import { PutRecordCommand } from "@aws-sdk/client-kinesis";
import type { KinesisStreamEvent } from "aws-lambda";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Act } from "../support/acts.ts";
import { simulateKinesis } from "../support/esm-simulator.ts";
import { createSimStream } from "../support/kinesis-stream.ts";
import { createSimClock } from "../support/sim-clock.ts";
import { type Aws, connect, endpoint, eventually, namer } from "./aws.ts";
import { startPuppeteer } from "./puppeteer.ts";
import { createQueue, createStream, deploy, known, map, take } from "./resources.ts";

/**
 * The same scenarios on the simulator and on LocalStack, for what both do. LocalStack has no bisecting, no lanes, no resharding, no limit
 * of the payload, and a batching window of another kind: of these there is only the simulator.
 */
interface Scenario {
  readonly name: string;
  readonly records: readonly string[];
  readonly batchSize?: number;
  readonly partial?: boolean;
  readonly retries?: number;
  /** By the names in the batch, and how many batches came before. */
  readonly script: (event: KinesisStreamEvent, nth: number) => Act;
  readonly batches: readonly (readonly string[])[];
  readonly failures?: readonly { readonly batchSize: number; readonly invokeCount: number; readonly first: string }[];
}

const namesOf = ({ Records }: KinesisStreamEvent): string[] =>
  Records.map(({ kinesis }) => Buffer.from(kinesis.data, "base64").toString());
const fine: Act = { answer: { batchItemFailures: [] } };
/** Names these, in this order. */
function identify({ Records }: KinesisStreamEvent, ...names: readonly string[]): Act {
  const numberOf = (name: string): string | undefined =>
    Records.find(({ kinesis }) => Buffer.from(kinesis.data, "base64").toString() === name)?.kinesis.sequenceNumber;
  return { answer: { batchItemFailures: names.map((name) => ({ itemIdentifier: numberOf(name) })) } };
}
const always =
  (answer: unknown) =>
  (event: KinesisStreamEvent): Act =>
    namesOf(event).includes("end") ? fine : { answer };

const successes: readonly (readonly [string, unknown])[] = [
  ["null", null],
  ["an empty object", {}],
  ["an empty list", { batchItemFailures: [] }],
  ["null for the list", { batchItemFailures: null }],
  ["a misspelt name at the top", { batchItemFailure: [{ itemIdentifier: "" }] }],
];
const failures: readonly (readonly [string, unknown])[] = [
  ["an empty identifier", { batchItemFailures: [{ itemIdentifier: "" }] }],
  ["a null identifier", { batchItemFailures: [{ itemIdentifier: null }] }],
  ["a wrong key", { batchItemFailures: [{ sequenceNumber: "1" }] }],
  ["a number that is not of the batch", { batchItemFailures: [{ itemIdentifier: "1" }] }],
];

const ab = ["a", "b"];
const scenarios: readonly Scenario[] = [
  {
    name: "batches come in order, at most BatchSize at a time",
    ...{ records: ["a", "b", "c", "d", "e"], batchSize: 2, script: () => fine },
    batches: [["a", "b"], ["c", "d"], ["e"]],
  },
  {
    name: "everything from the lowest number comes again",
    ...{ records: ["a", "b", "c", "d"], partial: true },
    script: (event, nth) => (nth === 0 ? identify(event, "d", "b") : fine),
    batches: [
      ["a", "b", "c", "d"],
      ["b", "c", "d"],
    ],
  },
  {
    name: "what is left of a batch by partial answers is given up alone",
    ...{ records: ["a", "b", "c"], partial: true, retries: 1 },
    script: (event) => (namesOf(event).includes("c") ? identify(event, "c") : fine),
    batches: [["a", "b", "c"], ["c"]],
    failures: [{ batchSize: 1, invokeCount: 2, first: "c" }],
  },
  {
    name: "a function that throws is tried again so often, then the shard goes on",
    ...{ records: ["a", "b", "c"], batchSize: 2, retries: 2 },
    script: (event) => (namesOf(event).includes("a") ? { fail: "throw" } : fine),
    batches: [ab, ab, ab, ["c"]],
    failures: [{ batchSize: 2, invokeCount: 3, first: "a" }],
  },
  {
    name: "a function whose process ends gets the batch again",
    ...{ records: ab, script: (_event, nth) => (nth === 0 ? { fail: "exit" } : fine), batches: [ab, ab] },
  },
  {
    name: "a function whose time runs out gets the batch again",
    ...{ records: ab, script: (_event, nth) => (nth === 0 ? { fail: "hang" } : fine), batches: [ab, ab] },
  },
  {
    name: "without ReportBatchItemFailures any answer is success",
    ...{ records: ab, script: (event) => identify(event, "a"), batches: [ab] },
  },
  ...successes.map(
    ([what, answer]): Scenario => ({
      name: `${what} is success`,
      ...{ records: ab, partial: true, script: always(answer), batches: [ab] },
    }),
  ),
  ...failures.map(
    ([what, answer]): Scenario => ({
      name: `${what} is failure of all`,
      ...{ records: ab, partial: true, retries: 1, script: always(answer), batches: [ab, ab] },
      failures: [{ batchSize: 2, invokeCount: 2, first: "a" }],
    }),
  ),
];

const TIMEOUT_SECONDS = 2;
/** A scenario with what it was given, batch by batch. */
function observed({ script }: Scenario) {
  const batches: string[][] = [];
  const act = (event: KinesisStreamEvent): Act => {
    batches.push(namesOf(event));
    return script(event, batches.length - 1);
  };
  return { batches, act };
}

describe("on the simulator", () => {
  it.each(scenarios)("$name", async (scenario) => {
    const { batchSize, partial = false, retries = -1, records, failures: given = [] } = scenario;
    const { batches, act } = observed(scenario);
    const clock = createSimClock();
    const stream = createSimStream(1, clock.now);
    const numbers = records.map((name) => stream.put({ partitionKey: name, data: Buffer.from(name) }).sequenceNumber);
    const simulation = simulateKinesis({
      ...{ clock, stream, reportBatchItemFailures: partial, maximumRetryAttempts: retries, onFailure: "sqs" },
      ...(batchSize === undefined ? {} : { batchSize }),
      functionTimeoutMs: TIMEOUT_SECONDS * 1000,
      handler: async (event) => {
        const does = act(event);
        if ("answer" in does) return does.answer as never;
        if (does.fail === "hang") await new Promise(() => undefined);
        throw new Error("By plan.");
      },
    });
    expect(await simulation.drain()).toBe(true);
    expect(batches).toEqual(scenario.batches);
    expect(simulation.failures.map(summary)).toEqual(given.map(expected(records, numbers)));
  });
});

describe.concurrent("on LocalStack", () => {
  const named = namer("parity");
  let aws: Aws;
  beforeAll(async () => {
    aws = connect(await endpoint());
  });
  afterAll(() => aws?.close());

  it.each(scenarios.map((scenario, index) => ({ ...scenario, index })))("$name", async ({ index, ...scenario }) => {
    const { batchSize = 100, partial = false, retries = -1, records, failures: given = [] } = scenario;
    const { batches, act } = observed(scenario);
    const puppeteer = await startPuppeteer(act);
    try {
      const StreamName = named(`stream-${index}`);
      const stream = await createStream(aws, StreamName);
      const dead = await createQueue(aws, named(`dead-${index}`));
      const numbers: string[] = [];
      const put = async (name: string): Promise<void> => {
        const record = { StreamName, PartitionKey: name, Data: Buffer.from(name) };
        numbers.push(known((await aws.kinesis.send(new PutRecordCommand(record))).SequenceNumber));
      };
      for (const name of records) await put(name);
      const FunctionName = named(`puppet-${index}`);
      await deploy(aws, {
        ...{ name: FunctionName, entry: "test/localstack/handlers/puppet.ts", timeoutSeconds: TIMEOUT_SECONDS },
        environment: { PUPPETEER: puppeteer.url },
      });
      await map(aws, {
        ...{ FunctionName, EventSourceArn: stream, StartingPosition: "TRIM_HORIZON", BatchSize: batchSize },
        ...{ MaximumRetryAttempts: retries, FunctionResponseTypes: partial ? ["ReportBatchItemFailures"] : [] },
        DestinationConfig: { OnFailure: { Destination: dead.arn } },
      });
      await eventually("the batches", async () => (batches.length >= scenario.batches.length ? true : undefined));
      // A shard is in order: what comes after shows that nothing more came before.
      await put("end");
      await eventually("the end", async () => (batches.at(-1)?.at(-1) === "end" ? true : undefined));
      expect(batches).toEqual([...scenario.batches, ["end"]]);
      const messages = given.length === 0 ? [] : await take(aws, dead, given.length);
      const told = messages.map(({ Body }) => summary(JSON.parse(known(Body))));
      expect(told).toEqual(given.map(expected(records, numbers)));
    } finally {
      puppeteer.close();
    }
  });
});

/** What both tell of a batch that was given up. */
interface Told {
  readonly requestContext: { readonly condition: string; readonly approximateInvokeCount: number };
  readonly KinesisBatchInfo: {
    readonly batchSize: number;
    readonly shardId: string;
    readonly startSequenceNumber: string;
  };
}
function summary({ requestContext, KinesisBatchInfo }: Told) {
  const { condition, approximateInvokeCount } = requestContext;
  const { batchSize, shardId, startSequenceNumber } = KinesisBatchInfo;
  return { condition, approximateInvokeCount, batchSize, shardId, startSequenceNumber };
}
const expected =
  (records: readonly string[], numbers: readonly string[]) =>
  ({ batchSize, invokeCount, first }: NonNullable<Scenario["failures"]>[number]) => ({
    ...{ condition: "RetryAttemptsExhausted", approximateInvokeCount: invokeCount, batchSize },
    ...{ shardId: "shardId-000000000000", startSequenceNumber: numbers[records.indexOf(first)] },
  });
