import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LATENESS_MS } from "../../../detectors/ledger/clock.ts";
import { CrosstrailError } from "../../../schemas/errors.ts";
import { atOnce } from "../../../test/support/aws.ts";
import { programOf } from "../../../test/support/program.ts";
import type { Chunk } from "../../pipeline/records.ts";
import { pipeline, run } from "../../pipeline/run.ts";
import { createTally } from "../../pipeline/tally.ts";
import { createMemoryPositions, type Positions } from "../../positions.ts";
import { createMemoryStore } from "../ledger/memory.ts";
import { readByTime, type TimedOptions, type TimedSource } from "./by-time.ts";

const HOUR = 3_600_000;
const SINCE = Date.UTC(2026, 10, 22);

/** A log of events at these times, some a page, newest first: no order may be relied on. */
function sourceOf(name: string, times: readonly number[], perPage = 2, trail: TimedSource["trail"] = "k8s-audit") {
  const asked: (readonly [number, number])[] = [];
  const source: TimedSource = {
    ...{ name, trail },
    async *pages(start, end) {
      asked.push([start, end]);
      const found = times.filter((time) => time >= start && time < end).toReversed();
      for (let at = 0; at === 0 || at < found.length; at += perPage) yield chunk(name, found.slice(at, at + perPage));
    },
  };
  return { source, asked };
}

const chunk = (name: string, times: readonly number[]): Chunk => ({
  frames: times.map((time) => ({ text: String(time), origin: { from: name } })),
  bytes: 0,
});

const optionsOf = (rest: Partial<TimedOptions> = {}): TimedOptions => ({
  ...{ since: SINCE, until: SINCE + 12 * HOUR, now: () => SINCE + 30 * 24 * HOUR },
  positions: createMemoryPositions(),
  onError: (error) => {
    throw error;
  },
  ...rest,
});

/** What is taken before the process ends at chunk `most`. */
async function taken(sources: readonly TimedSource[], options: TimedOptions, most = Number.POSITIVE_INFINITY) {
  const reading = await readByTime(sources, options);
  const texts: string[] = [];
  let chunks = 0;
  if (most === 0) return { texts, chunks, reading };
  for await (const { frames } of reading.chunks) {
    chunks += 1;
    texts.push(...frames.map(({ text, origin }) => `${origin.from} ${text}`));
    if (chunks >= most) break;
  }
  return { texts, chunks, reading };
}

const TIMES = Array.from({ length: 40 }, (_, index) => SINCE + index * 17 * 60_000);
const inside = (all: readonly number[]): string[] =>
  all.filter((time) => time < SINCE + 12 * HOUR).map((time) => `audit ${time}`);

