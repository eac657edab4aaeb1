import { describe, expect, it } from "vitest";
import { auditEvent, hitOf } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const proxied = { site: { proxies: ["198.51.100.7"] } };

describe("trail/odd-audit-id finds", () => {
  it("text that is no UUID: medium, one finding for each id, quoted on one line", () => {
    const hit = hitOf(detector, auditEvent({ auditID: "hello\nworld" }));
    expect(hit).toMatchObject({
      severity: "medium",
      on: "audit-id/hello\nworld",
      sentence:
        'alice (role ClusterAdmin) sent list /api/v1/namespaces/shop/pods with an auditID of its own, "hello\\nworld": not a UUID',
    });
    expect(hit?.by).toBeUndefined();
    expect(hit?.evidence.map(({ field }) => field)).toEqual(["auditID", "userAgent", "sourceIPs"]);
    const silent = hitOf(detector, auditEvent({ auditID: "hello", userAgent: "" }));
    expect(silent?.evidence.map(({ field }) => field)).toEqual(["auditID", "sourceIPs"]);
  });

  it("a long text, cut in the sentence and whole in the subject", () => {
    const auditID = "x".repeat(500);
    const hit = hitOf(detector, auditEvent({ auditID }));
    expect(hit?.sentence.length).toBeLessThan(250);
    expect(hit?.on).toBe(`audit-id/${auditID}`);
  });

  it.each([
    ["a UUID made from the time", "c232ab00-9414-11ec-b3c8-9f6bdeced846"],
    ["a UUID of no variant that the server makes", "11111111-2222-4333-c444-555555555555"],
  ])("%s: low", (_, auditID) => {
    expect(hitOf(detector, auditEvent({ auditID }))).toMatchObject({ severity: "low" });
  });

  it("any of it through a proxy of the site: low, one finding for them all, and said so", () => {
    const hit = hitOf(detector, auditEvent({ auditID: "req-1" }), proxied);
    expect(hit).toMatchObject({ severity: "low", on: "auditIDs through a proxy" });
    expect(hit?.notExempted).toHaveLength(1);
    expect(hitOf(detector, auditEvent({ auditID: "req-2" }), proxied)?.on).toBe(hit?.on);
  });
});

describe("trail/odd-audit-id stays quiet on", () => {
  it("a random UUID, as the server makes it", () => {
    expect(hitOf(detector, auditEvent({ auditID: "11111111-2222-4333-8444-555555555555" }))).toBeUndefined();
  });
});
