import fc from "fast-check";
import Type from "typebox";
import { describe, expect, it } from "vitest";
import { neverIssued, probeHit, probeMeta } from "../../test/support/probes.ts";
import { defineJoinDetector, defineSettledDetector } from "./contracts.ts";
import { type Fact, fact, OVERFLOW, type State, sourceOf } from "./facts.ts";
import { dueTime, type Judgement, joinHits, settledHits } from "./judge.ts";

const ID = "ASIAEXAMPLE00000001";
const day = (minute: string): string => `2026-11-22T${minute}:00.000Z`;
/** Told at a minute, with the event of that name. */
const by = (minute: string): string => sourceOf({ id: `event ${minute}`, time: Date.parse(day(minute)) });
const used = (minute: string, known = minute, key = "k1"): Fact =>
  fact("grant", ID, "granted", { time: day(minute), by: "a", role: "b", key, action: "c", what: "d" }, by(known));
const issued = (minute: string, known = minute): Fact =>
  fact("grant", ID, "revoked", { time: day(minute), by: "a", action: "b", what: "c" }, by(known));
const podNode = (known: string): Fact =>
  fact("grant", ID, "entry", { account: "1", region: "2", cluster: "3", principal: "4", day: "5" }, by(known));
const calledThatDay = (known: string): Fact => fact("grant", ID, "used", { time: day(known), key: "k1" }, by(known));
const called = (minute: string): Fact =>
  fact(
    "use",
    ID,
    "used",
    { time: day(minute), trail: "CloudTrail", api: "s3:GetObject", ip: "192.0.2.1", endpoint: "", outcome: "success" },
    by(minute),
  );

function stateOf(...facts: readonly Fact[]): State {
  const sets = new Map<string, Map<string, string>>();
  for (const { attribute, value, source } of facts)
    sets.set(attribute, (sets.get(attribute) ?? new Map<string, string>()).set(value, source));
  return { kind: facts[0]?.kind ?? "use", id: ID, sets };
}
const context = { params: {}, site: { proxies: [], egress: [] } as never, id: ID };
const warmth = new Map<string, number>();
const sentences = (judgement: Judgement | "cold" | "full"): readonly string[] | "cold" | "full" =>
  typeof judgement === "string"
    ? judgement
    : judgement.hits.map(({ hit }) => `${hit.at.slice(11, 16)} ${hit.sentence}`);

/** Says of each value that it is asked about how much it sees. */
const seeing = (coldness = {}) =>
  defineSettledDetector({
    ...{ meta: probeMeta("probe/seeing"), watch: "grant", anchor: "granted", settleMs: 25 * 60_000 },
    ...{ params: Type.Object({}), coldness },
    detect: (key) => {
      const seen = (["granted", "revoked", "entry", "used"] as const).map((name) => key.all(name).length).join(" ");
      return ({ time }) => [probeHit(`${seen}${key.overflowed("granted") ? " and more" : ""}`, time, ID)];
    },
  });
const judged = (at: string, ...facts: readonly Fact[]) =>
  sentences(settledHits(seeing(), stateOf(...facts), context, { warmth, at: day(at) }));

