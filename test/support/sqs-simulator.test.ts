import type { SQSEvent } from "aws-lambda";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Luck } from "./esm-invocation.ts";
import { createSimClock } from "./sim-clock.ts";
import { createSimQueue, type QueueSettings, type SqsHandler, type SqsMapping, simulateSqs } from "./sqs-simulator.ts";

const bodiesOf = ({ Records }: SQSEvent): string[] => Records.map(({ body }) => body);

function setUp(bodies: readonly string[], settings: Partial<SqsMapping> = {}, queueSettings: QueueSettings = {}) {
  const clock = createSimClock();
  const dead = createSimQueue(clock.now, { name: "dead" });
  const queue = createSimQueue(clock.now, { redrive: { to: dead, maxReceiveCount: 3 }, ...queueSettings });
  for (const body of bodies) queue.send(body);
  const batches: string[][] = [];
  const handler: SqsHandler = async (event, context) => {
    batches.push(bodiesOf(event));
    if (settings.handler !== undefined) return settings.handler(event, context);
  };
  const mapping = { maximumConcurrency: 1, reportBatchItemFailures: true, ...settings };
  return { clock, queue, dead, batches, ...simulateSqs({ clock, queue, ...mapping, handler }) };
}

const failing =
  (...bad: string[]): SqsHandler =>
  async ({ Records }) => ({
    batchItemFailures: Records.filter(({ body }) => bad.includes(body)).map(({ messageId }) => ({
      itemIdentifier: messageId,
    })),
  });

describe("messages of a queue", () => {
  it("come in batches, and are deleted when they succeed", async () => {
    const run = setUp(["a", "b", "c"], { batchSize: 2 });
    expect(await run.drain()).toBe(true);
    expect(run.batches).toEqual([["a", "b"], ["c"]]);
  });

  it("come again when their visibility timeout ends, only those that failed, until they are set aside", async () => {
    const run = setUp(["good", "bad"], { handler: failing("bad") });
    await run.drain();
    expect(run.batches).toEqual([["good", "bad"], ["bad"], ["bad"]]);
    expect(run.dead.messages().map(({ body }) => body)).toEqual(["bad"]);
    const [first = 0, second = 0] = run.invocations.map(({ atMs }) => atMs);
    expect(second - first).toBeGreaterThanOrEqual(30_000);
  });

  it("come again all together when the function throws", async () => {
    let thrown = false;
    const run = setUp(["a", "b"], {
      handler: async () => {
        if (thrown) return;
        thrown = true;
        throw new Error("By plan.");
      },
    });
    await run.drain();
    expect(run.batches).toEqual([
      ["a", "b"],
      ["a", "b"],
    ]);
    expect(run.dead.messages()).toEqual([]);
  });

  it("come earlier or later when the handler changes their visibility", async () => {
    const times: number[] = [];
    const run = setUp(["a"], {
      handler: async (event, context) => {
        times.push(run.clock.now());
        const wait = [120_000, 5000][times.length - 1];
        const handle = event.Records[0]?.receiptHandle ?? "";
        if (wait !== undefined) run.queue.changeVisibility(handle, wait);
        return await failing(...(wait === undefined ? [] : ["a"]))(event, context);
      },
    });
    await run.drain();
    const [first = 0, second = 0, third = 0] = times;
    expect(second - first).toBeGreaterThanOrEqual(120_000);
    expect(third - second).toBeLessThan(10_000);
  });

  it("that outlast their visibility are received by another, and the first can no longer delete them", async () => {
    const run = setUp(["a"], {
      ...{ maximumConcurrency: 2, functionTimeoutMs: 100_000 },
      handler: async () => {
        if (run.batches.length === 1) await run.clock.sleep(50_000);
        else await run.clock.sleep(25_000);
      },
    });
    let held: number | undefined;
    run.clock.sleep(52_000).then(() => {
      held = run.queue.messages().length;
    }, expect.fail);
    await run.drain();
    expect(run.batches).toEqual([["a"], ["a"]]);
    expect(run.queue.messages()).toEqual([]);
    // The first ended 50 s after it began, when its handle was old: it took the second, at 55 s or later, to delete.
    expect(held).toBe(1);
  });

  it.each<[string, unknown, number]>([
    ["a null identifier", { batchItemFailures: [{ itemIdentifier: null }] }, 3],
    ["an id that is not of the batch", { batchItemFailures: [{ itemIdentifier: "other" }] }, 3],
    ["an empty list", { batchItemFailures: [] }, 1],
    ["no answer", undefined, 1],
  ])("with %s for an answer", async (_what, answer, times) => {
    const run = setUp(["a"], { handler: (async () => answer) as SqsHandler });
    await run.drain();
    expect(run.batches).toHaveLength(times);
  });

  it("are handled by at most so many at one time", async () => {
    let atWork = 0;
    let most = 0;
    const run = setUp(["a", "b", "c", "d", "e"], {
      ...{ batchSize: 1, maximumConcurrency: 3 },
      handler: async () => {
        atWork += 1;
        most = Math.max(most, atWork);
        await run.clock.sleep(100);
        atWork -= 1;
      },
    });
    await run.drain();
    expect([most, run.batches.length]).toEqual([3, 5]);
  });

  it.each<[Luck, number]>([
    ["crash before", 1],
    ["crash after", 2],
    ["throttled", 1],
    ["forgotten", 2],
  ])("after %s: the handler gets the message %i times", async (luck, times) => {
    const run = setUp(["a"], { luck: (invocation) => (invocation === 0 ? luck : "fine") });
    await run.drain();
    expect(run.batches).toHaveLength(times);
  });

  it("count a receive also when the function could not be called", async () => {
    const run = setUp(["a"], { luck: () => "throttled" });
    await run.drain();
    expect(run.dead.messages()).toHaveLength(1);
    expect(run.batches).toEqual([]);
  });

  it("are never lost: handled, or set aside", async () => {
    const luck = fc.constantFrom<Luck>("fine", "crash before", "crash after", "throttled", "forgotten");
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 15 }),
        fc.record({ batchSize: fc.integer({ min: 1, max: 5 }), maximumConcurrency: fc.integer({ min: 2, max: 4 }) }),
        fc.array(luck, { maxLength: 15 }),
        async (count, settings, fates) => {
          const bodies = Array.from({ length: count }, (_, i) => `m${i}`);
          const run = setUp(bodies, { ...settings, luck: (i) => fates[i] ?? "fine" });
          expect(await run.drain()).toBe(true);
          const ended = new Set([...run.batches.flat(), ...run.dead.messages().map(({ body }) => body)]);
          expect([...ended].toSorted()).toEqual(bodies.toSorted());
        },
      ),
      { numRuns: 100 },
    );
  });
});
