import type { KinesisStreamEvent } from "aws-lambda";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Luck } from "./esm-invocation.ts";
import { type KinesisHandler, type KinesisMapping, MAX_PAYLOAD_BYTES, simulateKinesis } from "./esm-simulator.ts";
import { createSimStream, hashKey } from "./kinesis-stream.ts";
import { createSimClock } from "./sim-clock.ts";

const nameOf = (data: string): string => Buffer.from(data, "base64").toString();
const namesOf = ({ Records }: KinesisStreamEvent): string[] => Records.map(({ kinesis }) => nameOf(kinesis.data));

/** A stream with the named records in it, and the batches that a handler was given. */
function setUp(names: readonly string[], settings: Partial<KinesisMapping> = {}, shards = 1) {
  const clock = settings.clock ?? createSimClock();
  const stream = createSimStream(shards, clock.now);
  const put = (name: string, partitionKey = name) => stream.put({ partitionKey, data: Buffer.from(name) });
  const numbers = new Map(names.map((name) => [name, put(name).sequenceNumber]));
  /** Records that come while the mapping is at work: it is not through before. */
  let coming = 0;
  const later = (ms: number, name: string): void => {
    coming += 1;
    clock.sleep(ms).then(() => {
      coming -= 1;
      put(name);
    }, expect.fail);
  };
  const batches: string[][] = [];
  const handler: KinesisHandler = async (event, context) => {
    batches.push(namesOf(event));
    if (settings.handler !== undefined) return settings.handler(event, context);
  };
  const simulation = simulateKinesis({ clock, stream, ...settings, handler });
  const drain = async (limitMs?: number): Promise<boolean> => {
    const through = await simulation.drain(limitMs);
    if (coming === 0) return through;
    await clock.run(() => coming === 0);
    return await simulation.drain(limitMs);
  };
  return { clock, stream, put, later, numbers, batches, ...simulation, drain };
}

/** Fails with these names, as ReportBatchItemFailures does, as long as they are in the batch. */
const failing =
  (...bad: string[]): KinesisHandler =>
  async ({ Records }) => ({
    batchItemFailures: Records.filter(({ kinesis }) => bad.includes(nameOf(kinesis.data))).map(({ kinesis }) => ({
      itemIdentifier: kinesis.sequenceNumber,
    })),
  });
const throwing =
  (times: number): KinesisHandler =>
  async () => {
    // Counted down: the function fails that often, then works.
    // biome-ignore lint/style/noParameterAssign: this is the count
    if (times-- > 0) throw new Error("By plan.");
  };
const answering = (answer: unknown): KinesisHandler => (async () => answer) as KinesisHandler;
const partial = { reportBatchItemFailures: true };

describe("batches of a shard", () => {
  it("come in order, at most BatchSize at a time", async () => {
    const run = setUp(["a", "b", "c", "d", "e"], { batchSize: 2 });
    expect(await run.drain()).toBe(true);
    expect(run.batches).toEqual([["a", "b"], ["c", "d"], ["e"]]);
  });

  it("are cut at 6 MB of payload, in which data counts as base64", async () => {
    const clock = createSimClock();
    const stream = createSimStream(1, clock.now);
    const sizes: number[] = [];
    // 1 MiB is 1.4 million bytes of base64: four fit in 6 MiB, five do not.
    for (let i = 0; i < 6; i += 1) stream.put({ partitionKey: "p", data: Buffer.alloc(1024 * 1024) });
    const simulation = simulateKinesis({
      ...{ clock, stream },
      handler: async (event) => {
        expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThanOrEqual(MAX_PAYLOAD_BYTES);
        sizes.push(event.Records.length);
      },
    });
    await simulation.drain();
    expect(sizes).toEqual([4, 2]);
  });

  it("wait for their window, unless they are full before", async () => {
    const run = setUp(["a"], { batchSize: 2, batchingWindowMs: 10_000 });
    const start = run.clock.now();
    run.later(3000, "b");
    run.later(4000, "c");
    await run.drain();
    expect(run.batches).toEqual([["a", "b"], ["c"]]);
    const [full, waited] = run.invocations.map(({ atMs }) => atMs - start);
    expect(full).toBeLessThan(5000);
    expect(waited).toBeGreaterThanOrEqual(14_000);
  });

  it("name the shard in the event's id", async () => {
    const run = setUp(["a"], {
      handler: async ({ Records }) => {
        expect(Records[0]?.eventID).toBe(`shardId-000000000000:${Records[0]?.kinesis.sequenceNumber}`);
      },
    });
    await run.drain();
    expect(run.invocations[0]?.outcome).toBe("success");
  });
});

