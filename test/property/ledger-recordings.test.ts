import { describe, expect, it } from "vitest";
import { ofLedger } from "../../detectors/ledger/contracts.ts";
import { registry } from "../../detectors/registry.ts";
import { severityRank } from "../../schemas/findings/finding.ts";
import { ledgerFlow } from "../support/ledger.ts";
import { flow } from "../support/sample.ts";
import { root } from "../tools/folders.ts";
import { recordingsIn } from "../tools/labels.ts";

const recordings = recordingsIn(`${root}test/recordings/audit`);
const ids = new Set(registry.filter((detector) => ofLedger(detector).length > 0).map(({ meta }) => meta.id));

/** What the ledger made of these records, or made more of, at medium or above. */
async function raisedBy(texts: readonly string[]): Promise<readonly string[]> {
  const alone = new Map(flow(texts).findings.map(({ id, severity }) => [id, severityRank(severity)]));
  const { findings } = await ledgerFlow(texts);
  return findings
    .filter(({ detector }) => ids.has(detector))
    .filter(({ id, severity }) => severityRank(severity) >= Math.max(severityRank("medium"), (alone.get(id) ?? -1) + 1))
    .map(({ detector, title }) => `${detector}: ${title}`);
}

describe("the ledger, on recordings of ordinary days", () => {
  const benign = recordings.filter(({ name }) => name.startsWith("benign-"));

  it("has ordinary days to judge", () => {
    expect(benign.length).toBeGreaterThan(8);
  });

  it.each(benign.map(({ name, events }) => [name, events] as const))(
    "raises nothing of its own on %s",
    async (_, events) => {
      expect(await raisedBy([events])).toEqual([]);
    },
  );

  it("raises nothing when all of them are one day of one cluster", async () => {
    const day = benign.filter(({ name }) => !name.endsWith("-b136")).map(({ events }) => events);
    expect(await raisedBy(day)).toEqual([]);
  });
});

it("the ledger joins what one attacker did into a sequence", async () => {
  const [attack] = recordings.filter(({ name }) => name === "attack-chain");
  const { findings } = await ledgerFlow([attack?.events ?? ""]);
  const sequences = findings.filter(({ detector }) => detector.startsWith("sequence/"));
  expect(sequences.length).toBeGreaterThan(0);
  const known = new Set(findings.map(({ id }) => id));
  for (const { severity, related } of sequences) {
    expect(severity).toBe("critical");
    expect(related.length).toBeGreaterThan(1);
    expect(related.filter((id) => !known.has(id))).toEqual([]);
  }
});
