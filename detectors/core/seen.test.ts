import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createAuditIdMemory } from "./audit-ids.ts";
import { digestOf } from "./hash.ts";
import { createSeen } from "./seen.ts";

const mark = (time: number) => ({ time, tag: time >>> 0, until: time * 1_000 });

describe("a memory of texts", () => {
  it("has what was set last of each, for as many texts as it is told to hold, and never more than twice as many", () => {
    const CAPACITY = 20;
    const writes = fc.array(fc.tuple(fc.nat({ max: 60 }), fc.nat({ max: 2 ** 31 - 1 })), { maxLength: 300 });
    fc.assert(
      fc.property(writes, (all) => {
        const seen = createSeen(CAPACITY);
        const last = new Map<string, number>();
        for (const [name, time] of all) {
          const text = `text ${name}`;
          seen.set(text, mark(time));
          last.delete(text);
          last.set(text, time);
          expect(seen.size()).toBeLessThanOrEqual(2 * CAPACITY);
        }
        for (const [text, time] of [...last].slice(-CAPACITY)) expect(seen.get(text)).toEqual(mark(time));
        // Whatever it knows of others is what was set last of them, or nothing.
        for (const [text, time] of last) expect([undefined, time]).toContain(seen.get(text)?.time);
      }),
    );
  });

  it("takes the same room, empty or full", () => {
    const seen = createSeen(1_000);
    const before = seen.bytes;
    for (let n = 0; n < 10_000; n += 1) seen.set(`${n}`, mark(n));
    expect(seen.bytes).toBe(before);
    // Of 2,048 slots in two arrays.
    expect(before).toBe(2 * 2_048 * 32);
  });

  it("forgets texts that were chosen for their hashes, rather than look for long", () => {
    const SLOTS = 2_048;
    const slotOf = (text: string): number =>
      (digestOf(text).charCodeAt(0) | (digestOf(text).charCodeAt(1) << 8)) % SLOTS;
    const chosen: string[] = [];
    for (let n = 0; chosen.length < 600; n += 1) if (slotOf(`${n}`) === 7) chosen.push(`${n}`);
    const seen = createSeen(1_000);
    for (const [index, text] of chosen.entries()) seen.set(text, mark(index));
    // As many as it looks at: the latest stands in the place of the first.
    expect(chosen.filter((text, index) => seen.get(text)?.time === index)).toHaveLength(512);
    expect(seen.get(chosen.at(-1) ?? "")).toEqual(mark(599));
    seen.set("another", mark(1));
    expect(seen.get("another")).toEqual(mark(1));
  });
});

describe("an auditID", () => {
  it("is reused when it stands on another request than the one that had it first, as long as both are near", () => {
    const ids = createAuditIdMemory(100);
    expect(ids.reused("a", "first")).toBe(false);
    expect(ids.reused("a", "first")).toBe(false);
    expect(ids.reused("a", "second")).toBe(true);
    expect(ids.reused("a", "first")).toBe(false);
    for (let n = 0; n < 99; n += 1) expect(ids.reused(`other ${n}`, "first")).toBe(false);
    expect(ids.reused("a", "second")).toBe(true);
    for (let n = 0; n < 500; n += 1) ids.reused(`more ${n}`, "first");
    expect(ids.reused("a", "second")).toBe(false);
  });
});
