import { describe, expect, it } from "vitest";
import { ledgerVerdict, patienceOf } from "./ledger.ts";

const HOUR = 3_600_000;
const now = Date.UTC(2026, 10, 22, 12);
const patience = [
  { id: "node-identity/ghost", ms: 2 * HOUR },
  { id: "pod-identity/foreign-cluster", ms: 24 * HOUR },
  { id: "pod-identity/key-from-elsewhere", ms: 24 * HOUR },
];
const context = { patience, now, logs: "aws logs tail detect" };
const read = (since: number, time = now) => ({ since, reading: { time, now }, days: 2 });

describe("the ledger's reading of a trail", () => {
  it("is missing when nothing was ever read", () => {
    expect(ledgerVerdict("cloudtrail", { since: undefined, reading: undefined, days: 0 }, context)).toMatchObject({
      outcome: "missing",
      mend: [context.logs],
    });
  });

  it("is fine when what was read had nothing to tell", () => {
    const { outcome, says } = ledgerVerdict(
      "k8s-audit",
      { since: undefined, reading: { time: now, now }, days: 1 },
      context,
    );
    expect({ outcome, told: says.includes("nothing in it has told the ledger anything yet") }).toEqual({
      outcome: "ok",
      told: true,
    });
  });

  it.each<["k8s-audit" | "cloudtrail", number, string]>([
    ["k8s-audit", 0.5, "ok"],
    ["k8s-audit", 1.5, "missing"],
    ["cloudtrail", 1.5, "ok"],
    ["cloudtrail", 3.5, "missing"],
  ])("of %s, %s hours behind, is %s", (trail, hours, outcome) => {
    expect(ledgerVerdict(trail, read(now - 90 * HOUR, now - hours * HOUR), context).outcome).toBe(outcome);
  });

  it("tells which verdicts are silent, and on what happens before when", () => {
    const { outcome, says } = ledgerVerdict("cloudtrail", read(now - 5 * HOUR), context);
    expect(outcome).toBe("ok");
    // Read since 07:00; two hours are over, and a day is at 07:00 tomorrow.
    expect(says).toContain(
      "Verdicts that need 24 h of it are silent on what happens before 2026-11-23 07:00 UTC: pod-identity/foreign-cluster and pod-identity/key-from-elsewhere.",
    );
    expect(says).not.toContain("node-identity/ghost");
    expect(says).toContain("on 2 days; warm for 5 h");
  });

  it("holds nothing back when it is warm", () => {
    expect(ledgerVerdict("cloudtrail", read(now - 24 * HOUR), context).says).not.toContain("silent");
    expect(ledgerVerdict("cloudtrail", read(now - 24 * HOUR + 1), context).says).toContain("silent");
  });
});

describe("the detectors that need a trail to be warm", () => {
  it("are those that say so, each with the trail that it says", () => {
    expect(patienceOf("cloudtrail")).toContainEqual({ id: "pod-identity/foreign-cluster", ms: 24 * HOUR });
    expect(patienceOf("k8s-audit")).toContainEqual({ id: "tokens/never-minted", ms: 25 * HOUR });
    expect(patienceOf("cloudtrail").map(({ id }) => id)).not.toContain("tokens/never-minted");
    // Half of one that judges events too.
    expect(patienceOf("k8s-audit").map(({ id }) => id)).toContain("pod-identity/exchange-outside-agent");
    expect([...patienceOf("k8s-audit"), ...patienceOf("cloudtrail")].every(({ ms }) => ms > 0)).toBe(true);
  });
});
