import type { TrailEvent } from "../../schemas/events/trail-event.ts";
import { compose, type Draft } from "./compose.ts";
import type { DetectorMeta } from "./contracts.ts";

/** Findings about the pipeline itself: never silent, never in the way of others. */
const detectorError: DetectorMeta = {
  id: "health/detector-error",
  version: 1,
  title: "A detector failed on an event",
  description:
    "A detector threw an error on this event, so that its verdict is missing. The other detectors have judged the event.",
  severity: "medium",
  confidence: "high",
  status: "stable",
  attack: [],
  reads: [],
  references: [],
  gaps: ["One finding a detector and day: the first event that failed is quoted, the others are counted."],
  triage: [
    {
      do: "Replay the quoted event with the same version and configuration, and report the error with the redacted event.",
    },
    { do: "Judge the event by hand with the runbook of the detector that failed." },
  ],
};

export function healthDraft(meta: DetectorMeta, event: TrailEvent, cause: unknown): Draft {
  const error = cause instanceof Error ? cause : new Error(String(cause));
  const { from, line } = event.origin;
  const day = new Date(event.time).toISOString().slice(0, 10);
  return compose(
    {
      meta: detectorError,
      event,
      severity: detectorError.severity,
      hit: {
        sentence: `Detector ${meta.id} failed on an event: ${error.message}`,
        by: `detector/${meta.id} ${day}`,
        on: "pipeline",
        evidence: [
          { field: "error", value: `${error.name}: ${error.message}` },
          { field: "read from", value: line === undefined ? from : `${from}:${line}` },
        ],
      },
    },
    [],
    [],
  );
}
