import { describe, expect, it } from "vitest";
import { awsFacets } from "../../schemas/events/cloudtrail/facets.ts";
import { normaliseCall } from "../../schemas/events/cloudtrail/normalise.ts";
import { k8sFacets } from "../../schemas/events/k8s-audit/facets.ts";
import { normaliseAudit } from "../../schemas/events/k8s-audit/normalise.ts";
import { peek } from "../../schemas/events/k8s-audit/peek.ts";
import { isAuditEvent, isCloudTrailRecord } from "../../schemas/validators.generated.js";
import { demoRecords } from "../support/demo.ts";
import { scope } from "../support/sample.ts";
import { root } from "../tools/folders.ts";
import { recordingsIn } from "../tools/labels.ts";

const origin = { from: "test" };

/** The screen drops what holds no trigger: so whatever has a facet must hold its trigger, in the text as it was written. */
describe("the text of an event with a facet holds the facet's trigger", () => {
  const seen = new Map<string, number>();
  const check = (text: string, facets: object, told: (name: string) => boolean): string[] =>
    Object.keys(facets).flatMap((name) => {
      seen.set(name, (seen.get(name) ?? 0) + 1);
      return told(name) ? [] : [`${name}: ${text.slice(0, 300)}`];
    });

  it("in the audit log", () => {
    const missing = recordingsIn(`${root}test/recordings/audit`).flatMap(({ events }) =>
      events
        .trimEnd()
        .split("\n")
        .flatMap((text) => {
          const value: unknown = JSON.parse(text);
          if (!isAuditEvent(value)) return [`not an event: ${text.slice(0, 100)}`];
          const { facets } = normaliseAudit(value, {
            scope,
            origin,
            loggedAt: 0,
            salvaged: false,
            auditIdReused: false,
          });
          const peeked = peek(text);
          // What is spelled in another way than Go's is parsed, whatever it holds.
          const told = (name: string): boolean =>
            peeked === undefined || k8sFacets[name as keyof typeof k8sFacets].trigger(peeked);
          return check(text, facets, told);
        }),
    );
    expect(missing).toEqual([]);
    // A facet that no recording has would make this test say nothing about it; a reused id is not told by the text.
    expect(Object.keys(k8sFacets).filter((name) => !seen.has(name) && name !== "reusedAuditId")).toEqual([]);
  });

  it("in CloudTrail", () => {
    const missing = demoRecords().flatMap((value) => {
      const text = JSON.stringify(value);
      if (!isCloudTrailRecord(value)) return [`not a record: ${text.slice(0, 100)}`];
      const told = (name: string): boolean => new RegExp(awsFacets[name as keyof typeof awsFacets].trigger).test(text);
      return check(text, normaliseCall(value, { origin, loggedAt: 0, salvaged: false }).facets, told);
    });
    expect(missing).toEqual([]);
    expect(seen.get("instanceSession")).toBeGreaterThan(3);
  });
});
