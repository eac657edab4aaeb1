import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { Draft } from "../../detectors/core/compose.ts";
import { healthDraft as thrownDraft } from "../../detectors/core/health.ts";
import { draftOf } from "../../test/support/drafts.ts";
import { auditEvent } from "../../test/support/events.ts";
import { conditions, healthDraft } from "../runtime/health.ts";
import type { Program } from "../runtime/program.ts";
import { createSweep, type SweepParts } from "./sweep.ts";

const settled = [
  draftOf({ event: "a" }),
  draftOf({ event: "b" }),
  thrownDraft("detector/test/broken", auditEvent({}), new TypeError("planted")),
];
/** A set that became full as verdicts were made. */
const overflowed = [{ kind: "node", id: "i-0a", attribute: "act", at: "2026-11-20T10:00:00Z" }] as const;
const unwell = [healthDraft(conditions.configuration, { sentence: "it is broken", on: "v2", at: 0 })];

function harness(publish: SweepParts["publish"] = async () => undefined) {
  const counts: Record<string, number> = {};
  const ledger: Pick<Program["ledger"], "settle"> = { settle: (_until, tell) => tell(settled, overflowed) };
  const sweep = createSweep({
    program: async () =>
      ({ ledger, configured: { config: { version: 1 }, version: "v1" } }) as Pick<Program, "configured"> as Program,
    clock: async () => 0,
    catchUp: async () => 4,
    health: async () => unwell,
    publish,
    meter: {
      ...{ totals: () => undefined, lag: () => undefined, waited: () => undefined, flush: () => undefined },
      count: (name: string, value: number, by: Readonly<Record<string, string>> = {}) => {
        const key = [name, ...Object.values(by)].join(" ");
        counts[key] = (counts[key] ?? 0) + value;
      },
    },
    log: pino({ level: "silent" }),
  });
  return { counts, sweep: () => sweep({}, { awsRequestId: "sweep" }) };
}

describe("a sweep", () => {
  it("counts what it settled, and by detector what was found and what threw", async () => {
    const { counts, sweep } = harness();
    await sweep();
    expect(counts).toEqual({
      ...{ Settled: 3, CaughtUp: 4 },
      ...{ "DetectorHits test/one": 2, "DetectorHits health/detector-error": 1, "DetectorThrew test/broken": 1 },
      ...{ "DetectorHits health/configuration": 1, "DetectorHits health/ledger-overflow": 1 },
    });
  });

  it("tells of a set that became full as it settled", async () => {
    const told: Draft[] = [];
    await harness(async (drafts) => void told.push(...drafts)).sweep();
    const full = told.filter(({ finding }) => finding.detector === conditions.ledgerOverflow.id);
    expect(full.map(({ finding }) => [finding.title, finding.firstSeen])).toEqual([
      ["The ledger was told of more than it keeps of node.act, first of node i-0a", "2026-11-20T10:00:00.000Z"],
    ]);
  });

  it("counts no finding that is not out, and which of its parts failed; the others are done", async () => {
    const { counts, sweep } = harness((drafts) =>
      drafts.includes(settled[0] as Draft) ? Promise.reject(new Error("no outbox")) : Promise.resolve(),
    );
    await expect(sweep()).rejects.toThrow("the sweep failed in part");
    expect(counts).toEqual({ "SweepFailed settle": 1, CaughtUp: 4, "DetectorHits health/configuration": 1 });
  });
});