describe("ReportBatchItemFailures", () => {
  it("retries everything from the lowest number, also what had succeeded", async () => {
    let failed = false;
    const run = setUp(["a", "b", "c", "d"], {
      ...partial,
      handler: async (event, context) => {
        const answer = await failing(...(failed ? [] : ["d", "b"]))(event, context);
        failed = true;
        return answer;
      },
    });
    await run.drain();
    expect(run.batches).toEqual([
      ["a", "b", "c", "d"],
      ["b", "c", "d"],
    ]);
  });

  it("compares numbers as numbers, not as text", async () => {
    const run = setUp(["a", "b"], {
      ...partial,
      maximumRetryAttempts: 0,
      onFailure: "sqs",
      handler: failing("b", "a"),
    });
    await run.drain();
    expect(run.failures[0]?.KinesisBatchInfo.startSequenceNumber).toBe(run.numbers.get("a"));
  });

  it.each<[string, unknown]>([
    ["no answer", undefined],
    ["null", null],
    ["an empty object", {}],
    ["an empty list", { batchItemFailures: [] }],
    ["null for the list", { batchItemFailures: null }],
    ["a misspelt name at the top", { batchItemFailure: [{ itemIdentifier: "" }] }],
  ])("takes %s as success", async (_what, answer) => {
    const run = setUp(["a", "b"], { ...partial, handler: answering(answer) });
    await run.drain();
    expect(run.batches).toEqual([["a", "b"]]);
  });

  it.each<[string, unknown]>([
    ["an empty identifier", { batchItemFailures: [{ itemIdentifier: "" }] }],
    ["a null identifier", { batchItemFailures: [{ itemIdentifier: null }] }],
    ["a wrong key", { batchItemFailures: [{ sequenceNumber: "1" }] }],
    ["a number that is not of the batch", { batchItemFailures: [{ itemIdentifier: "1" }] }],
  ])("takes %s as failure of all", async (_what, answer) => {
    const run = setUp(["a", "b"], {
      ...partial,
      maximumRetryAttempts: 1,
      onFailure: "sqs",
      handler: answering(answer),
    });
    await run.drain();
    expect(run.batches).toEqual([
      ["a", "b"],
      ["a", "b"],
    ]);
    expect(run.failures).toMatchObject([{ KinesisBatchInfo: { batchSize: 2 } }]);
  });

  it("is nothing when it is not switched on: any answer is success", async () => {
    const run = setUp(["a", "b"], { handler: failing("a") });
    await run.drain();
    expect(run.batches).toEqual([["a", "b"]]);
  });
});

