import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { placeholders } from "../../detectors/core/triage.ts";
import { ofLedger } from "../../detectors/ledger/contracts.ts";
import { registry } from "../../detectors/registry.ts";
import { techniques } from "../../schemas/attack.ts";
import { isFinding } from "../../schemas/validators.generated.js";
import { type LedgerFlow, ledgerFlow } from "../support/ledger.ts";
import { flow } from "../support/sample.ts";
import { detectorFolders, root } from "../tools/folders.ts";

const HEADINGS = ["## What it sees", "## Assumptions and blind spots", "## False positives", "## Triage"];
const ADDRESS = /\b\d{1,3}(?:\.\d{1,3}){3}\b/g;
/** RFC 5737 documentation, RFC 1918 private, link-local and loopback: what samples may name. */
const ALLOWED_ADDRESS =
  /^(?:192\.0\.2\.|198\.51\.100\.|203\.0\.113\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|127\.|100\.64\.|0\.0\.0\.0)/;
const read = (...path: string[]): string => readFileSync(join(root, "detectors", ...path), "utf8");

it("lists every folder with a detector, and only those", () => {
  expect(registry.map(({ meta }) => meta.id)).toEqual(detectorFolders());
});

it("has at least 24 detectors", () => {
  expect(registry.length).toBeGreaterThanOrEqual(24);
});

describe.each(registry.map((detector) => [detector.meta.id, detector] as const))("%s", (id, detector) => {
  const { meta } = detector;
  const folder = join(root, "detectors", id);
  const files = existsSync(join(folder, "events")) ? readdirSync(join(folder, "events")) : [];
  const hits = files.filter((file) => /^hit-.+\.ndjson$/.test(file));
  const misses = files.filter((file) => /^miss-.+\.ndjson$/.test(file));

  it("says what it is", () => {
    expect(meta.title.length).toBeLessThanOrEqual(80);
    expect(meta.description.length).toBeGreaterThan(60);
    expect(meta.reads.length).toBeGreaterThan(0);
    expect(meta.gaps.length).toBeGreaterThan(0);
    expect(meta.references.every((url) => url.startsWith("https://"))).toBe(true);
    expect(meta.references.length).toBeGreaterThan(0);
  });

  it("names ATT&CK techniques under a tactic that lists them", () => {
    expect(meta.attack.length).toBeGreaterThan(0);
    for (const { tactic, technique } of meta.attack) expect(techniques[technique].tactics).toContain(tactic);
  });

  it("gives two or three steps of triage, with a query that quotes its placeholders", () => {
    expect(meta.triage.length).toBeGreaterThanOrEqual(2);
    expect(meta.triage.length).toBeLessThanOrEqual(3);
    expect(meta.triage.some((step) => step.audit ?? step.cloudtrail ?? step.cli)).toBe(true);
    for (const step of meta.triage) {
      const queries = [
        ['"', step.audit],
        ['"', step.cloudtrail],
        ["'", step.cli],
      ] as const;
      for (const [quote, query] of queries) {
        for (const match of query?.matchAll(/(.?)\{([a-zA-Z.]+)\}(.?)/g) ?? []) {
          expect(placeholders, query).toContain(match[2]);
        }
        // Whatever stands outside of quotes holds no placeholder.
        const outside =
          query
            ?.split(quote)
            .filter((_, index) => index % 2 === 0)
            .join("") ?? "";
        expect(outside, query).not.toMatch(/\{[a-zA-Z.]+\}/);
      }
    }
  });

  it("has a runbook with every heading, and the steps in it", () => {
    const runbook = read(id, "README.md");
    for (const heading of HEADINGS) expect(runbook).toContain(`\n${heading}\n`);
    expect(runbook.split("\n")[0]).toMatch(/^# /);
    expect(runbook.slice(runbook.indexOf("## Triage"))).toContain("1.");
  });

  it("has tests of its own", () => {
    expect(existsSync(join(folder, "detector.test.ts"))).toBe(true);
  });

  it("has a hit and a miss in wire form", () => {
    expect(hits.length).toBeGreaterThan(0);
    expect(misses.length).toBeGreaterThan(0);
  });

  const text = (file: string): string => read(id, "events", file);
  const backwards = (file: string): string => text(file).trimEnd().split("\n").reverse().join("\n");

  it("is judged by the ledger under its own parameters, and waits for one verdict at most", () => {
    const halves = ofLedger(detector);
    for (const half of halves) expect(half).toMatchObject({ meta, params: detector.params });
    expect(halves.filter(({ kind }) => kind === "settled").length).toBeLessThanOrEqual(1);
  });

  if (detector.kind !== "event" || ofLedger(detector).length > 0) {
    it.each(hits)("finds %s through the whole flow, whichever record comes first", async (file) => {
      const { findings } = await ledgerFlow([text(file)]);
      expect(findings.map((finding) => finding.detector)).toContain(id);
      for (const finding of findings) expect(isFinding(finding), JSON.stringify(isFinding.errors)).toBe(true);
      const own = ({ findings: all }: LedgerFlow): string[] =>
        all.map((finding) => `${finding.id} ${finding.severity}`);
      const alone = await ledgerFlow([text(file)], { detectors: [detector] });
      expect(own(await ledgerFlow([backwards(file)], { detectors: [detector] }))).toEqual(own(alone));
    });

    it.each(misses)("stays quiet on %s, whichever record comes first", async (file) => {
      for (const order of [text(file), backwards(file)])
        expect((await ledgerFlow([order], { detectors: [detector] })).findings.map(({ title }) => title)).toEqual([]);
    });
  } else {
    it.each(hits)("finds %s through the whole flow", (file) => {
      const { findings, totals, aside } = flow([text(file)]);
      expect(aside).toEqual([]);
      expect(totals.judged).toBeGreaterThan(0);
      // The strongest of a family speaks for it; the others are its reasons.
      const said = findings.filter(
        (finding) => finding.detector === id || finding.reasons.some((reason) => reason.startsWith(`also ${id}:`)),
      );
      const all = JSON.stringify(findings.map((finding) => [finding.detector, finding.title]));
      expect(said.length, all).toBeGreaterThan(0);
      const alone = flow([text(file)], { detectors: [detector] }).findings;
      expect(alone.map((finding) => finding.detector)).toContain(id);
      for (const finding of [...findings, ...alone])
        expect(isFinding(finding), JSON.stringify(isFinding.errors)).toBe(true);
    });

    it.each(misses)("stays quiet on %s", (file) => {
      const { findings, totals, aside } = flow([text(file)], { detectors: [detector] });
      expect(aside).toEqual([]);
      expect(totals.judged).toBeGreaterThan(0);
      expect(findings.map((finding) => finding.title)).toEqual([]);
    });
  }

  it.each([...hits, ...misses])("names documentation addresses only in %s", (file) => {
    const foreign = (read(id, "events", file).match(ADDRESS) ?? []).filter((address) => !ALLOWED_ADDRESS.test(address));
    expect(foreign).toEqual([]);
    expect(read(id, "events", file)).not.toMatch(/AKIA(?!EXAMPLE)[A-Z0-9]{12,}|ASIA(?!EXAMPLE)[A-Z0-9]{12,}/);
  });
});
