import { describe, expect, it } from "vitest";
import type { Draft } from "../../detectors/core/compose.ts";
import { mergeDrafts } from "../../detectors/core/merge.ts";
import type { Severity } from "../../schemas/findings/finding.ts";
import { draftOf } from "../../test/support/drafts.ts";
import type { Kept } from "./ports.ts";
import { publicationOf, REPUBLISH_MS } from "./publication.ts";

const NOW = Date.UTC(2026, 10, 22, 12);
const many = (count: number, severity: Severity = "low"): Draft =>
  Array.from({ length: count }, (_, index) => draftOf({ event: `e${index}`, severity })).reduce(mergeDrafts);
const fresh = (draft: Draft): Kept => ({ draft, steps: new Set() });

/** What is kept after this was published. */
function published(kept: Kept, now = NOW): Kept {
  const { publish } = publicationOf(kept, now);
  if (publish === undefined) throw new Error("nothing was due");
  const { steps, at, seen } = publish.mark;
  return { ...kept, steps: new Set([...kept.steps, ...steps]), last: { at, seen } };
}
const out = (count: number, severity: Severity = "low"): Kept => published(fresh(many(count, severity)));
const due = (kept: Kept, now = NOW) => {
  const { publish, again } = publicationOf(kept, now);
  return { steps: publish?.mark.steps, notify: publish?.notify, again };
};
const nothing = { steps: undefined, notify: undefined, again: undefined };

describe("a finding is published", () => {
  it("when it is new, with all that it is already", () => {
    expect(due(fresh(many(1)))).toEqual({ steps: ["severity low"], notify: true, again: undefined });
    expect(due(fresh(many(150, "high"))).steps).toEqual(["severity high", "count 10", "count 100"]);
  });

  it.each<[Severity, Severity]>([
    ["low", "medium"],
    ["low", "critical"],
    ["high", "critical"],
  ])("when it is raised from %s to %s", (before, after) => {
    const raised = { ...out(1, before), draft: many(2, after) };
    expect(due(raised)).toEqual({ steps: [`severity ${after}`], notify: true, again: undefined });
  });

  it("when it was marked by a worker that saw less of it than there is", () => {
    const seenLow = out(1, "low");
    expect(due({ ...seenLow, draft: many(1, "high") })).toMatchObject({ steps: ["severity high"], notify: true });
  });

  it.each([
    [9, 10, ["count 10"]],
    [99, 100, ["count 100"]],
    [5, 150, ["count 10", "count 100"]],
    [200, 201, ["count 200+"]],
    [9, 250, ["count 10", "count 100", "count 200+"]],
  ])("when it grows from %i events to %i, and nobody is told", (before, after, steps) => {
    expect(due({ ...out(before), draft: many(after) })).toEqual({ steps, notify: false, again: undefined });
  });

  it("an hour after the latest publication when it has changed since, and nobody is told", () => {
    const changed = { ...out(1), draft: many(2) };
    expect(due(changed, NOW + REPUBLISH_MS - 1)).toEqual({ ...nothing, again: NOW + REPUBLISH_MS });
    expect(due(changed, NOW + REPUBLISH_MS)).toEqual({ steps: [], notify: false, again: undefined });
    const later = published(changed, NOW + REPUBLISH_MS);
    expect(due({ ...later, draft: many(3) }, NOW + 2 * REPUBLISH_MS - 1).again).toBe(NOW + 2 * REPUBLISH_MS);
  });

  const [seen] = [draftOf({ event: "a", second: 5 })];
  it.each<[string, Draft]>([
    ["an earlier event", draftOf({ event: "b", second: 1 })],
    ["a later event", draftOf({ event: "b", second: 9 })],
    ["another event of the same time", draftOf({ event: "b", second: 5 })],
    ["another reason", draftOf({ event: "a", second: 5, reason: "why" })],
  ])("which is changed by %s", (_, more) => {
    const changed = { ...published(fresh(seen)), draft: mergeDrafts(seen, more) };
    expect(due(changed, NOW + 1).again).toBe(NOW + REPUBLISH_MS);
  });
});

describe("a finding is not published", () => {
  it("when it has not changed, however long ago it was", () => {
    expect(due(out(5), NOW + 9 * REPUBLISH_MS)).toEqual(nothing);
    expect(due({ ...out(5), draft: mergeDrafts(many(5), many(3)) }, NOW + 9 * REPUBLISH_MS)).toEqual(nothing);
  });

  it("at a count that is not round, before its hour", () => {
    for (const [before, after] of [
      [1, 9],
      [10, 99],
      [100, 200],
      [201, 240],
    ] as const)
      expect(due({ ...out(before), draft: many(after) })).toMatchObject({ steps: undefined });
  });

  it("as raised when it was out at a higher severity", () => {
    const high = out(1, "high");
    expect(due({ ...high, steps: new Set([...high.steps, "severity low"]) })).toEqual(nothing);
    expect(due({ ...high, draft: many(1, "low") }).steps).toBeUndefined();
  });
});
