import { describe, expect, it } from "vitest";
import { compose } from "../../detectors/core/compose.ts";
import type { DetectorMeta } from "../../detectors/core/contracts.ts";
import type { Severity } from "../../schemas/findings/finding.ts";
import { auditEvent } from "../../test/support/events.ts";
import { createFindingBook } from "./book.ts";

const meta = { id: "a/x", version: 1, status: "stable", confidence: "high", attack: [], triage: [], description: "" };
const draft = (on: string, severity: Severity, at = "10:00") =>
  compose(
    {
      meta: meta as unknown as DetectorMeta,
      severity,
      event: auditEvent({ requestReceivedTimestamp: `2026-11-22T${at}:00.000000Z` }),
      hit: { sentence: on, on, evidence: [] },
    },
    [],
    [],
  );
const titles = (book: ReturnType<typeof createFindingBook>) => book.all().map(({ title }) => title);

describe("the book of findings", () => {
  it("has the most severe first, then the oldest", () => {
    const book = createFindingBook();
    book.add([draft("late", "low", "11:00"), draft("early", "low"), draft("worst", "critical", "12:00")]);
    expect(titles(book)).toEqual(["worst", "early", "late"]);
    expect(book.leftOut()).toBe(0);
  });

  it("keeps no more than it has room for: the least severe go, and are counted", () => {
    const book = createFindingBook(10);
    const many = Array.from({ length: 100 }, (_, index) => draft(`noise ${index}`, "low"));
    book.add([...many.slice(0, 50), draft("worst", "critical"), ...many.slice(50)]);
    book.add([draft("bad", "high")]);
    expect(titles(book).slice(0, 2)).toEqual(["worst", "bad"]);
    expect(book.all()).toHaveLength(10);
    expect(book.leftOut()).toBe(92);
  });

  it("keeps no more bytes than it has room for, whatever it counts", () => {
    const one = draft("noise", "low");
    const size = 2_200 + 2 * JSON.stringify(one.finding).length;
    const book = createFindingBook(1_000, 10 * size);
    const many = Array.from({ length: 100 }, (_, index) => draft(`noise ${index}`, "low"));
    book.add([...many.slice(0, 50), draft("worst", "critical"), ...many.slice(50)]);
    const kept = book.all().length;
    expect(titles(book)[0]).toBe("worst");
    expect(kept).toBeGreaterThan(5);
    expect(kept).toBeLessThanOrEqual(10);
    expect(book.leftOut()).toBe(101 - kept);
    // What is gone leaves its room.
    for (const { id } of book.all()) book.delete(id);
    book.add([draft("another", "low")]);
    expect(titles(book)).toEqual(["another"]);
  });
});
