import { gzipSync } from "node:zlib";
import type { KinesisStreamRecord } from "aws-lambda";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { Draft } from "../../detectors/core/compose.ts";
import { registry } from "../../detectors/registry.ts";
import { CrosstrailError } from "../../schemas/errors.ts";
import type { KeptRecord } from "../../schemas/quarantine/kept-record.ts";
import { programOf } from "../../test/support/program.ts";
import { scenario } from "../../test/support/scenario.ts";
import { batch, contextOf, envelope, record, sequenceOf } from "../../test/support/stream.ts";
import { podCall } from "../../test/support/trails.ts";
import { createMemoryStore } from "../adapters/ledger/memory.ts";
import { createFindingBook } from "../findings/book.ts";
import { createDetect, type DetectParts } from "./detect.ts";

/** The scenario's first lines, one in every record. */
const lines = scenario.slice(0, 12);
const records = lines.map((line, index) => record(index + 1, envelope([line])));
const poison = (sequence: number): KinesisStreamRecord => record(sequence, gzipSync("not a log").subarray(0, 12));

function harness(parts: Partial<DetectParts> = {}) {
  const kept: KeptRecord[] = [];
  const counts = new Map<string, number>();
  const published: Draft[] = [];
  const store = createMemoryStore();
  const book = createFindingBook();
  const program = programOf(registry, store);
  const add = (name: string, value: number): void => void counts.set(name, (counts.get(name) ?? 0) + value);
  const count = (name: string, value: number, by: Readonly<Record<string, string>> = {}): void => {
    add(name, value);
    for (const [key, text] of Object.entries(by)) add(`${name} ${key}=${text}`, value);
  };
  const detect = createDetect({
    program,
    publish: async (drafts) => {
      published.push(...drafts);
      book.add(drafts);
    },
    quarantine: { keep: async (one) => void kept.push(one) },
    meter: {
      totals: ({ read, judged, setAside }) => {
        count("read", read);
        count("judged", judged);
        count("setAside", setAside);
      },
      ...{ count, lag: () => undefined, waited: () => undefined, flush: () => undefined },
    },
    ...{ clock: { advance: async () => undefined }, passed: async () => undefined },
    log: pino({ level: "silent" }),
    now: () => 0,
    ...parts,
  });
  return { detect, kept, counts, published, book };
}

/** How often each detector made one of these findings. */
const byDetector = (drafts: readonly Draft[]): Record<string, number> =>
  Object.fromEntries(
    [...Map.groupBy(drafts, ({ finding }) => finding.detector)].map(([id, { length }]) => [id, length]),
  );

/** What was counted of each detector. */
const countedBy = (counts: ReadonlyMap<string, number>, name: string): Record<string, number> =>
  Object.fromEntries(
    [...counts].flatMap(([key, value]) =>
      key.startsWith(`${name} detector=`) ? [[key.slice(`${name} detector=`.length), value]] : [],
    ),
  );

const failing = (times: number, error: Error) => {
  let left = times;
  return async (): Promise<void> => {
    left -= 1;
    if (left >= 0) await Promise.reject(error);
  };
};

