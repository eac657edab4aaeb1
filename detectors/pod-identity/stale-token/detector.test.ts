import { describe, expect, it } from "vitest";
import { auditEvent, hitOf, users } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const REMARK = "authentication.k8s.io/stale-token";
const TEXT = "subject: system:serviceaccount:shop:orders, seconds after warning threshold: 1801";
const used = (from: string, pod: string | undefined = "orders-0") =>
  auditEvent({
    user: users.serviceAccount("shop", "orders", pod),
    sourceIPs: [from],
    annotations: { "authorization.k8s.io/decision": "allow", [REMARK]: TEXT },
  });
const site = { egress: ["198.51.100.0/24"] };

describe("pod-identity/stale-token finds", () => {
  it("a token used after its rotation was due: low, old clients do it too", () => {
    const hit = hitOf(detector, used("10.0.1.7"));
    expect(hit).toMatchObject({
      severity: "low",
      on: "tokens/shop/orders/d019d9d9-c299-4af8-b68c-c24d2e910b1c",
      sentence: "service account shop/orders used a token after its rotation was due (list pods)",
    });
    expect(hit?.evidence).toEqual([
      { field: `annotations.${REMARK}`, value: TEXT },
      { field: "user.extra.authentication.kubernetes.io/pod-name", value: "orders-0" },
      { field: "sourceIPs", value: "10.0.1.7" },
    ]);
  });

  it("from a public address that is none of the cluster's declared ones: medium", () => {
    const hit = hitOf(detector, used("203.0.113.9"), { site });
    expect(hit).toMatchObject({ severity: "medium" });
    expect(hit?.reasons?.[0]).toContain("203.0.113.9");
  });

  it("from the cluster's declared egress, from inside, or where none is declared: low", () => {
    expect(hitOf(detector, used("198.51.100.9"), { site })).toMatchObject({ severity: "low", reasons: [] });
    expect(hitOf(detector, used("10.0.1.7"), { site })).toMatchObject({ severity: "low" });
    expect(hitOf(detector, used("203.0.113.9"))).toMatchObject({ severity: "low" });
  });
});

describe("pod-identity/stale-token stays quiet on", () => {
  it("a fresh token", () => {
    expect(hitOf(detector, auditEvent({ user: users.serviceAccount("shop", "orders", "orders-0") }))).toBeUndefined();
  });

  it("a never-expiring token, which legacy-token reports", () => {
    const annotations = { "authentication.k8s.io/legacy-token": "system:serviceaccount:shop:orders" };
    expect(hitOf(detector, auditEvent({ user: users.serviceAccount(), annotations }))).toBeUndefined();
  });
});