describe("a settled verdict", () => {
  it("is asked about the values whose time it is, and of no others", () => {
    const all = [used("10:00"), used("10:00", "10:00", "192.0.2.2"), used("10:01"), used("09:59")];
    expect(judged("10:25", ...all)).toEqual(["10:00 4 0 0 0", "10:00 4 0 0 0"]);
    expect(judged("10:26", ...all)).toEqual(["10:01 4 0 0 0"]);
    expect(judged("10:27", ...all)).toEqual([]);
  });

  it("sees what was told before its time, whether that has a time of its own or not, and whatever its grain", () => {
    const early = ["10:24"].flatMap((known) => [used("10:20", known), issued("10:00", known), podNode(known)]);
    expect(judged("10:25", used("10:00"), ...early, calledThatDay("10:24"))).toEqual(["10:00 2 1 1 1"]);
    const late = ["10:25"].flatMap((known) => [used("10:20", known), issued("10:00", known), podNode(known)]);
    expect(judged("10:25", used("10:00"), ...late, calledThatDay("10:25"))).toEqual(["10:00 1 0 0 0"]);
  });

  it("sees no mark of a set that was not full yet", () => {
    const mark = (known: string): Fact => ({
      ...used("10:00"),
      attribute: OVERFLOW,
      value: "granted",
      source: by(known),
    });
    expect(judged("10:25", used("10:00"), mark("10:24"))).toEqual(["10:00 1 0 0 0 and more"]);
    expect(judged("10:25", used("10:00"), mark("10:30"))).toEqual(["10:00 1 0 0 0"]);
  });

  it("is cold where its entity's birth was told later", () => {
    const verdict = (known: string) =>
      sentences(
        settledHits(seeing({ birth: "revoked" }), stateOf(used("10:00"), issued("09:00", known)), context, {
          ...{ warmth, at: day("10:25") },
        }),
      );
    expect(verdict("10:24")).toEqual(["10:00 1 1 0 0"]);
    expect(verdict("10:25")).toBe("cold");
  });

  it("names the event that told a value first", () => {
    const { hits } = settledHits(neverIssued, stateOf(called("10:00")), context, {
      ...{ warmth, at: day("10:25") },
    }) as Judgement;
    expect(hits[0]?.hit.evidence[0]?.event).toBe("event 10:00");
    expect(hits[0]?.since).toBe(day("10:25"));
  });
});

describe("the time of a verdict", () => {
  const due = (time: string, source: string): string | undefined => dueTime(seeing(), { time }, source);

  it("is when its anchor has settled, rounded up to the minute", () => {
    expect(due(day("10:00"), by("10:00"))).toBe(day("10:25"));
    expect(due("2026-11-22T10:00:00.001Z", by("10:00"))).toBe(day("10:26"));
    expect(due("", by("10:00"))).toBeUndefined();
  });

  it("is not before its anchor is known here, to the minute behind it", () => {
    expect(due(day("10:00"), by("10:24"))).toBe(day("10:25"));
    expect(due(day("10:00"), by("10:25"))).toBe(day("10:26"));
    expect(due(day("10:00"), by("12:00"))).toBe(day("12:01"));
    expect(due(day("10:00"), "of no time")).toBe(day("10:25"));
  });

  it("goes by the first time in a value that stands for longer than the verdict waits", () => {
    expect(dueTime(neverIssued, { time: day("09:00") }, by("10:07"))).toBe(day("10:32"));
    expect(dueTime(neverIssued, { time: "" }, by("10:07"))).toBe(day("10:32"));
    expect(dueTime(neverIssued, { time: day("09:00") }, "of no time")).toBe(day("09:25"));
  });
});

it("a hit that there is, is known since the last of what it rests on", () => {
  const both = defineJoinDetector({
    ...{ meta: probeMeta("probe/both"), watch: "grant", match: ["granted", "revoked"], params: Type.Object({}) },
    detect: ([{ time }]) => probeHit("both", time, ID),
  });
  const { hits } = joinHits(both, stateOf(used("10:00"), issued("09:00", "11:00")), context);
  expect(hits.map(({ since }) => since)).toEqual([day("11:00")]);
});

