import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { entities, type Kind } from "./entities.ts";
import { attributeOf, decode, encode, fact, idOf } from "./facts.ts";
import { kinds } from "./relays.ts";

const sets = kinds.flatMap((kind) =>
  Object.keys(entities[kind].attributes).map((attribute) => [kind, attribute] as const),
);
/** For any set, not one by one. */
const encoded = encode as unknown as (kind: Kind, attribute: string, value: Record<string, string>) => string;
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 }).map((all) => String.fromCharCode(...all)),
  fc.constantFrom("\t", "a\tb", "\n", "\u0000", "\ud83e", "é".repeat(600), `${"x".repeat(511)}🦀`, ""),
);
const time = fc.date({ noInvalidDate: true, min: new Date("2000-01-01"), max: new Date("2100-01-01") });

/** What is left of a text: no control characters, no halves, not endless. */
const kept = (whole: string): string =>
  whole
    .slice(0, 512)
    .toWellFormed()
    .replace(/\p{Cc}/gu, " ");

describe("a value", () => {
  it("is read as it was written, but for what no text of an attacker may hold", () => {
    const value = fc.constantFrom(...sets).chain(([kind, attribute]) => {
      const { fields } = attributeOf(kind, attribute);
      const parts = fields.map(
        (field) => [field, field === "time" ? time.map((at) => at.toISOString()) : text] as const,
      );
      return fc.record({
        kind: fc.constant(kind),
        attribute: fc.constant(attribute),
        parts: fc.record(Object.fromEntries(parts)),
      });
    });
    fc.assert(
      fc.property(value, ({ kind, attribute, parts }) => {
        const { bucketMs = 1 } = attributeOf(kind, attribute);
        const written = encoded(kind, attribute, parts);
        const read = decode(kind, attribute, written);
        for (const [field, whole] of Object.entries(parts)) {
          if (field !== "time") expect(read[field]).toBe(kept(whole));
          else {
            expect(Date.parse(read.time ?? "") % bucketMs).toBe(0);
            expect(Date.parse(whole) - Date.parse(read.time ?? "")).toBeLessThan(bucketMs);
            expect(read.time?.localeCompare(whole)).toBeLessThanOrEqual(0);
          }
        }
        // Written again it is the same: what was cut is cut once.
        expect(encoded(kind, attribute, read)).toBe(written);
        expect(written.isWellFormed()).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("has as many parts as its set says, whatever stands in them", () => {
    expect(encode("pod", "name", { namespace: "a\tb", name: "c" }).split("\t")).toEqual(["a b", "c"]);
    expect(decode("pod", "name", "only-one")).toEqual({ namespace: "only-one", name: "" });
  });

  it.each([
    ["podEntered", "2026-11-22T10:05:59.999Z", "2026-11-22T10:00:00.000Z"],
    ["heard", "2026-11-22T10:59:59Z", "2026-11-22T00:00:00.000Z"],
    ["podGone", "2026-11-22T10:05:59.123456Z", "2026-11-22T10:05:59.123Z"],
    ["podGone", "2026-11-22T12:05:00+02:00", "2026-11-22T10:05:00.000Z"],
    ["podGone", "yesterday", ""],
    ["podGone", "1969-12-31T23:59:59.500Z", "1969-12-31T23:59:59.500Z"],
    ["podEntered", "1969-12-31T23:59:59.500Z", "1969-12-31T23:50:00.000Z"],
  ])("of %s at %s is of %s", (attribute, whole, rounded) => {
    expect(decode("key", attribute, encoded("key", attribute, { time: whole })).time).toBe(rounded);
  });

  it("of a set or a part that is not declared is none", () => {
    expect(() => encoded("key", "nothing", {})).toThrow(RangeError);
    expect(() => encoded("key", "constructor", {})).toThrow(RangeError);
    expect(() => decode("key", "__proto__", "")).toThrow(RangeError);
  });
});

describe("an id", () => {
  it("is made of as many parts as its kind has, and of nothing that would part a key", () => {
    expect(idOf("podName", ["1", "r", "c", "ns", "a\nb\tc"])).toBe("1/r/c/ns/a b c");
    expect(() => idOf("podName", ["1", "r"])).toThrow("podName has the key account/region/cluster/namespace/name");
    fc.assert(
      fc.property(fc.array(text, { minLength: 5, maxLength: 5 }), (parts) => {
        const id = idOf("podName", parts);
        expect(id.isWellFormed()).toBe(true);
        expect(id).not.toMatch(/\p{Cc}/u);
        expect(id.length).toBeLessThanOrEqual(5 * 512 + 4);
      }),
    );
  });
});

describe("a fact", () => {
  it("holds the event that told it as a text that every store can hold", () => {
    const told = fact("key", "A", "pod", { id: "p" }, `${"🦀"[0]}\u0000${"x".repeat(600)}`);
    expect(told).toMatchObject({ kind: "key", id: "A", attribute: "pod", value: "p" });
    expect(told.source).toBe(kept(`\ufffd ${"x".repeat(600)}`));
  });
});