describe("a reading by time", () => {
  it("reads each event once, of slices that neither overlap nor leave anything out", async () => {
    const { source, asked } = sourceOf("audit", TIMES);
    const { texts, reading } = await taken([source], optionsOf());
    expect(texts.toSorted()).toEqual(inside(TIMES).toSorted());
    expect(asked[0]?.[0]).toBe(SINCE);
    expect(asked.at(-1)?.[1]).toBe(SINCE + 12 * HOUR);
    for (const [index, [start]] of asked.entries()) if (index > 0) expect(start).toBe(asked[index - 1]?.[1]);
    expect([reading.complete(), reading.share()]).toEqual([true, 1]);
  });

  it("asks for longer TIMES where there is little, and for shorter ones where there is much", async () => {
    const quiet = sourceOf("audit", []);
    await taken([quiet.source], optionsOf());
    expect(quiet.asked.length).toBeLessThan(10);
    const busy = sourceOf(
      "audit",
      Array.from({ length: 12 * 60 }, (_, minute) => SINCE + minute * 60_000),
      1,
    );
    await taken([busy.source], optionsOf());
    const lengths = busy.asked.map(([start, end]) => end - start);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(40 * 60_000);
  });

  it("keeps the sources together: none runs ahead of what another one has read by more than a slice", async () => {
    const [one, two] = [sourceOf("audit", TIMES), sourceOf("trail", TIMES, 2, "cloudtrail")];
    const { reading } = await taken([one.source, two.source], optionsOf(), 8);
    // Two slices of five minutes, two of ten, and so on.
    expect([one, two].map(({ asked }) => asked.length)).toEqual([4, 4]);
    expect(reading.covered()).toBeLessThan(SINCE + 6 * HOUR);
  });

  it.each(Array.from({ length: 25 }, (_, at) => at))(
    "that ends at page %i is gone on with, and nothing is left out",
    async (most) => {
      const options = optionsOf();
      const sources = () => [sourceOf("audit", TIMES).source, sourceOf("trail", TIMES, 3, "cloudtrail").source];
      const first = await taken(sources(), options, most);
      const second = await taken(sources(), options);
      const both = new Set([...first.texts, ...second.texts]);
      const all = inside(TIMES);
      expect([...both].toSorted()).toEqual([...all, ...all.map((text) => text.replace("audit", "trail"))].toSorted());
      // A third reading has nothing to do but for what may have come late, which is nothing here.
      expect((await taken(sources(), options)).chunks).toBe(0);
    },
  );

  it("any cut, any kill: every event is read", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 12 * HOUR - 1 }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 4 }),
        async (offsets, perPage, kills) => {
          const at = offsets.map((offset) => SINCE + offset);
          const options = optionsOf();
          const seen = new Set<string>();
          for (const most of [...kills, Number.POSITIVE_INFINITY])
            for (const text of (await taken([sourceOf("audit", at, perPage).source], options, most)).texts)
              seen.add(text);
          expect([...seen].toSorted()).toEqual([...new Set(inside(at))].toSorted());
        },
      ),
      { numRuns: 50 },
    );
  });

  it("writes a position down only when all pages of its slice are safe", async () => {
    const written: string[] = [];
    const positions: Positions = {
      ...createMemoryPositions(),
      write: async (_, position) => void written.push(position),
    };
    const many = sourceOf(
      "audit",
      TIMES.map((_, index) => SINCE + index * 1_000),
      3,
    );
    const reading = await readByTime([many.source], optionsOf({ positions }));
    // Forty events within the first slice, three a page: fourteen pages.
    for (let page = 0; page < 14; page += 1) await reading.chunks.next();
    expect(written).toEqual([]);
    await reading.chunks.next();
    expect(written).toHaveLength(1);
  });

  it("taken one at a time by the pipeline, writes no position before the findings of its pages are safe", async () => {
    const safe = new Set<string>();
    const early: string[] = [];
    const positions: Positions = {
      ...createMemoryPositions(),
      async write(_, position) {
        const { to } = JSON.parse(position);
        for (const time of TIMES) if (time < to && !safe.has(String(time))) early.push(`${time} before it is safe`);
      },
    };
    const { chunks } = await readByTime([sourceOf("audit", TIMES).source], optionsOf({ positions }));
    const { judge } = await programOf([], createMemoryStore())();
    const sink = {
      async write(_: unknown, { frames }: Chunk) {
        for (let turn = 0; turn < 5; turn += 1) await atOnce();
        for (const { text } of frames) safe.add(text);
      },
    };
    await run(pipeline(chunks, { judge: { ...judge, tally: createTally() }, sink, limit: 1 }));
    expect(safe.size).toBe(inside(TIMES).length);
    expect(early).toEqual([]);
  });

  it("reads again what may have come late to the end of an earlier reading", async () => {
    const until = SINCE + 2 * HOUR;
    const options = optionsOf({ until, now: () => until });
    await taken([sourceOf("audit", TIMES, 2, "cloudtrail").source], options);
    const { source, asked } = sourceOf("audit", TIMES, 2, "cloudtrail");
    await taken([source], { ...options, until: until + HOUR, now: () => until + HOUR });
    expect(asked[0]?.[0]).toBe(until - LATENESS_MS.cloudtrail);
  });

  it.each<[string, Partial<TimedOptions>, number]>([
    ["from where it was, when that lies within", { since: SINCE + HOUR }, SINCE + 12 * HOUR],
    ["from the beginning, when more is asked for than was", { since: SINCE - HOUR }, SINCE - HOUR],
    ["from the beginning, when something lies between", { since: SINCE + 13 * HOUR }, SINCE + 13 * HOUR],
    ["from the beginning, when it is to be read again", { again: true }, SINCE],
  ])("goes on %s", async (_, rest, start) => {
    const options = optionsOf();
    await taken([sourceOf("audit", TIMES).source], options);
    const { source, asked } = sourceOf("audit", TIMES);
    await taken([source], { ...options, until: SINCE + 20 * HOUR, ...rest });
    expect(asked[0]?.[0]).toBe(start);
  });

  it("leaves a source that fails, goes on with the others, and covers no more than what all have", async () => {
    const errors: string[] = [];
    const broken: TimedSource = {
      ...{ name: "broken", trail: "cloudtrail" },
      // biome-ignore lint/correctness/useYield: it fails before it gives anything
      async *pages() {
        throw new CrosstrailError("E_AWS_REFUSED", "no access", { cause: undefined });
      },
    };
    const options = optionsOf({ onError: ({ message }) => void errors.push(message) });
    const { texts, reading } = await taken([broken, sourceOf("audit", TIMES).source], options);
    expect(texts).toHaveLength(inside(TIMES).length);
    expect(errors).toEqual(["no access"]);
    expect(reading.complete()).toBe(false);
    expect(reading.covered()).toBe(SINCE - LATENESS_MS.cloudtrail);
  });
});
