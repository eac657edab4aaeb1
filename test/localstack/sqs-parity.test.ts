import { GetQueueAttributesCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import type { SQSEvent } from "aws-lambda";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Act } from "../support/acts.ts";
import { createSimClock } from "../support/sim-clock.ts";
import { createSimQueue, simulateSqs } from "../support/sqs-simulator.ts";
import { type Aws, connect, endpoint, eventually, namer } from "./aws.ts";
import { startPuppeteer } from "./puppeteer.ts";
import { createQueue, deploy, map, take } from "./resources.ts";

/** The same scenarios on the simulator and on LocalStack: how often each message is delivered, and which are set aside. How messages
 * are put together into batches is chance in both, and in AWS. */
interface Scenario {
  readonly name: string;
  readonly partial?: boolean;
  readonly script: (event: SQSEvent, nth: number) => Act;
  readonly deliveries: Readonly<Record<string, number>>;
  readonly dead?: readonly string[];
}

const fine: Act = { answer: { batchItemFailures: [] } };
const identify = ({ Records }: SQSEvent, name: string): Act => ({
  answer: {
    batchItemFailures: Records.filter(({ body }) => body === name).map(({ messageId }) => ({
      itemIdentifier: messageId,
    })),
  },
});
const answers = (answer: unknown) => (): Act => ({ answer });
const [once, twice] = [{ a: 1 }, { a: 2 }];

/** Each message may be received twice. */
const scenarios: readonly Scenario[] = [
  { name: "what succeeds is delivered once", script: () => fine, deliveries: { a: 1, b: 1 } },
  {
    name: "only what failed comes again, and is set aside",
    ...{ partial: true, script: (event) => identify(event, "b"), deliveries: { a: 1, b: 2 }, dead: ["b"] },
  },
  {
    name: "what failed once comes again, and is done",
    ...{ partial: true, script: (event, nth) => (nth === 0 ? identify(event, "a") : fine), deliveries: twice },
  },
  { name: "a function that throws once gets all again", deliveries: twice, script: failsFirst("throw") },
  { name: "a function whose process ends gets all again", deliveries: twice, script: failsFirst("exit") },
  { name: "a function whose time runs out gets all again", deliveries: twice, script: failsFirst("hang") },
  { name: "without ReportBatchItemFailures any answer is success", deliveries: once, script: (e) => identify(e, "a") },
  { name: "an empty list is success", partial: true, deliveries: once, script: answers({ batchItemFailures: [] }) },
  { name: "null is success", partial: true, deliveries: once, script: answers(null) },
  {
    name: "a null identifier is failure of all",
    ...{ partial: true, script: answers({ batchItemFailures: [{ itemIdentifier: null }] }) },
    ...{ deliveries: twice, dead: ["a"] },
  },
  {
    name: "an id that is not of the batch is failure of all",
    ...{ partial: true, script: answers({ batchItemFailures: [{ itemIdentifier: "other" }] }) },
    ...{ deliveries: twice, dead: ["a"] },
  },
];
function failsFirst(fail: "throw" | "exit" | "hang") {
  return (_event: SQSEvent, nth: number): Act => (nth === 0 ? { fail } : fine);
}

const TIMEOUT_SECONDS = 2;
const VISIBILITY_SECONDS = 3;
function observed({ script }: Scenario) {
  const seen: string[] = [];
  let events = 0;
  const act = (event: SQSEvent): Act => {
    seen.push(...event.Records.map(({ body }) => body));
    events += 1;
    return script(event, events - 1);
  };
  const deliveries = (): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const body of seen) counts[body] = (counts[body] ?? 0) + 1;
    return counts;
  };
  return { act, deliveries };
}

describe("on the simulator", () => {
  it.each(scenarios)("$name", async (scenario) => {
    const { act, deliveries } = observed(scenario);
    const clock = createSimClock();
    const dead = createSimQueue(clock.now, { name: "dead" });
    const redrive = { to: dead, maxReceiveCount: 2 };
    const queue = createSimQueue(clock.now, { visibilityMs: VISIBILITY_SECONDS * 1000, redrive });
    for (const body of Object.keys(scenario.deliveries)) queue.send(body);
    const simulation = simulateSqs({
      ...{ clock, queue, reportBatchItemFailures: scenario.partial ?? false },
      functionTimeoutMs: TIMEOUT_SECONDS * 1000,
      handler: async (event) => {
        const does = act(event);
        if ("answer" in does) return does.answer as never;
        if (does.fail === "hang") await new Promise(() => undefined);
        throw new Error("By plan.");
      },
    });
    expect(await simulation.drain()).toBe(true);
    expect(deliveries()).toEqual(scenario.deliveries);
    expect(dead.messages().map(({ body }) => body)).toEqual(scenario.dead ?? []);
  });
});

describe.concurrent("on LocalStack", () => {
  const named = namer("sqs-parity");
  let aws: Aws;
  beforeAll(async () => {
    aws = connect(await endpoint());
  });
  afterAll(() => aws?.close());

  it.each(scenarios.map((scenario, index) => ({ ...scenario, index })))("$name", async ({ index, ...scenario }) => {
    const { act, deliveries } = observed(scenario);
    const puppeteer = await startPuppeteer(act);
    try {
      const dead = await createQueue(aws, named(`dead-${index}`));
      const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 2 });
      const attributes = { VisibilityTimeout: String(VISIBILITY_SECONDS), RedrivePolicy };
      const queue = await createQueue(aws, named(`queue-${index}`), attributes);
      for (const MessageBody of Object.keys(scenario.deliveries))
        await aws.sqs.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody }));
      const FunctionName = named(`puppet-${index}`);
      await deploy(aws, {
        ...{ name: FunctionName, entry: "test/localstack/handlers/puppet.ts", timeoutSeconds: TIMEOUT_SECONDS },
        environment: { PUPPETEER: puppeteer.url },
      });
      await map(aws, {
        ...{ FunctionName, EventSourceArn: queue.arn, BatchSize: 10 },
        FunctionResponseTypes: scenario.partial === true ? ["ReportBatchItemFailures"] : [],
      });
      const letters = scenario.dead === undefined ? [] : await take(aws, dead, scenario.dead.length);
      expect(letters.map(({ Body }) => Body)).toEqual(scenario.dead ?? []);
      // Nothing is left, hidden or not: a message that were to come again would still be counted.
      await eventually("an empty queue", async () => ((await left(aws, queue.url)) === 0 ? true : undefined));
      expect(deliveries()).toEqual(scenario.deliveries);
    } finally {
      puppeteer.close();
    }
  });
});

async function left(aws: Aws, url: string): Promise<number> {
  const names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"] as const;
  const asked = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [...names] });
  const { Attributes = {} } = await aws.sqs.send(asked);
  return names.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
}
