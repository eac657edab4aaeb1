import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { auditEvent } from "../../test/support/events.ts";
import { compose, type Draft } from "./compose.ts";
import type { DetectorMeta } from "./contracts.ts";
import { mergeDrafts } from "./merge.ts";

const meta: DetectorMeta = {
  id: "test/one",
  version: 1,
  title: "t",
  description: "d",
  severity: "high",
  confidence: "high",
  status: "stable",
  attack: [{ tactic: "TA0004", technique: "T1134" }],
  reads: [],
  references: [],
  gaps: [],
  triage: [{ do: "look" }],
};

interface Seen {
  readonly auditID: string;
  readonly second: number;
  readonly severity: "low" | "medium" | "high";
  readonly reason: string;
  readonly status?: DetectorMeta["status"];
}

function draft({ auditID, second, severity, reason, status = "stable" }: Seen): Draft {
  const event = auditEvent({
    auditID,
    requestReceivedTimestamp: new Date(Date.UTC(2026, 10, 22, 10, 0, second)).toISOString(),
  });
  return compose(
    {
      meta: { ...meta, status },
      severity,
      event,
      hit: {
        sentence: `${severity} at ${second}`,
        on: "x",
        evidence: [{ field: "a", value: auditID }],
        reasons: [reason],
      },
    },
    [],
    [],
  );
}

const seen: fc.Arbitrary<Seen> = fc.record({
  auditID: fc.uuid(),
  second: fc.integer({ min: 0, max: 59 }),
  severity: fc.constantFrom("low", "medium", "high"),
  reason: fc.constantFrom("a", "b", "c"),
  status: fc.constantFrom("shadow", "deprecated", "stable"),
});
const drafts = fc.array(seen.map(draft), { minLength: 1, maxLength: 12 });
const mergeAll = (all: readonly Draft[]): Draft => all.reduce(mergeDrafts);
const view = ({ finding, overflow }: Draft) => ({ ...finding, overflow });

describe("merging findings", () => {
  it("gives the same finding in any order", () => {
    fc.assert(
      fc.property(drafts, (all) => {
        expect(view(mergeAll(all.toReversed()))).toEqual(view(mergeAll(all)));
      }),
    );
  });

  it("gives the same finding in any grouping", () => {
    fc.assert(
      fc.property(drafts, fc.nat(11), (all, at) => {
        const cutAt = Math.max(1, at % all.length);
        const left = mergeAll(all.slice(0, cutAt));
        const right = all.slice(cutAt);
        expect(view(right.length === 0 ? left : mergeDrafts(left, mergeAll(right)))).toEqual(view(mergeAll(all)));
      }),
    );
  });

  it("does not count a redelivered event twice", () => {
    fc.assert(
      fc.property(drafts, (all) => {
        expect(view(mergeAll([...all, ...all]))).toEqual(view(mergeAll(all)));
      }),
    );
  });

  it("keeps the highest severity, the earliest and the latest time, and counts distinct events", () => {
    const merged = mergeAll([
      draft({ auditID: "b", second: 5, severity: "low", reason: "a" }),
      draft({ auditID: "a", second: 9, severity: "high", reason: "b" }),
      draft({ auditID: "c", second: 2, severity: "medium", reason: "c" }),
    ]).finding;
    expect(merged).toMatchObject({
      severity: "high",
      title: "high at 9",
      count: 3,
      eventsTotal: "3",
      events: ["a", "b", "c"],
      reasons: ["a", "b", "c"],
    });
    expect(merged.firstSeen).toBe("2026-11-22T10:00:02.000Z");
    expect(merged.lastSeen).toBe("2026-11-22T10:00:09.000Z");
  });

  it("is on trial only while all that it is made of is", () => {
    const on = (auditID: string, severity: "low" | "high", status: "shadow" | "stable"): Draft =>
      draft({ auditID, second: 1, severity, reason: "r", status });
    expect(mergeDrafts(on("a", "high", "shadow"), on("b", "low", "stable")).finding.status).toBe("stable");
    expect(mergeDrafts(on("a", "high", "shadow"), on("b", "low", "shadow")).finding.status).toBe("shadow");
  });

  it("quotes the whole record of an event that was also delivered cut, and its last stage", () => {
    const told = (overrides: object): Draft =>
      compose(
        {
          meta,
          severity: "low",
          event: { ...auditEvent(), ...overrides },
          hit: { sentence: "s", on: "x", evidence: [] },
        },
        [],
        [],
      );
    const tellings = [
      told({ truncated: true, outcome: "unknown" }),
      told({ stage: "Panic", outcome: "failed" }),
      told({ stage: "ResponseStarted", outcome: "started" }),
      told({}),
    ];
    for (const some of [tellings, tellings.slice(0, 3), tellings.slice(0, 2)])
      expect(view(mergeAll(some.toReversed()))).toEqual(view(mergeAll(some)));
    expect(mergeAll(tellings).finding).toMatchObject({ outcome: "success", count: 1, truncated: true });
  });

  it("counts to 200 exactly and says 200+ beyond, whatever the order", () => {
    const many = Array.from({ length: 230 }, (_, index) =>
      draft({ auditID: `id-${index}`, second: index % 60, severity: "low", reason: "a" }),
    );
    const forward = mergeAll(many);
    expect(forward.finding).toMatchObject({ count: 200, eventsTotal: "200+" });
    expect(forward.finding.events.length).toBe(200);
    expect(view(mergeAll(many.toReversed()))).toEqual(view(forward));
    expect(mergeAll(many.slice(0, 200)).finding.eventsTotal).toBe("200");
  });

  it("keeps every event that a finding about an entity rests on, told once or twice", () => {
    const one = draft({ auditID: "a", second: 1, severity: "low", reason: "r" });
    const about: Draft = { ...one, finding: { ...one.finding, events: ["a", "b", "c"] } };
    expect(view(mergeDrafts(about, about))).toEqual(view(about));
    const other = draft({ auditID: "d", second: 2, severity: "low", reason: "r" });
    for (const [x, y] of [
      [about, other],
      [other, about],
    ] as const)
      expect(mergeDrafts(x, y).finding).toMatchObject({ count: 2, events: ["a", "b", "c", "d"] });
  });

  it("gives the same finding in any order and grouping of tellings that differ in their words", () => {
    const told = (firstStep: string, reason: string): Draft => {
      const one = draft({ auditID: "a", second: 1, severity: "low", reason });
      return { ...one, finding: { ...one.finding, firstStep }, events: new Map([["identity", firstStep]]) };
    };
    // What is merged on the way (y and z have two reasons) must not decide who leads.
    const [x, y, z] = [told("x", "1"), told("y", "1"), told("z", "2")];
    const whole = ({ events, ...rest }: Draft) => ({ ...view({ events, ...rest }), events: [...events] });
    for (const merged of [
      mergeDrafts(mergeDrafts(z, y), x),
      mergeDrafts(z, mergeDrafts(x, y)),
      mergeDrafts(mergeDrafts(y, mergeDrafts(z, x)), y),
    ])
      expect(whole(merged)).toEqual(whole(mergeDrafts(x, mergeDrafts(y, z))));
    expect(mergeDrafts(y, x).finding.firstStep).toBe("x");
  });
});
