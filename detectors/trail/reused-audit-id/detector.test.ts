import { describe, expect, it } from "vitest";
import { auditEvent, hitOf, users } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const ID = "11111111-2222-4333-8444-555555555555";

/** A request whose auditID stood on another one before. */
function second(overrides: Parameters<typeof auditEvent>[0] = {}, reused = true) {
  const event = auditEvent({ auditID: ID, ...overrides });
  return { ...event, facets: { ...event.facets, ...(reused && { reusedAuditId: { auditID: event.id } }) } };
}

describe("trail/reused-audit-id finds", () => {
  it("one auditID on another request: medium, and about the id, not about who came second", () => {
    const hit = hitOf(detector, second());
    expect(hit).toMatchObject({
      severity: "medium",
      by: `audit-id/${ID}`,
      on: "audit log",
      sentence: `alice (role ClusterAdmin) sent list /api/v1/namespaces/shop/pods with auditID "${ID}", which another request has as well`,
    });
    const other = hitOf(
      detector,
      second({ user: users.human("mallory"), verb: "delete", responseStatus: { code: 403 } }),
    );
    expect([other?.by, other?.on]).toEqual([hit?.by, hit?.on]);
  });

  it("through a proxy of the site, which may pass ids on: low, and said so", () => {
    const hit = hitOf(detector, second(), { site: { proxies: ["198.51.100.0/24"] } });
    expect(hit).toMatchObject({ severity: "low" });
    expect(hit?.notExempted).toHaveLength(1);
  });
});

describe("trail/reused-audit-id stays quiet on", () => {
  it("an auditID that stands on one request", () => {
    expect(hitOf(detector, second({}, false))).toBeUndefined();
  });
});
