import type { Logger } from "pino";
import { reasonOf } from "../adapters/sinks/reason.ts";
import type { Desk } from "../findings/desk.ts";
import type { FindingStore } from "../findings/ports.ts";
import { conditions, healthDraft } from "../runtime/health.ts";
import { countFound, type Meter } from "../runtime/meter.ts";
import type { Report } from "./letters.ts";

interface ReportParts {
  readonly desk: Pick<Desk, "take">;
  readonly store: Pick<FindingStore, "read">;
  readonly region: string;
  readonly now: () => number;
  readonly meter: Meter;
  readonly log: Logger;
}

/** Refused findings as findings on the pipeline's health. One of these that is refused itself says nothing more: it would go round. */
export const createReport =
  ({ desk, store, region, now, meter, log }: ReportParts): Report =>
  async ({ id = "a message", sink, code, message }) => {
    try {
      const [refused] = await store.read([id]);
      if (refused?.draft.finding.detector === conditions.refused.id) return;
      const what = refused === undefined ? "" : ` (${refused.draft.finding.detector})`;
      const found = healthDraft(conditions.refused, {
        sentence: `${sink} takes no ${id}${what}: ${message}`,
        // Not one of each that is refused: whatever makes one of them may make thousands.
        on: `${sink} ${code}`,
        ...{ at: now(), region },
        evidence: [
          { field: "finding", value: id },
          { field: "code", value: code },
          { field: "message", value: message },
        ],
      });
      await desk.take([found]);
      countFound(meter, [found]);
    } catch (error) {
      log.error({ id, reason: reasonOf(error) }, "a refused finding could not be reported");
    }
  };