describe("a function that fails", () => {
  it("gets the same batch until it works, and the shard waits", async () => {
    const run = setUp(["a", "b"], { batchSize: 1, handler: throwing(3) });
    await run.drain();
    expect(run.batches).toEqual([["a"], ["a"], ["a"], ["a"], ["b"]]);
  });

  it("is tried MaximumRetryAttempts times again, then the batch is told of and left", async () => {
    const run = setUp(["a", "b", "c"], {
      ...{ batchSize: 2, maximumRetryAttempts: 2, onFailure: "sqs", handler: throwing(3) },
    });
    await run.drain();
    expect(run.batches).toEqual([["a", "b"], ["a", "b"], ["a", "b"], ["c"]]);
    expect(run.failures).toEqual([
      expect.objectContaining({
        requestContext: expect.objectContaining({ condition: "RetryAttemptsExhausted", approximateInvokeCount: 3 }),
        KinesisBatchInfo: expect.objectContaining({
          ...{ batchSize: 2, shardId: "shardId-000000000000" },
          ...{ startSequenceNumber: run.numbers.get("a"), endSequenceNumber: run.numbers.get("b") },
        }),
      }),
    ]);
    // Metadata only: SQS does not get the records.
    expect(run.failures[0]).not.toHaveProperty("payload");
  });

  it("leaves the whole event in S3", async () => {
    const run = setUp(["a"], { maximumRetryAttempts: 0, onFailure: "s3", handler: throwing(1) });
    await run.drain();
    expect(namesOf(JSON.parse(run.failures[0]?.payload ?? ""))).toEqual(["a"]);
  });

  it("is halved until the bad record is alone, which costs no tries", async () => {
    const run = setUp(["a", "b", "c", "d"], {
      ...{ bisectBatchOnFunctionError: true, maximumRetryAttempts: 1, onFailure: "sqs" },
      handler: async (event) => {
        if (namesOf(event).includes("c")) throw new Error("By plan.");
      },
    });
    await run.drain();
    expect(run.batches).toEqual([["a", "b", "c", "d"], ["a", "b"], ["c", "d"], ["c"], ["c"], ["d"]]);
    expect(run.failures.map(({ KinesisBatchInfo }) => KinesisBatchInfo.startSequenceNumber)).toEqual([
      run.numbers.get("c"),
    ]);
  });

  it("is halved also when partial answers are switched on", async () => {
    const run = setUp(["a", "b"], { ...partial, bisectBatchOnFunctionError: true, handler: throwing(1) });
    await run.drain();
    expect(run.batches).toEqual([["a", "b"], ["a"], ["b"]]);
  });

  it("is bisected at the number that it returned, and only the rest comes again", async () => {
    const run = setUp(["a", "b", "c", "d"], {
      ...{ ...partial, bisectBatchOnFunctionError: true, maximumRetryAttempts: 0, onFailure: "sqs" },
      handler: failing("c"),
    });
    await run.drain();
    // With no try left, the split alone lets the rest come again.
    expect(run.batches).toEqual([
      ["a", "b", "c", "d"],
      ["c", "d"],
    ]);
    expect(run.failures).toMatchObject([{ KinesisBatchInfo: { batchSize: 2 } }]);
  });

  it("that never answers is ended by its time, and what it does later counts for nothing", async () => {
    let first = true;
    const run = setUp(["a"], {
      functionTimeoutMs: 5000,
      handler: async () => {
        if (!first) return;
        first = false;
        await new Promise(() => undefined);
      },
    });
    expect(await run.drain()).toBe(true);
    const [one, two] = run.invocations;
    expect([one?.outcome, two?.outcome]).toEqual(["failure", "success"]);
    expect((two?.atMs ?? 0) - (one?.atMs ?? 0)).toBeGreaterThanOrEqual(5000);
  });

  it("knows how much time is left", async () => {
    const left: number[] = [];
    const run = setUp(["a"], {
      functionTimeoutMs: 5000,
      handler: async (_event, context) => {
        left.push(context.getRemainingTimeInMillis());
        await run.clock.sleep(2000);
        left.push(context.getRemainingTimeInMillis());
      },
    });
    await run.drain();
    expect(left).toEqual([5000, 3000]);
  });
});

describe("records that become too old", () => {
  it("are told of and left; younger ones of the batch go on", async () => {
    const run = setUp(["old"], {
      ...{ maximumRecordAgeMs: 60_000, onFailure: "sqs" },
      handler: async (event) => {
        if (namesOf(event).includes("old")) throw new Error("By plan.");
      },
    });
    run.later(30_500, "young");
    await run.drain();
    expect(run.failures).toMatchObject([
      { requestContext: { condition: "RecordAgeExceeded" }, KinesisBatchInfo: { batchSize: 1 } },
    ]);
    expect(run.batches.at(-1)).toEqual(["young"]);
  });

  it("become so also while the function cannot be called", async () => {
    const run = setUp(["a"], { maximumRecordAgeMs: 60_000, onFailure: "sqs", luck: () => "throttled" });
    const start = run.clock.now();
    await run.drain();
    expect(run.batches).toEqual([]);
    expect(run.failures).toMatchObject([
      { requestContext: { condition: "RecordAgeExceeded", approximateInvokeCount: 0 } },
    ]);
    expect(Date.parse(run.failures[0]?.timestamp ?? "") - start).toBe(60_000);
  });
});

describe("misfortune by plan", () => {
  const once =
    (what: Luck) =>
    (invocation: number): Luck =>
      invocation === 0 ? what : "fine";
  it.each<[Luck, number]>([
    ["crash before", 1],
    ["crash after", 2],
    ["throttled", 1],
    ["forgotten", 2],
  ])("%s: the handler gets the record %i times", async (luck, times) => {
    const run = setUp(["a"], { luck: once(luck) });
    expect(await run.drain()).toBe(true);
    expect(run.batches).toHaveLength(times);
  });

  it("throttling is no try", async () => {
    const run = setUp(["a"], {
      ...{ maximumRetryAttempts: 0, onFailure: "sqs", luck: (invocation) => (invocation < 5 ? "throttled" : "fine") },
    });
    await run.drain();
    expect([run.batches, run.failures]).toEqual([[["a"]], []]);
  });
});

