import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openSqliteStore } from "../../functions/adapters/ledger/sqlite.ts";
import { assertBalanced } from "../../functions/cli/balance.ts";
import type { Finding } from "../../schemas/findings/finding.ts";
import { severityRank } from "../../schemas/findings/finding.ts";
import { inOrderOfArrival, type Line } from "../support/day/clockwork.ts";
import { benignDay } from "../support/day/day.ts";
import { judged } from "../support/day/judged.ts";
import { attacks } from "../support/day/plants.ts";
import { kindOf, SEEN_AT_LEAST, SHARES, SOURCES } from "../support/day/shares.ts";
import { dayOptions, HOUR, MINUTE } from "../support/day/world.ts";
import { root } from "../tools/folders.ts";
import { recordingsIn } from "../tools/labels.ts";

/** The whole day and the one before it, of a smaller cast, with a five-hundredth of the noise. The whole cast: `node test/tools/day.ts`. */
const CUT = { nodes: 9, pods: 100, sessions: 36, noise: 0.002 };
/** Where two cores do the work of ten; no test is timed. */
const LIMIT_MS = 15 * MINUTE;
const { start } = dayOptions();

/** What a detector may say of the day at low severity, and why it may. A day is a UTC day; the cut covers three of them. */
const LOW: Readonly<Record<string, { readonly most: number; readonly because: string }>> = {
  "impersonation/eks-auto-component": {
    most: 60,
    because: "a platform update brings a component that is not listed: once for each node that runs that day",
  },
  "pod-identity/role-assumed-otherwise": {
    most: 6,
    because: "a role is on its way from web identities to Pod Identity: once a day for each service account",
  },
  "access/pod-entered-then-aws": {
    most: 6,
    because:
      "an administrator enters a pod that was started today, and it calls what it calls seldom, or forwards a port of one that is refused something: six entries a day each",
  },
};

const at = (severity: Finding["severity"], findings: readonly Finding[]): readonly Finding[] =>
  findings.filter((finding) => severityRank(finding.severity) >= severityRank(severity));

/** Nothing that wakes anybody, little that does not, and no record lost. */
function expectQuiet({ findings, totals }: Awaited<ReturnType<typeof judged>>, read: number): void {
  expect(at("medium", findings).map(({ detector, title, firstSeen }) => `${firstSeen} ${detector}: ${title}`)).toEqual(
    [],
  );
  const low = Map.groupBy(at("low", findings), ({ detector }) => detector);
  for (const [detector, said] of low)
    expect(said.length, `findings of low severity by ${detector}`).toBeLessThanOrEqual(LOW[detector]?.most ?? 0);
  expect(totals.read).toBe(read);
  expect(totals.setAside).toBe(0);
  expect(() => assertBalanced(totals)).not.toThrow();
}

const lines = [...benignDay(CUT)];
const byTrail = (first: Line["trail"]): readonly Line[] => {
  const arrived = [...inOrderOfArrival(lines)];
  return [...arrived.filter(({ trail }) => trail === first), ...arrived.filter(({ trail }) => trail !== first)];
};

describe("the day", () => {
  it("is the same each time, in the order of time, and nothing arrives before it happens or later than its trail is", () => {
    const again = benignDay({ ...CUT, hours: 1 })[Symbol.iterator]();
    let last = 0;
    for (const line of lines.slice(0, 5_000)) {
      expect(again.next().value).toEqual(line);
      expect(line.time).toBeGreaterThanOrEqual(last);
      const late = line.arrival - line.time;
      expect(late).toBeGreaterThanOrEqual(0);
      expect(late).toBeLessThanOrEqual(line.trail === "cloudtrail" ? 15 * MINUTE : 20_000);
      last = line.time;
    }
  });

  it("has the events of the recordings in their shares", () => {
    const seen = new Map<string, number>();
    for (const { name, events } of recordingsIn(`${root}test/recordings/audit`)) {
      if (!SOURCES.includes(name)) continue;
      for (const line of events.trimEnd().split("\n")) {
        const kind = kindOf(JSON.parse(line))?.join(" ");
        if (kind !== undefined) seen.set(kind, (seen.get(kind) ?? 0) + 1);
      }
    }
    const counted = [...seen].filter(([, count]) => count >= SEEN_AT_LEAST);
    expect(new Map(SHARES.map(([verb, resource, whose, count]) => [`${verb} ${resource} ${whose}`, count]))).toEqual(
      new Map(counted),
    );
  });

  it("has 97 audit events a second, of which every twentieth at most is the day's own", () => {
    const two = [...benignDay({ before: 0, hours: 1 / 30 })].filter(({ trail }) => trail === "k8s-audit");
    expect(two.length / 120).toBeGreaterThan(92);
    expect(two.length / 120).toBeLessThan(105);
    const noise = two.map(({ text }) => kindOf(JSON.parse(text))?.join(" ") ?? "");
    const known = new Set(SHARES.map(([verb, resource, whose]) => `${verb} ${resource} ${whose}`));
    expect(noise.filter((kind) => known.has(kind)).length / two.length).toBeGreaterThan(0.95);
    const leases = noise.filter((kind) => kind === "update coordination.k8s.io/leases control plane").length;
    const all = SHARES.reduce((sum, [, , , count]) => sum + count, 0);
    expect(leases / two.length).toBeCloseTo(217 / all, 1);
  });
});

describe("an ordinary day raises nothing", { timeout: LIMIT_MS }, () => {
  it("as its records arrive, with a sweep every five minutes", async () => {
    expectQuiet(await judged(inOrderOfArrival(lines)), lines.length);
  });

  it("when the ledger begins in the middle of it", async () => {
    const rest = lines.filter(({ arrival }) => arrival > start + 9.5 * HOUR);
    expectQuiet(await judged(inOrderOfArrival(rest)), rest.length);
  });

  it.each(["k8s-audit", "cloudtrail"] as const)("when all of the %s is read before the other", async (first) => {
    expectQuiet(await judged(byTrail(first), { sweepMs: 0 }), lines.length);
  });

  it("in two parts, by a ledger that is kept between them", async () => {
    const folder = mkdtempSync(join(tmpdir(), "day-"));
    const part = async (some: readonly Line[], settleAll: boolean) => {
      const store = openSqliteStore(join(folder, "ledger.db"));
      const outcome = await judged(inOrderOfArrival(some), { store, settleAll, sweepMs: 0 });
      store.close();
      return outcome;
    };
    try {
      // What arrives later is in the second file, though it happened before.
      const night = lines.filter(({ arrival }) => arrival < start + 11 * HOUR && arrival > start - 14 * HOUR);
      const rest = lines.filter(({ arrival }) => arrival >= start + 11 * HOUR && arrival < start + 18 * HOUR);
      expectQuiet(await part(night, false), night.length);
      expectQuiet(await part(rest, true), rest.length);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("and is not deaf: planted into it, is found", async () => {
  const day = benignDay(
    CUT,
    attacks.map(({ plant }) => plant),
  );
  const { findings } = await judged(inOrderOfArrival(day));

  it.each(attacks.map(({ what, detector }) => [what, detector] as const))("%s (%s)", (_, detector) => {
    const found = at("medium", findings).filter((finding) => finding.detector === detector);
    expect(found.length).toBeGreaterThan(0);
  });
});
