import { describe, expect, it } from "vitest";
import { auditEvent, hitOf, users } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const from = (...sourceIPs: string[]) => auditEvent({ sourceIPs });

describe("trail/forwarded-address finds", () => {
  it.each([
    ["a private address", "10.0.1.101"],
    ["loopback", "127.0.0.1"],
    ["loopback of IPv6", "::1"],
    ["a unique local address", "fd00:ec2::254"],
    ["link-local", "169.254.169.254"],
  ])("a public peer that claims %s: medium", (_, claim) => {
    const hit = hitOf(detector, from(claim, "203.0.113.99"));
    expect(hit).toMatchObject({
      severity: "medium",
      on: "peer/203.0.113.99",
      sentence: `alice (role ClusterAdmin) came from 203.0.113.99 and claimed to come from ${claim}`,
    });
    expect(hit?.reasons).toHaveLength(1);
    expect(hit?.notExempted).toEqual([]);
    expect(hit?.evidence).toContainEqual({ field: "sourceIPs", value: `${claim}, 203.0.113.99` });
  });

  it("a public peer that claims the cluster's own egress or a proxy of the site: medium", () => {
    const event = from("192.0.2.10", "203.0.113.99");
    expect(hitOf(detector, event, { site: { egress: ["192.0.2.0/28"] } })).toMatchObject({ severity: "medium" });
    expect(hitOf(detector, event, { site: { proxies: ["192.0.2.10"] } })).toMatchObject({ severity: "medium" });
  });

  it("a public peer that claims another public address: low", () => {
    expect(hitOf(detector, from("192.0.2.10", "203.0.113.99"))).toMatchObject({ severity: "low", reasons: [] });
  });

  it("a private peer, perhaps a proxy that nobody declared: low", () => {
    expect(hitOf(detector, from("192.0.2.10", "10.0.0.5"))).toMatchObject({ severity: "low" });
    expect(hitOf(detector, from("10.0.1.101", "10.0.0.5"))).toMatchObject({ severity: "low" });
  });

  it("judges by the first claim and names all of them", () => {
    const hit = hitOf(detector, from("10.0.1.101", "192.0.2.10", "203.0.113.99"));
    expect(hit).toMatchObject({ severity: "medium" });
    expect(hit?.sentence).toContain("claimed to come from 10.0.1.101, 192.0.2.10");
  });

  it("a scanner without credentials: low, and said so", () => {
    const event = auditEvent({
      sourceIPs: ["127.0.0.1", "203.0.113.99"],
      user: users.anonymous(),
      responseStatus: { code: 401 },
    });
    const hit = hitOf(detector, event);
    expect(hit).toMatchObject({ severity: "low" });
    expect(hit?.notExempted).toHaveLength(1);
    const plain = auditEvent({ sourceIPs: ["192.0.2.10", "203.0.113.99"], user: users.anonymous(), userAgent: "" });
    expect(hitOf(detector, plain)).toMatchObject({ severity: "low", notExempted: [] });
    expect(hitOf(detector, plain)?.evidence).toHaveLength(1);
  });

  it("a control plane name from a public peer", () => {
    const user = users.component("eks:k8s-metrics");
    expect(hitOf(detector, auditEvent({ user, sourceIPs: ["10.0.0.80", "203.0.113.99"] }))).toMatchObject({
      severity: "medium",
    });
  });
});

describe("trail/forwarded-address stays quiet on", () => {
  it("one address", () => {
    expect(hitOf(detector, from("203.0.113.99"))).toBeUndefined();
  });

  it("a proxy of the site, whatever its clients claim", () => {
    const site = { proxies: ["203.0.113.0/24"] };
    expect(hitOf(detector, from("10.0.1.101", "203.0.113.99"), { site })).toBeUndefined();
  });

  it("the control plane passing requests on inside", () => {
    const user = users.component("system:kube-aggregator");
    expect(hitOf(detector, auditEvent({ user, sourceIPs: ["10.0.0.80", "10.0.0.81"] }))).toBeUndefined();
  });
});