describe("parallelisation", () => {
  it("keeps the order of each partition key, and has keys at work at the same time", async () => {
    const clock = createSimClock();
    let atWork = 0;
    let most = 0;
    const run = setUp([], {
      ...{ clock, parallelizationFactor: 4, batchSize: 2 },
      handler: async () => {
        atWork += 1;
        most = Math.max(most, atWork);
        await clock.sleep(100);
        atWork -= 1;
      },
    });
    const keys = Array.from({ length: 40 }, (_, i) => `key-${i}`);
    for (let i = 0; i < 3; i += 1) for (const key of keys) run.put(`${key}/${i}`, key);
    await run.drain();
    expect(most).toBe(4);
    const seen = run.batches.flat();
    for (const key of keys)
      expect(seen.filter((name) => name.startsWith(`${key}/`))).toEqual([`${key}/0`, `${key}/1`, `${key}/2`]);
  });
});

describe("resharding", () => {
  it("reads parents to their end before their children", async () => {
    const run = setUp(["a", "b", "c"], { batchSize: 1 });
    const [left, right] = run.stream.split("shardId-000000000000");
    run.put("d");
    run.put("e");
    run.stream.merge(left, right);
    run.put("f");
    await run.drain();
    const seen = run.batches.flat();
    expect(seen.slice(0, 3)).toEqual(["a", "b", "c"]);
    expect(seen.slice(3, 5).toSorted()).toEqual(["d", "e"]);
    expect(seen.slice(5)).toEqual(["f"]);
  });

  it("puts a record into the shard that has its hash key", () => {
    const run = setUp([], {}, 2);
    const upper = hashKey("k") >= 2n ** 127n;
    expect(run.put("x", "k").shardId).toBe(upper ? "shardId-000000000001" : "shardId-000000000000");
  });

  it("may have two workers at one batch", async () => {
    const clock = createSimClock();
    let atWork = 0;
    let most = 0;
    const run = setUp(["a"], {
      ...{ clock, twoWorkersOnReshard: true },
      handler: async () => {
        atWork += 1;
        most = Math.max(most, atWork);
        await clock.sleep(10_000);
        atWork -= 1;
      },
    });
    clock.sleep(1000).then(() => run.stream.split("shardId-000000000000"), expect.fail);
    expect(await run.drain()).toBe(true);
    expect(run.batches).toEqual([["a"], ["a"]]);
    expect(new Set(run.invocations.map(({ worker }) => worker)).size).toBe(2);
    expect(most).toBe(2);
  });
});

describe("whatever happens", () => {
  const luck = fc.constantFrom<Luck>("fine", "fine", "crash before", "crash after", "throttled", "forgotten");
  it("no record is lost, first deliveries of a key are in order, and a second run is the same", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom("k1", "k2", "k3", "k4"), { minLength: 1, maxLength: 25 }),
        fc.record({
          ...{ batchSize: fc.integer({ min: 1, max: 6 }), parallelizationFactor: fc.integer({ min: 1, max: 3 }) },
          ...{ bisectBatchOnFunctionError: fc.boolean(), twoWorkersOnReshard: fc.boolean() },
        }),
        fc.array(luck, { maxLength: 20 }),
        fc.option(fc.nat(24)),
        async (keys, settings, fates, splitAt) => {
          const play = async () => {
            const run = setUp([], { ...settings, luck: (i) => fates[i] ?? "fine" }, 2);
            for (const [i, key] of keys.entries()) {
              if (i === splitAt) run.stream.split("shardId-000000000001");
              run.put(`${key}/${i}`, key);
            }
            expect(await run.drain()).toBe(true);
            return run.batches;
          };
          const batches = await play();
          const first = [...new Set(batches.flat())];
          expect(first.toSorted()).toEqual(keys.map((key, i) => `${key}/${i}`).toSorted());
          for (const key of new Set(keys)) {
            const own = first.filter((name) => name.startsWith(`${key}/`)).map((name) => Number(name.split("/")[1]));
            expect(own).toEqual(own.toSorted((a, b) => a - b));
          }
          expect(await play()).toEqual(batches);
        },
      ),
      { numRuns: 150 },
    );
  });
});
