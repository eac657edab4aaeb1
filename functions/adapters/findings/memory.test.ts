import { describe, expect, it } from "vitest";
import { draftOf } from "../../../test/support/drafts.ts";
import { createFindingBook } from "../../findings/book.ts";
import { createMemoryFindings } from "./memory.ts";

describe("findings in memory", () => {
  it("are no more than the book has room for, and their marks go with them", async () => {
    const book = createFindingBook(10);
    const store = createMemoryFindings(book);
    const lost = draftOf({ on: "lost", second: 59 });
    await store.merge(lost, 1);
    await store.mark(lost.finding.id, { steps: ["new"], at: 1, seen: "s" });
    for (let n = 0; n < 100; n += 1) await store.merge(draftOf({ on: `noise ${n}`, severity: "medium" }), 1);
    expect(await store.count()).toBe(10);
    expect(book.leftOut()).toBe(91);
    expect(await store.read([lost.finding.id])).toEqual([undefined]);
    expect(await store.merge({ ...lost, finding: { ...lost.finding, severity: "critical" } }, 1)).toMatchObject({
      steps: new Set(),
    });
  });

  it("give answers that later marks do not change", async () => {
    const store = createMemoryFindings();
    const kept = await store.merge(draftOf(), 1);
    await store.mark(kept.draft.finding.id, { steps: ["new"], at: 1, seen: "s" });
    expect(kept).toEqual({ draft: draftOf(), steps: new Set() });
  });
});
