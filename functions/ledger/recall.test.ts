import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Fact } from "../../detectors/ledger/facts.ts";
import { createRecall } from "./recall.ts";

const HOUR = 3_600_000;
/** A source, so many ms after the first. */
const at = (ms: number): string => `${new Date(Date.UTC(2026, 10, 22, 10) + ms).toISOString()} event`;
const used = (value: string, id = "A"): Fact => ({ kind: "key", id, attribute: "used", value, source: at(0) });

describe("what was merged", () => {
  it("is known when it is remembered, and by all of what it is", () => {
    const recall = createRecall(10);
    expect(recall.knows(used("a"), 0)).toBe(false);
    recall.remember(used("a"), 0, HOUR);
    expect(recall.knows({ ...used("a"), source: at(1) }, 0)).toBe(true);
    // Since when it is known is another matter.
    expect(recall.knows({ ...used("a"), source: at(-1) }, 0)).toBe(false);
    const others: Fact[] = [
      used("b"),
      used("a", "B"),
      { ...used("a"), attribute: "pod" },
      { ...used("a"), kind: "use" },
    ];
    for (const other of others) expect(recall.knows(other, 0)).toBe(false);
  });

  it("is forgotten at half the life of its entity, so that merging it again renews that", () => {
    const recall = createRecall(10);
    recall.remember(used("a"), 0, 2 * HOUR);
    expect(recall.knows(used("a"), HOUR - 1)).toBe(true);
    expect(recall.knows(used("a"), HOUR)).toBe(false);
    recall.remember(used("a"), HOUR, 2 * HOUR);
    expect(recall.knows(used("a"), 2 * HOUR - 1)).toBe(true);
  });

  it("stays while it is told of, however much is told once beside it", () => {
    const recall = createRecall(10);
    recall.remember(used("all day"), 0, HOUR);
    recall.remember(used("once"), 0, HOUR);
    for (let n = 0; n < 100; n += 1) {
      recall.remember(used(`${n}`), 0, HOUR);
      expect(recall.knows(used("all day"), 0)).toBe(true);
    }
    expect(recall.knows(used("once"), 0)).toBe(false);
  });

  it("keeps the earliest source with which it is remembered", () => {
    const recall = createRecall(10);
    for (const source of [at(2), at(1), at(3)]) recall.remember({ ...used("a"), source }, 0, HOUR);
    expect(recall.knows({ ...used("a"), source: at(1) }, 0)).toBe(true);
    expect(recall.knows({ ...used("a"), source: at(0) }, 0)).toBe(false);
  });

  it("is renewed also where it is young", () => {
    const recall = createRecall(10);
    recall.remember(used("a"), 0, 2 * HOUR);
    recall.remember(used("a"), HOUR / 2, 2 * HOUR);
    expect(recall.knows(used("a"), HOUR)).toBe(true);
  });

  it("is known as long as no more than the capacity came after it, and what is known is never more than twice that", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.nat({ max: 60 }), { maxLength: 200 }),
        (capacity, all) => {
          const recall = createRecall(capacity);
          for (const value of all) recall.remember(used(String(value)), 0, HOUR);
          const last = [...new Set([...all].reverse())].slice(0, capacity);
          for (const value of last) expect(recall.knows(used(String(value)), 0)).toBe(true);
          const known = [...new Set(all)].filter((value) => recall.knows(used(String(value)), 0));
          expect(known.length).toBeLessThanOrEqual(2 * capacity);
        },
      ),
    );
  });
});

describe("a full set", () => {
  it("is full of an entity and for half its life, whatever is told of it", () => {
    const recall = createRecall(10);
    recall.fill(used("a"), 0, 2 * HOUR);
    expect(recall.full(used("b"), HOUR - 1)).toBe(true);
    expect(recall.full(used("b"), HOUR)).toBe(false);
    expect(recall.full(used("a", "B"), 0)).toBe(false);
    expect(recall.full({ ...used("a"), attribute: "pod" }, 0)).toBe(false);
    expect(recall.knows(used("a"), 0)).toBe(false);
  });

  it("stays known while facts by the thousand come after it", () => {
    const recall = createRecall(10);
    recall.fill(used("a"), 0, HOUR);
    for (let n = 0; n < 1_000; n += 1) recall.remember(used(String(n)), 0, HOUR);
    expect(recall.full(used("a"), 0)).toBe(true);
  });
});
