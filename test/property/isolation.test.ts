import { describe, expect, it } from "vitest";
import { defineJoinDetector, defineSettledDetector, type LedgerDetector } from "../../detectors/ledger/contracts.ts";
import { auditLearners, callLearners } from "../../detectors/ledger/learners.ts";
import { relayed, relayingOver, relays } from "../../detectors/ledger/relays.ts";
import { registry } from "../../detectors/registry.ts";
import type { Finding } from "../../schemas/findings/finding.ts";
import { type LedgerFlowOptions, ledgerFlow } from "../support/ledger.ts";
import { probeHit, probeMeta, probes } from "../support/probes.ts";
import { scenario } from "../support/scenario.ts";

const SECRET = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJzdWIiOiJzeXN0ZW0ifQ.c2lnbmF0dXJlLXRoYXQtaXMtbG9uZy1lbm91Z2g";
const fail = (): never => {
  throw new Error(`broken by ${SECRET}`);
};
const { params } = probes[0] as LedgerDetector;
const id = "probe/broken";
const settled = { meta: probeMeta(id), watch: "use", anchor: "used", settleMs: 60_000, params } as const;
const join = { meta: probeMeta(id), watch: "use", params } as const;

/** A day's worth of findings, but for those on what was broken. */
const shown = (findings: readonly Finding[]): string[] =>
  findings
    .filter(({ detector }) => detector !== "health/detector-error" && detector !== id)
    .map(({ id: name, severity, count, events, reasons }) => JSON.stringify([name, severity, count, events, reasons]));
const day = (options: LedgerFlowOptions = {}) =>
  ledgerFlow(scenario, { detectors: [...registry, ...probes], ...options });
const sound = day();

/** What throws, and where: everything else is found as without it, and it is told of. */
async function expectIsolated(what: string, options: LedgerFlowOptions): Promise<readonly Finding[]> {
  const { findings, store } = await day(options);
  expect(shown(findings)).toEqual(shown((await sound).findings));
  const health = findings.filter(({ detector }) => detector === "health/detector-error");
  // One a day, of each cluster: records of CloudTrail often tell of none.
  expect(new Set(health.map(({ account, cluster, subject }) => [account, cluster, subject].join())).size).toBe(
    health.length,
  );
  expect(health.length).toBeGreaterThan(0);
  for (const { title } of health) expect(title).toContain(`${what} failed`);
  expect(JSON.stringify(health)).not.toContain(SECRET);
  expect((await store.stats()).due).toBe(0);
  return health;
}
const planted = (detector: LedgerDetector): LedgerFlowOptions => ({ detectors: [...registry, ...probes, detector] });

describe("nobody else's findings change where", () => {
  it("a join throws on every choice", async () => {
    const broken = defineJoinDetector({ ...join, match: ["used"], detect: fail });
    const [health] = await expectIsolated("detector/probe/broken", planted(broken));
    expect(health?.entity?.kind).toBe("use");
    expect(health?.target).not.toBe("");
    expect(health?.count).toBeGreaterThan(1);
  });

  it("a join throws on one choice: its other hits stand", async () => {
    const broken = defineJoinDetector({
      ...join,
      match: ["used"],
      detect: ([{ ip, time }]) => (ip === "203.0.113.7" ? fail() : probeHit("used", time, "anybody")),
    });
    await expectIsolated("detector/probe/broken", planted(broken));
    const { findings, counts } = await day(planted(broken));
    expect(findings.filter(({ detector }) => detector === id).length).toBeGreaterThan(3);
    expect(counts.threw.get(id)).toBeGreaterThan(0);
  });

  it("a settled verdict cannot look at its entity", async () => {
    await expectIsolated("detector/probe/broken", planted(defineSettledDetector({ ...settled, detect: fail })));
  });

  it("a settled verdict throws on a value", async () => {
    const detect = () => fail;
    await expectIsolated("detector/probe/broken", planted(defineSettledDetector({ ...settled, detect })));
  });

  it("a hit cannot be made a finding", async () => {
    const hit = { ...probeHit("used", "2026-11-22T10:00:00.000Z", "anybody"), evidence: null as never };
    const detect = () => hit;
    await expectIsolated("detector/probe/broken", planted(defineJoinDetector({ ...join, match: ["used"], detect })));
  });

  const audit = { name: "broken", trail: "k8s-audit", trigger: () => true, learn: () => [] } as const;
  it.each([
    ["learns", { ...audit, learn: fail }],
    ["looks at the text", { ...audit, trigger: fail }],
    ["compares", { ...audit, same: fail }],
  ])("a learner of the audit log throws where it %s, wherever it stands", async (_, broken) => {
    for (const all of [
      [broken, ...auditLearners],
      [...auditLearners, broken],
    ])
      await expectIsolated("learner/broken", { learners: [all, callLearners] });
  });

  it("a learner of calls throws", async () => {
    const broken = { name: "broken", trail: "cloudtrail", trigger: "eventID", learn: fail } as const;
    await expectIsolated("learner/broken", { learners: [auditLearners, [broken, ...callLearners]] });
  });

  it("a relay throws", async () => {
    const [first] = relays;
    if (first === undefined) throw new Error("no relay");
    const broken = {
      ...first,
      from: "use",
      fact: "used",
      over: "issued",
      to: "pod",
      as: "called",
      give: fail,
    } as const;
    const [health] = await expectIsolated("relay/use.used to pod.called", {
      relaying: relayingOver([broken, ...relays]),
    });
    expect(health?.entity?.kind).toBe("use");
  });
});

it("a verdict that threw waits no more only when its finding is out", async () => {
  const broken = defineSettledDetector({ ...settled, detect: fail });
  const { store } = await ledgerFlow(scenario, { detectors: [broken], settle: false });
  expect((await store.stats()).due).toBeGreaterThan(0);
  const { findings } = await ledgerFlow([], { detectors: [broken], store });
  expect(findings.map(({ detector }) => detector)).toEqual(["health/detector-error"]);
  expect((await store.stats()).due).toBe(0);
});

it("relays without anybody to tell of it throw", () => {
  expect(relayed({ kind: "key", id: "a", sets: new Map() })).toEqual([]);
});
