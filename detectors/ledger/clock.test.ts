import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createClock, LATENESS_MS, type RawTrail } from "./clock.ts";

const MINUTE = 60_000;
const NOON = Date.UTC(2026, 10, 22, 12);
const AUDIT = LATENESS_MS["k8s-audit"];
const TRAIL = LATENESS_MS.cloudtrail;
const at = (minutes: number): number => NOON + minutes * MINUTE;

describe("the detection clock", () => {
  it("tells no time before anything was read", () => {
    expect(createClock().time(NOON)).toBeUndefined();
  });

  it("is the newest event of the slower trail, less its lateness", () => {
    const clock = createClock();
    clock.tick("k8s-audit", at(0), at(0));
    expect(clock.time(at(0))).toBe(at(0) - AUDIT);
    clock.tick("cloudtrail", at(0), at(0));
    // It does not go back.
    expect(clock.time(at(0))).toBe(at(0) - AUDIT);
    clock.tick("k8s-audit", at(30), at(30));
    clock.tick("cloudtrail", at(25), at(30));
    expect(clock.time(at(30))).toBe(at(25) - TRAIL);
  });

  it("goes by the newest event, not by the last", () => {
    const clock = createClock();
    clock.tick("k8s-audit", at(30), at(30));
    clock.tick("k8s-audit", at(0), at(30));
    expect(clock.time(at(30))).toBe(at(30) - AUDIT);
  });

  it("waits for a silent trail no longer than its records may take", () => {
    const clock = createClock();
    clock.tick("cloudtrail", at(0), at(0));
    for (let minute = 0; minute <= 60; minute += 1) clock.tick("k8s-audit", at(minute), at(minute));
    expect(clock.time(at(60))).toBe(at(60) - TRAIL);
  });

  it("does not wait at all for a silent trail in a replay of old files", () => {
    const clock = createClock();
    const now = at(1_000_000);
    clock.tick("cloudtrail", at(0), now);
    clock.tick("k8s-audit", at(60), now + 2 * TRAIL);
    expect(clock.time(now + 2 * TRAIL)).toBe(at(60) - AUDIT);
  });

  it("stands still while no trail speaks", () => {
    const clock = createClock();
    clock.tick("cloudtrail", at(20), at(21));
    clock.tick("k8s-audit", at(20), at(20));
    expect(clock.time(at(500))).toBe(at(20) - TRAIL);
  });

  it("never goes back, and never passes what may still come", () => {
    const event = fc.record({
      trail: fc.constantFrom<RawTrail>("k8s-audit", "cloudtrail"),
      time: fc.nat({ max: 299 }).map(at),
      late: fc.nat({ max: 100 }).map((percent) => percent / 100),
    });
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 60, size: "max" }), (events) => {
        const arriving = events
          .map(({ trail, time, late }) => ({ trail, time, now: time + late * LATENESS_MS[trail] }))
          .sort((a, b) => a.now - b.now);
        const clock = createClock();
        // Both are known to be there.
        for (const trail of ["k8s-audit", "cloudtrail"] as const) clock.tick(trail, at(-60), at(-60));
        let before = Number.NEGATIVE_INFINITY;
        for (const [index, { trail, time, now }] of arriving.entries()) {
          clock.tick(trail, time, now);
          const told = clock.time(now) ?? Number.NaN;
          expect(told).toBeGreaterThanOrEqual(before);
          before = told;
          expect(Math.min(...arriving.slice(index + 1).map((later) => later.time))).toBeGreaterThanOrEqual(told);
        }
      }),
      { numRuns: 300 },
    );
  });
});
