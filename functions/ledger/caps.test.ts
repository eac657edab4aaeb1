import { describe, expect, it } from "vitest";
import type { Attribute } from "../../detectors/ledger/declare.ts";
import { entities } from "../../detectors/ledger/entities.ts";
import { encode, type Fact, fact, type State } from "../../detectors/ledger/facts.ts";
import { kinds } from "../../detectors/ledger/relays.ts";
import { ENTITY_BYTES, fitting, isFull, laneOf, lanesOf, MERGE_BYTES, portions, roomOf } from "./caps.ts";

const used = (value: string): Fact => ({ kind: "use", id: "A", attribute: "used", value, source: "event" });
const key = (attribute: string, values: readonly string[]): State => ({
  ...{ kind: "use", id: "A" },
  sets: new Map([[attribute, new Map(values.map((value) => [value, "event"]))]]),
});
const LONGEST_PART = 512 * 3;
const sets = kinds.flatMap((kind) =>
  (Object.entries(entities[kind].attributes) as [string, Attribute][]).map(([name, set]) => [kind, name, set] as const),
);
/** Of three bytes each, the most that one unit of a text takes. */
const longestOf = (fields: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    fields.map((field) => [field, field === "time" ? "2026-11-22T10:00:00Z" : "\uffff".repeat(10_000)]),
  );
const many = (count: number, length = 10): string[] =>
  Array.from({ length: count }, (_, index) => String(index).padEnd(length, "x"));

describe("the room of a set", () => {
  it("is its cap in values, and enough bytes for the longest value that there can be", () => {
    for (const [kind, attribute, { cap, fields }] of sets) {
      const room = roomOf(kind, attribute);
      expect(room.values).toBe(cap);
      const longest = fact(kind, "A", attribute as never, longestOf(fields) as never, "\uffff".repeat(10_000));
      expect(fitting([longest]), `${kind}.${attribute}`).toHaveLength(1);
    }
  });

  it("leaves every entity, with all of its sets beyond their rooms by one merge, in one item of DynamoDB", () => {
    for (const kind of kinds) {
      const own = sets.filter(([other]) => other === kind);
      const bytes = own.reduce((sum, [, attribute, set]) => sum + roomOf(kind, attribute).bytes * lanesOf(set), 0);
      const marks = own.reduce((sum, [, attribute]) => sum + "overflow\t".length + attribute.length + LONGEST_PART, 0);
      // The key (2 KB), and the whole id where it is longer.
      const id = 2_048 + 16 + entities[kind].key.length * (LONGEST_PART + 1);
      expect(bytes, kind).toBeLessThanOrEqual(ENTITY_BYTES);
      expect(bytes + MERGE_BYTES + marks + id, kind).toBeLessThan(400 * 1_024);
    }
  });

  it("takes a third of its values at least, where they are of a usual length", () => {
    const usual = (field: string): string => (field === "time" ? "2026-11-22T10:00:00.000Z" : "x".repeat(24));
    for (const [kind, attribute, { cap, fields }] of sets) {
      const value = encode(kind, attribute as never, Object.fromEntries(fields.map((f) => [f, usual(f)])) as never);
      const bytes = attribute.length + 1 + value.length + 61;
      expect((roomOf(kind, attribute).bytes / bytes) * 3, `${kind}.${attribute}`).toBeGreaterThan(cap);
    }
  });

  it("is used up by one value more than its cap, or by long ones", () => {
    expect(isFull(key("used", many(400)), "used")).toBe(false);
    expect(isFull(key("used", many(401)), "used")).toBe(true);
    expect(isFull(key("used", many(400, 3_000)), "used")).toBe(true);
    expect(isFull(key("used", many(399, 3_000)), "pod")).toBe(false);
    expect(isFull(key("pod", ["é".repeat(512), "b"]), "pod")).toBe(false);
  });

  it("is never exceeded by what is written at once", () => {
    expect(fitting(many(10_000).map(used))).toHaveLength(400);
    const long = fitting(many(400, 3_000).map(used));
    expect(long.length).toBeGreaterThan(10);
    expect(long.length * 3_000).toBeLessThan(roomOf("use", "used").bytes);
    expect(fitting([])).toEqual([]);
  });
});

describe("what was tried, of what was done or tried", () => {
  const call = (n: number, outcome: string): Fact =>
    used(`2026-11-22T10:00:00.000Z\tCloudTrail\ts3:Get${n}\t192.0.2.1\t\t${outcome}`);
  const calls = (count: number, outcome: string): Fact[] => Array.from({ length: count }, (_, n) => call(n, outcome));
  const state = (...facts: readonly Fact[]): State =>
    key(
      "used",
      facts.map(({ value }) => value),
    );

  it("has a room of its own, half as large, and takes none of what was done", () => {
    const tried = laneOf(call(0, "denied"));
    expect(laneOf(call(0, "success"))).toBe("used");
    expect(tried).not.toBe("used");
    const half = calls(200, "denied");
    expect(fitting(calls(1_000, "denied"))).toHaveLength(200);
    expect(isFull(state(...half), tried)).toBe(false);
    expect(isFull(state(...half, call(200, "failed")), tried)).toBe(true);
    expect(isFull(state(...half, call(200, "refused"), ...calls(400, "success")), "used")).toBe(false);
    expect(isFull(state(...half, ...calls(401, "success")), "used")).toBe(true);
    expect(isFull(state(...calls(401, "success")), tried)).toBe(false);
  });

  it("is kept apart only where a set says so", () => {
    const did: Fact = { kind: "act", id: "A", attribute: "did", value: "\ta\tb\trefused", source: "event" };
    expect(laneOf(did)).toBe("did");
  });
});

describe("what is merged at once", () => {
  it("is all of it, in order, in portions that an item has room for beyond its rooms", () => {
    const facts = many(400, 1_000).map(used);
    const all = portions(facts);
    expect(all.flat()).toEqual(facts);
    expect(all.length).toBeGreaterThan(5);
    for (const some of all) expect(some.length * 1_000).toBeLessThan(MERGE_BYTES);
    expect(portions([])).toEqual([]);
    expect(portions(facts.slice(0, 3))).toHaveLength(1);
  });
});