describe("what a batch told of", () => {
  const SETS = ["granted", "revoked", "used"] as const;
  /** Says which values it was asked about. */
  const telling = defineJoinDetector({
    ...{
      meta: probeMeta("probe/telling"),
      watch: "grant",
      match: ["granted", "revoked", "granted", "used"],
      params: Type.Object({}),
    },
    detect: ([one, two, three, four]) => {
      const asked = [one, two, three, four].map(({ time }) => time.slice(11, 16)).join(" ");
      return probeHit(asked, day("10:00"), ID, { on: asked });
    },
  });
  const value = fc.record({ set: fc.nat({ max: 2 }), minute: fc.nat({ max: 5 }) });
  const factOf = ({ set, minute }: { set: number; minute: number }): Fact => {
    const at = `10:0${minute}`;
    return [used(at), issued(at), calledThatDay(at)][set] as Fact;
  };
  const asked = ({ hits }: Judgement): string[] => hits.map(({ hit }) => hit.on);
  const toldIn = (facts: readonly Fact[]): Map<string, Set<string>> =>
    new Map(
      SETS.map((name) => [name, new Set(facts.filter(({ attribute }) => attribute === name).map((one) => one.value))]),
    );

  it("is judged with all that is known, each choice once, and nothing else is", () => {
    fc.assert(
      fc.property(fc.array(value), fc.array(value), (before, now) => {
        const facts = now.map(factOf);
        const state = stateOf(...before.map(factOf), ...facts);
        const told = toldIn(facts);
        const times = (name: string): Set<string> =>
          new Set([...(told.get(name) ?? [])].map((text) => text.slice(11, 16)));
        const news = ["granted", "revoked", "granted", "used"].map(times);
        const all = asked(joinHits(telling, state, context));
        const touched = all.filter((choice) => choice.split(" ").some((time, index) => news[index]?.has(time)));
        expect(asked(joinHits(telling, state, context, told)).sort()).toEqual(touched.sort());
      }),
    );
  });

  it("batch by batch comes to what judging all of it at the end does", () => {
    fc.assert(
      fc.property(fc.array(fc.array(value), { maxLength: 6 }), (batches) => {
        const found = new Set<string>();
        const facts: Fact[] = [];
        for (const batch of batches) {
          const more = batch.map(factOf);
          facts.push(...more);
          for (const one of asked(joinHits(telling, stateOf(...facts), context, toldIn(more)))) found.add(one);
        }
        expect([...found].sort()).toEqual(asked(joinHits(telling, stateOf(...facts), context)).sort());
      }),
    );
  });
});

describe("where whatever there is meets whatever there is", () => {
  const many = (count: number): Fact[] =>
    Array.from({ length: count }, (_, n) => used("10:00", "10:00", `192.0.${n >> 8}.${n & 255}`));
  const meeting = (on: (ip: string) => string, counts?: string) =>
    defineJoinDetector({
      ...{ meta: probeMeta("probe/meeting"), watch: "grant", match: ["granted", "granted"], params: Type.Object({}) },
      detect: ([one, two]) =>
        probeHit("met", day("10:00"), ID, {
          on: on(one.key),
          evidence: [{ field: "keys", value: `${one.key} ${two.key}`, event: "e" }],
          ...(counts !== undefined && { counts }),
        }),
    });

  it("hits of one finding are made as far as it counts, and those of others all the same", () => {
    expect(
      joinHits(
        meeting(() => "one"),
        stateOf(...many(40)),
        context,
      ).hits,
    ).toHaveLength(256);
    const others = joinHits(
      meeting((ip) => ip),
      stateOf(...many(40)),
      context,
    ).hits;
    expect(new Set(others.map(({ hit }) => hit.on)).size).toBe(40);
    expect(others).toHaveLength(1_600);
    // Of one event, whatever shows it.
    expect(
      joinHits(
        meeting(() => "one", "event"),
        stateOf(...many(40)),
        context,
      ).hits,
    ).toHaveLength(1_600);
  });

  it("more choices than it may be asked about are told of", () => {
    const few = joinHits(
      meeting((ip) => ip),
      stateOf(...many(440)),
      context,
    );
    expect(few.cut).toBeUndefined();
    expect(
      joinHits(
        meeting((ip) => ip),
        stateOf(...many(450)),
        context,
      ).cut,
    ).toBe(true);
  });
});
