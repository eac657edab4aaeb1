import { describe, expect, it } from "vitest";
import { ledgerDetectors } from "../../detectors/registry.ts";
import { severityRank } from "../../schemas/findings/finding.ts";
import { ledgerFlow } from "../support/ledger.ts";
import { root } from "../tools/folders.ts";
import { recordingsIn } from "../tools/labels.ts";

const recordings = recordingsIn(`${root}test/recordings/audit`);
const ids = new Set(ledgerDetectors.map(({ meta }) => meta.id));

describe("the ledger, on recordings of ordinary days", () => {
  const benign = recordings.filter(({ name }) => name.startsWith("benign-"));

  it("has ordinary days to judge", () => {
    expect(benign.length).toBeGreaterThan(8);
  });

  it.each(benign.map(({ name, events }) => [name, events] as const))(
    "raises nothing of its own on %s",
    async (_, events) => {
      const { findings } = await ledgerFlow([events]);
      const raised = findings.filter(
        ({ detector, severity }) => ids.has(detector) && severityRank(severity) >= severityRank("medium"),
      );
      expect(raised.map(({ detector, title }) => `${detector}: ${title}`)).toEqual([]);
    },
  );

  it("raises nothing when all of them are one day of one cluster", async () => {
    const day = benign.filter(({ name }) => !name.endsWith("-b136")).map(({ events }) => events);
    const { findings } = await ledgerFlow(day);
    const raised = findings.filter(
      ({ detector, severity }) => ids.has(detector) && severityRank(severity) >= severityRank("medium"),
    );
    expect(raised.map(({ detector, title }) => `${detector}: ${title}`)).toEqual([]);
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
