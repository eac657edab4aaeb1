import { describe, expect, it } from "vitest";
import { ledgerFlow } from "../../test/support/ledger.ts";
import {
  manyPlaces,
  mintedElsewhere,
  neverIssued,
  probeHit,
  probeMeta,
  probes,
  usedAfterPod,
} from "../../test/support/probes.ts";
import { scenario } from "../../test/support/scenario.ts";
import { arm } from "../core/settings.ts";
import { ledgerDetectors, registry } from "../registry.ts";
import { samples } from "../samples.generated.ts";
import { defineSettledDetector } from "./contracts.ts";
import { entities, type Kind } from "./entities.ts";
import { attributeOf } from "./facts.ts";

const rule = (fields: object = {}) => ({
  ...{ detector: "probe/never-issued", actor: "ASIAEXAMPLEUNKNOWN1", action: { verb: "a" } },
  ...{ reason: "a test", owner: "user@example.com", expires: "2026-12-31" },
  ...fields,
});
const day = (rules: readonly object[], lines: readonly string[] = scenario) =>
  ledgerFlow(lines, { detectors: probes, config: { version: 1, suppressions: rules as never } });
const idsOf = ({ findings }: Awaited<ReturnType<typeof day>>): string[] =>
  findings.map(({ detector, actor }) => `${detector} ${actor.name}`).sort();

it("a configured severity is the highest that a detector of the ledger gives", async () => {
  const severities = async (detectors: object): Promise<Record<string, string[]>> => {
    const { findings } = await ledgerFlow(scenario, {
      detectors: [neverIssued, manyPlaces],
      config: { version: 1, detectors: detectors as never },
    });
    const byDetector = Map.groupBy(findings, ({ detector }) => detector);
    return Object.fromEntries(
      [...byDetector].map(([id, all]) => [id, [...new Set(all.map(({ severity }) => severity))].sort()]),
    );
  };
  const [one, many] = ["probe/never-issued", "probe/many-places"];
  // Of the two, which are high, the one names none of its own; the other goes by how many places there are.
  expect(await severities({})).toEqual({ [one]: ["high"], [many]: ["critical", "medium"] });
  const low = { [one]: { severity: "low" }, [many]: { severity: "low" } };
  expect(await severities(low)).toEqual({ [one]: ["low"], [many]: ["low"] });
  const critical = { [one]: { severity: "critical" }, [many]: { severity: "critical" } };
  expect(await severities(critical)).toEqual({ [one]: ["critical"], [many]: ["critical", "medium"] });
});

describe("a suppression of a ledger detector", () => {
  it("hides its hits, of that identity and action only, and counts them", async () => {
    const all = await day([]);
    const { counts, ...some } = await day([rule()]);
    const hidden = "probe/never-issued ASIAEXAMPLEUNKNOWN1";
    expect(idsOf(all)).toContain(hidden);
    expect(idsOf({ counts, ...some })).toEqual(idsOf(all).filter((name) => name !== hidden));
    // Two uses, each a hit, however often the entity is looked at.
    expect(counts.suppressed).toBe(2);
    expect(counts.hits.get("probe/never-issued")).toBe(all.counts.hits.get("probe/never-issued"));
    for (const other of [rule({ actor: "somebody" }), rule({ action: { verb: "b" } })])
      expect(idsOf(await day([other]))).toEqual(idsOf(all));
  });

  it("ends by the time of the fact", async () => {
    const { counts } = await day([rule({ expires: "2026-11-22" })]);
    expect(counts.suppressed).toBe(0);
  });

  it("leaves no fact for attack sequences", async () => {
    const sequence = defineSettledDetector({
      ...{
        meta: probeMeta("sequence/of-hits"),
        watch: "principal",
        anchor: "hit",
        settleMs: 0,
        params: neverIssued.params,
      },
      detect: () => (hit) => [probeHit(hit.finding, hit.time, "anybody")],
    });
    const config = (rules: readonly object[]) => ({
      ...{ detectors: [neverIssued, sequence], config: { version: 1 as const, suppressions: rules as never } },
    });
    const told = await ledgerFlow(scenario, config([]));
    const hidden = await ledgerFlow(scenario, config([rule()]));
    const subjects = (all: typeof told): number =>
      all.findings.filter(({ detector }) => detector === "sequence/of-hits").length;
    expect(subjects(told)).toBeGreaterThan(0);
    expect(subjects(hidden)).toBe(subjects(told) - 1);
  });

  it.each(ledgerDetectors.map(({ meta }) => [meta.id]))("is refused where it would hide a hit sample of %s", (id) => {
    const own = samples.filter(({ detector }) => detector === id);
    expect(own.length).toBeGreaterThan(0);
    const [sample] = own;
    const hiding = rule({ detector: id, actor: sample?.actor.name, action: { verb: sample?.action.verb } });
    const config = { version: 1 as const, suppressions: [hiding] as never };
    expect(() => arm(registry, config, {}, samples)).toThrow(/would hide .* own hit sample/);
  });
});

describe("the counts", () => {
  it("are of hits, each once, though entities are judged again", async () => {
    const once = await day([]);
    const twice = await day([], [...scenario, ...scenario]);
    expect(twice.counts.hits.get(usedAfterPod.meta.id)).toBe(once.counts.hits.get(usedAfterPod.meta.id));
    // Pod 4's token, and that of pod 2, which another node reports later.
    expect(once.counts.hits.get(mintedElsewhere.meta.id)).toBe(2);
  });

  it("are of verdicts that were not made as the ledger was cold, by detector", async () => {
    const cold = defineSettledDetector({
      ...{ meta: probeMeta("probe/cold"), watch: "use", anchor: "used", settleMs: 0, params: neverIssued.params },
      coldness: { warm: { trail: "k8s-audit", ms: 24 * 3_600_000 } },
      detect: () => () => [],
    });
    const { counts } = await ledgerFlow(scenario, { detectors: [cold, neverIssued] });
    expect([...counts.cold.keys()]).toEqual(["probe/cold"]);
    expect(counts.cold.get("probe/cold")).toBeGreaterThan(5);
  });
});

it("settled detectors wait no less than the grain of their anchor, or go by the first time in it where that is hours", () => {
  for (const detector of ledgerDetectors)
    if (detector.kind === "settled") {
      const { bucketMs = 0 } = attributeOf(detector.watch, detector.anchor);
      if (bucketMs < 60 * 60_000) expect(detector.settleMs, detector.meta.id).toBeGreaterThanOrEqual(bucketMs);
      expect(attributeOf(detector.watch, detector.anchor).fields).toContain("time");
      const { birth } = detector.coldness ?? {};
      if (birth !== undefined) expect(Object.keys(entities[detector.watch as Kind].attributes)).toContain(birth);
    }
});