describe("an invocation", () => {
  it("that goes well leaves nothing to be asked for again", async () => {
    const { detect, counts, kept } = harness();
    expect(await detect(batch(records), contextOf())).toEqual({ batchItemFailures: [] });
    expect(Object.fromEntries(counts)).toMatchObject({ read: 12, judged: 12, setAside: 0 });
    expect(kept).toEqual([]);
  });

  it.each(records.map((_, index) => index))(
    "keeps a record aside that cannot be read at place %i, whole, and judges the others",
    async (place) => {
      const { detect, counts, kept } = harness();
      const bad = poison(1_000);
      const all = records.toSpliced(place, 0, bad);
      expect(await detect(batch(all), contextOf())).toEqual({ batchItemFailures: [] });
      expect(Object.fromEntries(counts)).toMatchObject({ read: 13, judged: 12, setAside: 1 });
      expect(kept).toMatchObject([
        {
          sequence: sequenceOf(1_000),
          shard: "shardId-000000000000",
          data: bad.kinesis.data,
          reasons: [{ code: "E_GZIP" }],
        },
      ]);
    },
  );

  it("keeps a whole record for one line of it, and judges the rest of them", async () => {
    const { detect, counts, kept } = harness();
    const mixed = record(1, envelope([lines[0] ?? "", "{broken", lines[1] ?? ""]));
    expect(await detect(batch([mixed]), contextOf())).toEqual({ batchItemFailures: [] });
    expect(Object.fromEntries(counts)).toMatchObject({ read: 3, judged: 2, setAside: 1 });
    expect(kept.map(({ data, reasons }) => [data, reasons.map(({ code }) => code)])).toEqual([
      [mixed.kinesis.data, ["E_JSON"]],
    ]);
  });

  it("judges although it cannot be told what comes late", async () => {
    const refused = new CrosstrailError("E_LEDGER_REFUSED", "no access", { cause: undefined });
    const { detect, counts } = harness({ passed: () => Promise.reject(refused) });
    expect(await detect(batch(records), contextOf())).toEqual({ batchItemFailures: [] });
    expect(Object.fromEntries(counts)).toMatchObject({ read: 12, judged: 12 });
  });

  it("counts lines of other logs in the same group, and keeps none", async () => {
    const { detect, counts, kept } = harness();
    const line = "I1122 10:00:00.000000      10 controller.go:615] quota admission added evaluator";
    await detect(batch([record(1, envelope([line]))]), contextOf());
    expect(Object.fromEntries(counts)).toMatchObject({ read: 1, setAside: 1 });
    expect(kept).toEqual([]);
  });

  it("that floods the ledger tells of it, once", async () => {
    const uses = (count: number): string[] =>
      Array.from({ length: count }, (_, n) => podCall("10:05", `s3:Get${n}`, "ASIAEXAMPLEPOD000001"));
    const { detect, published } = harness();
    for (const sequence of [1, 2]) await detect(batch([record(sequence, envelope(uses(500)))]), contextOf());
    const health = published.filter(({ finding }) => finding.detector === "health/ledger-overflow");
    expect(
      health.map(({ finding }) => [finding.severity, finding.title, finding.firstSeen.slice(0, 10)]),
    ).toContainEqual([
      "medium",
      "The ledger was told of more than it keeps of use.used, first of use ASIAEXAMPLEPOD000001/2026-11-22T09",
      "2026-11-22",
    ]);
    expect(new Set(health.map(({ finding }) => finding.id)).size).toBe(health.length);
  });

  it("that cannot publish asks for all of it again, and is then as if nothing had been", async () => {
    const trouble = failing(1, new CrosstrailError("E_OUTBOX", "throttled", { cause: undefined }));
    const calm = harness();
    await calm.detect(batch(records), contextOf());
    const { book, detect } = harness({
      publish: async (drafts) => {
        await trouble();
        book2.add(drafts);
      },
    });
    const book2 = createFindingBook();
    expect(await detect(batch(records), contextOf())).toEqual({
      batchItemFailures: [{ itemIdentifier: sequenceOf(1) }],
    });
    expect(await detect(batch(records), contextOf())).toEqual({ batchItemFailures: [] });
    expect(book.all()).toEqual([]);
    expect(book2.all()).toEqual(calm.book.all());
    expect(book2.all().length).toBeGreaterThan(0);
  });

  it("counts what each detector found when it is out, and not before", async () => {
    const trouble = failing(1, new CrosstrailError("E_OUTBOX", "throttled", { cause: undefined }));
    const out: Draft[] = [];
    const { detect, counts } = harness({
      publish: async (drafts) => {
        await trouble();
        out.push(...drafts);
      },
    });
    const all = [...records, poison(1_000)];
    await detect(batch(all), contextOf());
    expect(countedBy(counts, "DetectorHits")).toEqual({});
    await detect(batch(all), contextOf());
    expect(countedBy(counts, "DetectorHits")).toEqual(byDetector(out));
    // One that judges the ledger, and one that is the pipeline's own.
    expect(byDetector(out)).toMatchObject({ "node-identity/foreign-key": expect.any(Number), "health/quarantined": 1 });
    expect(countedBy(counts, "DetectorThrew")).toEqual({});
  });

  it("asks for what follows its last confirmed part alone", async () => {
    let calls = 0;
    const { detect } = harness({
      limits: { size: 1 },
      publish: async () => {
        calls += 1;
        if (calls === 5) throw new CrosstrailError("E_OUTBOX", "throttled", { cause: undefined });
      },
    });
    expect(await detect(batch(records), contextOf())).toEqual({
      batchItemFailures: [{ itemIdentifier: sequenceOf(5) }],
    });
    expect(calls).toBe(5);
  });

  it("that runs out of time answers before it ends, with the first that is not confirmed", async () => {
    let left = 60_000;
    const { detect, counts } = harness({ limits: { size: 1 } });
    const context = {
      ...contextOf(),
      getRemainingTimeInMillis: () => {
        left -= 10_000;
        return left;
      },
    };
    // 50, 40, 30 and 20 seconds are enough for a record each; 10 are not.
    expect(await detect(batch(records), context)).toEqual({ batchItemFailures: [{ itemIdentifier: sequenceOf(5) }] });
    expect(counts.get("read")).toBe(4);
  });

  it("asks for all of what was judged and not confirmed when no time is left", async () => {
    const { detect, counts } = harness();
    const context = {
      ...contextOf(),
      getRemainingTimeInMillis: (() => {
        let asked = 0;
        return () => (asked++ < 3 ? 60_000 : 0);
      })(),
    };
    expect(await detect(batch(records), context)).toEqual({ batchItemFailures: [{ itemIdentifier: sequenceOf(1) }] });
    expect(counts.get("read")).toBeUndefined();
  });

  it.each(["E_LEDGER_REFUSED", "E_OUTBOX_REFUSED"] as const)(
    "whose access is refused with %s keeps its records, and the stream goes on",
    async (code) => {
      const refused = new CrosstrailError(code, "no access", { cause: undefined });
      const { detect, kept, counts } = harness({ publish: failing(Number.POSITIVE_INFINITY, refused) });
      expect(await detect(batch(records), contextOf())).toEqual({ batchItemFailures: [] });
      expect(kept.map(({ sequence }) => sequence)).toEqual(records.map(({ kinesis }) => kinesis.sequenceNumber));
      expect(kept.every(({ reasons }) => reasons[0]?.code === code)).toBe(true);
      expect(counts.get("EventsKeptAside")).toBe(12);
      expect(counts.get("Quarantined")).toBe(12);
      expect(counts.get("judged")).toBeUndefined();
    },
  );

  it("one of whose records is refused, or makes this program fail, keeps that one aside and judges the others", async () => {
    const errors = [
      new CrosstrailError("E_LEDGER_REFUSED", "too long a key", { cause: undefined }),
      new TypeError("planted"),
    ];
    for (const error of errors) {
      const book = createFindingBook();
      const { detect, kept, counts } = harness({
        publish: async (drafts) => {
          if (drafts.some(({ finding }) => finding.detector === "node-identity/foreign-key")) throw error;
          book.add(drafts);
        },
      });
      const calm = harness();
      await calm.detect(batch(records), contextOf());
      expect(calm.book.all().some(({ detector }) => detector === "node-identity/foreign-key")).toBe(true);
      expect(await detect(batch(records), contextOf())).toEqual({ batchItemFailures: [] });
      expect(kept.length).toBeGreaterThan(0);
      expect(kept.length).toBeLessThan(12);
      expect(counts.get("EventsKeptAside")).toBe(kept.length);
      expect(countedBy(counts, "DetectorHits")["health/quarantined"]).toBe(kept.length);
      expect(counts.get("judged")).toBe(12 - kept.length);
      expect(book.all().filter(({ detector }) => detector === "health/quarantined")).toHaveLength(1);
    }
  });

  it("whose every record is refused does not try them all", async () => {
    let tried = 0;
    const { detect, kept } = harness({
      publish: async () => {
        tried += 1;
        throw new CrosstrailError("E_LEDGER_REFUSED", "no access", { cause: undefined });
      },
    });
    const many = Array.from({ length: 300 }, (_, index) => record(index + 1, envelope([lines[0] ?? ""])));
    expect(await detect(batch(many), contextOf())).toEqual({ batchItemFailures: [] });
    expect(new Set(kept.map(({ sequence }) => sequence)).size).toBe(300);
    // All of them together, ten of them alone, and that they are kept aside, each time.
    expect(tried).toBe(1 + 10 + 10 + 1);
  });

  it("asks for the lowest number, in whatever order the records come", async () => {
    const { detect } = harness({
      limits: { size: 1 },
      publish: failing(1, new CrosstrailError("E_OUTBOX", "throttled", { cause: undefined })),
    });
    const [one, two, three] = records;
    const mixed = [three, one, two].flatMap((some) => some ?? []);
    expect(await detect(batch(mixed), contextOf())).toEqual({ batchItemFailures: [{ itemIdentifier: sequenceOf(1) }] });
  });

  it("goes on without the detection clock, which serves a count alone", async () => {
    const { detect, counts } = harness({ passed: failing(1, new Error("no access")) as DetectParts["passed"] });
    expect(await detect(batch(records), contextOf())).toEqual({ batchItemFailures: [] });
    expect(counts.get("judged")).toBe(12);
  });

  it("keeps one event aside that this program fails on, and judges the others of its record", async () => {
    const store = createMemoryStore();
    const program = programOf(registry, store);
    const line = lines[2] ?? "";
    let faults = 1;
    const broken = async () => {
      const whole = await program();
      const chain: typeof whole.judge.chain = {
        ...whole.judge.chain,
        judge(event) {
          if (event.id === JSON.parse(line).auditID || event.id === JSON.parse(line).eventID) {
            faults -= 1;
            if (faults >= 0) throw new RangeError("planted");
          }
          return whole.judge.chain.judge(event);
        },
      };
      return { ...whole, judge: { ...whole.judge, chain } };
    };
    const { detect, kept, counts } = harness({ program: broken });
    const whole = record(
      1,
      envelope(lines.filter((other) => other.includes("eventSource") === line.includes("eventSource"))),
    );
    expect(await detect(batch([whole]), contextOf())).toEqual({ batchItemFailures: [] });
    expect(faults).toBe(0);
    expect(kept.map(({ reasons }) => reasons.map(({ code }) => code))).toEqual([["E_BUG"]]);
    expect(counts.get("setAside")).toBe(1);
    expect(counts.get("judged")).toBe((counts.get("read") ?? 0) - 1);
    expect(counts.get("judged")).toBeGreaterThan(1);
  });

  it("keeps the records aside on which a detector of the ledger failed", async () => {
    const broken = registry.map((detector) =>
      detector.kind === "event" || !("match" in detector)
        ? detector
        : {
            ...detector,
            detect: () => {
              throw new TypeError("planted");
            },
          },
    );
    const { detect, kept, counts } = harness({ program: programOf(broken as typeof registry, createMemoryStore()) });
    expect(await detect(batch(records), contextOf())).toEqual({ batchItemFailures: [] });
    expect(countedBy(counts, "DetectorThrew")["node-identity/foreign-key"]).toBeGreaterThan(0);
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.every(({ reasons }) => reasons.some(({ code }) => code === "E_DETECTOR"))).toBe(true);
  });

  it("that can neither judge nor keep asks again", async () => {
    const refused = new CrosstrailError("E_LEDGER_REFUSED", "no access", { cause: undefined });
    const { detect } = harness({
      publish: failing(100, refused),
      quarantine: { keep: failing(100, new CrosstrailError("E_QUARANTINE", "no access", { cause: undefined })) },
    });
    expect(await detect(batch(records), contextOf())).toEqual({
      batchItemFailures: [{ itemIdentifier: sequenceOf(1) }],
    });
  });

  it("keeps what a detector failed on, to be judged again when it is mended", async () => {
    const broken = registry.map((detector) =>
      detector.kind === "event"
        ? {
            ...detector,
            detect: () => {
              throw new TypeError("planted");
            },
          }
        : detector,
    );
    const program = programOf(broken, createMemoryStore());
    const { detect, kept, published, counts } = harness({ program });
    expect(await detect(batch(records), contextOf())).toEqual({ batchItemFailures: [] });
    const threw = countedBy(counts, "DetectorThrew");
    expect(Object.keys(threw).length).toBeGreaterThan(0);
    const ofEvents = new Set(registry.filter(({ kind }) => kind === "event").map(({ meta }) => meta.id));
    expect(Object.keys(threw).filter((id) => !ofEvents.has(id))).toEqual([]);
    const sum = Object.values(threw).reduce((a, b) => a + b);
    expect(sum).toBe(countedBy(counts, "DetectorHits")["health/detector-error"]);
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.every(({ reasons }) => reasons.every(({ code }) => code === "E_DETECTOR"))).toBe(true);
    // And says so, while the ledger's detectors judge on.
    const found = new Set(published.map(({ finding }) => finding.detector));
    expect(found).toContain("health/detector-error");
    expect(found).toContain("health/quarantined");
    expect(found).toContain("node-identity/foreign-key");
  });

  it("is bounded by what it unpacks to, not by the number of its records", async () => {
    let calls = 0;
    const { detect } = harness({
      publish: async () => {
        calls += 1;
      },
    });
    const padded = `${(lines[0] ?? "").slice(0, -1)},"pad":"${"x".repeat(20 * 1024 * 1024)}"}`;
    await detect(batch([1, 2, 3, 4, 5, 6].map((sequence) => record(sequence, envelope([padded])))), contextOf());
    // Three of twenty megabytes are more than forty-eight.
    expect(calls).toBe(3);
  });
});
