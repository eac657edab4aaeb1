import { pino } from "pino";
import { describe, expect, it } from "vitest";
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
const unwell = [healthDraft(conditions.configuration, { sentence: "it is broken", on: "v2", at: 0 })];

function harness(publish: SweepParts["publish"] = async () => undefined) {
  const counts: Record<string, number> = {};
  const ledger: Pick<Program["ledger"], "settle"> = { settle: (_until, tell) => tell(settled) };
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
      "DetectorHits health/configuration": 1,
    });
  });

  it("counts no finding that is not out, and which of its parts failed; the others are done", async () => {
    const { counts, sweep } = harness((drafts) =>
      drafts === settled ? Promise.reject(new Error("no outbox")) : Promise.resolve(),
    );
    await expect(sweep()).rejects.toThrow("the sweep failed in part");
    expect(counts).toEqual({ "SweepFailed settle": 1, CaughtUp: 4, "DetectorHits health/configuration": 1 });
  });
});
