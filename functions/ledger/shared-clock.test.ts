import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createClock, LATENESS_MS, type RawTrail } from "../../detectors/ledger/clock.ts";
import { CrosstrailError } from "../../schemas/errors.ts";
import { createMemoryStore } from "../adapters/ledger/memory.ts";
import type { LedgerStore } from "./ports.ts";
import { createSharedClock } from "./shared-clock.ts";

const MINUTE = 60_000;
const NOON = Date.UTC(2026, 10, 22, 12);
const at = (minutes: number): number => NOON + minutes * MINUTE;
const AUDIT = LATENESS_MS["k8s-audit"];
const TRAIL = LATENESS_MS.cloudtrail;

function start(store: LedgerStore = createMemoryStore()) {
  const wall = { now: NOON };
  const counts = { merge: 0 };
  const counting: LedgerStore = {
    read: store.read,
    merge(ref, facts, keepUntil) {
      counts.merge += 1;
      return store.merge(ref, facts, keepUntil);
    },
  };
  const worker = () => createSharedClock({ store: counting, now: () => wall.now });
  return { wall, counts, worker };
}
const read = (trail: RawTrail, time: number): ReadonlyMap<RawTrail, number> => new Map([[trail, time]]);

describe("the clock of all workers", () => {
  it("tells no time before anybody has read anything", async () => {
    expect(await start().worker().time()).toBeUndefined();
  });

  it("is the newest event of the slower trail, less its lateness, whoever read it", async () => {
    const { worker } = start();
    await worker().advance(read("k8s-audit", at(-1)));
    expect(await worker().time()).toBe(at(-1) - AUDIT);
    await worker().advance(read("cloudtrail", at(-5)));
    await worker().advance(read("cloudtrail", at(-9)));
    expect(await worker().time()).toBe(at(-5) - TRAIL);
  });

  it("knows the time to the minute, and never a later one", async () => {
    const { worker } = start();
    await worker().advance(read("k8s-audit", at(-1) + 59_999));
    expect(await worker().time()).toBe(at(-1) - AUDIT);
  });

  it("tells nothing of records without a time", async () => {
    const { worker, counts } = start();
    await worker().advance(read("k8s-audit", Number.NEGATIVE_INFINITY));
    expect(counts.merge).toBe(0);
  });

  it("finds the newest hour over midnight, and in old files", async () => {
    const { worker, wall } = start();
    await worker().advance(read("k8s-audit", Date.UTC(2024, 1, 28, 23, 59)));
    await worker().advance(read("k8s-audit", Date.UTC(2024, 1, 29, 0, 1)));
    await worker().advance(read("k8s-audit", Date.UTC(2024, 1, 28, 3)));
    expect(await worker().time()).toBe(Date.UTC(2024, 1, 29, 0, 1) - AUDIT);
    wall.now += 300 * MINUTE;
    expect(await worker().time()).toBe(Date.UTC(2024, 1, 29, 0, 1) - AUDIT);
  });

  it("finds the newest day, in whatever order days were read", async () => {
    const { worker } = start();
    for (const day of [20, 22, 19, 18]) await worker().advance(read("k8s-audit", Date.UTC(2026, 10, day, 9)));
    expect(await worker().time()).toBe(Date.UTC(2026, 10, 22, 9) - AUDIT);
  });

  it("waits for a trail that was silent no longer than its records may take", async () => {
    const { worker, wall } = start();
    await worker().advance(read("cloudtrail", at(-30)));
    await worker().advance(read("k8s-audit", at(0)));
    expect(await worker().time()).toBe(at(-30) - TRAIL);
    wall.now = at(21);
    await worker().advance(read("k8s-audit", at(21)));
    expect(await worker().time()).toBe(at(21) - TRAIL);
  });

  it("writes at most once a trail and minute, and a day's pointer", async () => {
    const { worker, wall, counts } = start();
    const one = worker();
    for (let second = 0; second < 300; second += 1) {
      wall.now = at(0) + second * 1_000 + 1;
      await one.advance(read("k8s-audit", at(0) + second * 1_000));
    }
    // Each minute of the events, and each of the wall clock that begins within one.
    expect(counts.merge).toBeLessThanOrEqual(2 * 5 + 1);
  });

  it("stands still where the store takes no more, and fails where it is away", async () => {
    const broken = (code: "E_LEDGER_FULL" | "E_LEDGER"): LedgerStore => ({
      ...createMemoryStore(),
      merge: async () => Promise.reject(new CrosstrailError(code, "no", { cause: undefined })),
    });
    await start(broken("E_LEDGER_FULL"))
      .worker()
      .advance(read("k8s-audit", at(0)));
    await expect(
      start(broken("E_LEDGER"))
        .worker()
        .advance(read("k8s-audit", at(0))),
    ).rejects.toThrow("no");
  });

  it("is that of one process that has read the same, to the minute, and never ahead of it", async () => {
    const event = fc.record({
      trail: fc.constantFrom<RawTrail>("k8s-audit", "cloudtrail"),
      time: fc.nat({ max: 3 * 3_600 }).map((second) => at(0) + second * 1_000),
      late: fc.nat({ max: 100 }),
      worker: fc.nat({ max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 40, size: "max" }), async (events) => {
        const { worker, wall } = start();
        const workers = [worker(), worker(), worker(), worker()];
        const one = createClock();
        const arriving = events
          .map((each) => ({ ...each, now: each.time + (each.late * LATENESS_MS[each.trail]) / 100 }))
          .sort((a, b) => a.now - b.now);
        const trails = new Set(events.map(({ trail }) => trail));
        for (const { trail, time, now, worker: index } of arriving) {
          wall.now = now;
          one.tick(trail, time, now);
          await workers[index]?.advance(read(trail, time));
          const [alone, shared] = [one.time(now) ?? 0, (await worker().time()) ?? 0];
          expect(shared).toBeLessThanOrEqual(alone);
          // Of two trails, one that was silent may stay in the minimum for a minute more.
          if (trails.size === 1) expect(alone - shared).toBeLessThan(MINUTE);
        }
      }),
      { numRuns: 60 },
    );
  });
});
