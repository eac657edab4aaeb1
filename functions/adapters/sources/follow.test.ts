import type { FilteredLogEvent } from "@aws-sdk/client-cloudwatch-logs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LATENESS_MS } from "../../../detectors/ledger/clock.ts";
import { CrosstrailError } from "../../../schemas/errors.ts";
import { type Followed, type FollowOptions, follow } from "./follow.ts";

const START = Date.UTC(2026, 10, 22);
const EVERY = 5_000;

interface Logged {
  readonly id: string;
  /** ms: its own time. */
  readonly at: number;
  /** ms: from when on it is found. */
  readonly found: number;
}

/** A log group whose events are found some time after they were logged; time goes on with every wait. */
function world(events: readonly Logged[], rest: Partial<FollowOptions> = {}, perPage = 3) {
  let time = START;
  let rounds = 0;
  const stop = new AbortController();
  const starts: number[] = [];
  const covered: number[] = [];
  const problems: (Error | undefined)[] = [];
  const group: Followed = {
    trail: "k8s-audit",
    async *pages(start) {
      starts.push(start);
      const problem = problems.shift();
      if (problem !== undefined) throw problem;
      const there = events.filter(({ at, found }) => at >= start && found <= time);
      for (let at = 0; at === 0 || at < there.length; at += perPage) yield there.slice(at, at + perPage).map(eventOf);
    },
    chunkOf: (some) => ({
      frames: some.map(({ eventId = "" }) => ({ text: eventId, origin: { from: "g" } })),
      bytes: 0,
    }),
  };
  const said: string[] = [];
  const options: FollowOptions = {
    ...{ start: START, everyMs: EVERY, now: () => time, signal: stop.signal },
    async wait(ms) {
      time += ms;
    },
    async onRound(until) {
      covered.push(until);
    },
    onError: ({ message }) => void said.push(message),
    ...rest,
  };
  async function through(count: number): Promise<string[]> {
    const texts: string[] = [];
    const wait = async (ms: number): Promise<void> => {
      time += ms;
      rounds += 1;
      if (rounds >= count) stop.abort();
    };
    for await (const { frames } of follow([group], { ...options, wait })) texts.push(...frames.map(({ text }) => text));
    return texts;
  }
  return { through, starts, covered, problems, said };
}

const eventOf = ({ id, at }: Logged): FilteredLogEvent => ({ eventId: id, timestamp: at, message: id });
const logged = (id: string, seconds: number, late = 1): Logged => ({
  ...{ id, at: START + seconds * 1_000, found: START + (seconds + late) * 1_000 },
});

describe("a log group that is followed", () => {
  it("gives each event once, though windows overlap", async () => {
    const events = Array.from({ length: 50 }, (_, index) => logged(`e${index}`, index));
    const { through, starts } = world(events);
    expect((await through(14)).toSorted()).toEqual(events.map(({ id }) => id).toSorted());
    // Most rounds read the last seconds again, and no more.
    expect(starts.slice(1, 6).every((start, index) => start >= START && start <= START + (index + 1) * EVERY)).toBe(
      true,
    );
  });

  it("finds what came late, though newer events were there before it", async () => {
    const events = [logged("new", 60), logged("late", 20, 100)];
    const { through } = world(events);
    expect((await through(40)).toSorted()).toEqual(["late", "new"]);
  });

  it("gives nothing from before it began", async () => {
    expect(await world([logged("before", -30, 60), logged("then", 1)]).through(30)).toEqual(["then"]);
  });

  it("any lateness within what is expected, any pages: each event exactly once", async () => {
    const late = LATENESS_MS["k8s-audit"] / 1_000;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: late - 1 })), { maxLength: 40 }),
        fc.integer({ min: 1, max: 7 }),
        async (all, perPage) => {
          const events = all.map(([seconds, delay], index) => logged(`e${index}`, seconds, delay));
          expect((await world(events, {}, perPage).through(120)).toSorted()).toEqual(
            events.map(({ id }) => id).toSorted(),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it("of more ids than are remembered gives some again, and loses none", async () => {
    const events = Array.from({ length: 40 }, (_, index) => logged(`e${index}`, index / 10));
    const { through } = world(events, { maxIds: 5 });
    // Before anything is swept.
    const texts = await through(4);
    expect(new Set(texts).size).toBe(40);
    expect(texts.length).toBeGreaterThan(40);
  });

  it("covers no more than what it has read, less how late a record may come", async () => {
    const { through, covered } = world([]);
    await through(3);
    expect(covered[0]).toBe(START - LATENESS_MS["k8s-audit"]);
  });

  it("is asked again after trouble that may pass, and covers no more meanwhile", async () => {
    const { through, problems, said, covered } = world([logged("a", 1)]);
    problems.push(undefined, new CrosstrailError("E_AWS", "throttled", { cause: undefined }));
    expect(await through(8)).toEqual(["a"]);
    expect(said).toEqual(["throttled"]);
    expect(Math.max(...covered)).toBe(START - LATENESS_MS["k8s-audit"]);
  });

  it("ends when it is refused", async () => {
    const { through, problems } = world([]);
    problems.push(new CrosstrailError("E_AWS_REFUSED", "no access", { cause: undefined }));
    await expect(through(3)).rejects.toMatchObject({ code: "E_AWS_REFUSED" });
  });
});
