import type { TrailEvent } from "../../schemas/events/trail-event.ts";
import { compose, type Draft } from "./compose.ts";
import type { DetectorMeta } from "./contracts.ts";

/** Findings about the pipeline itself: never silent, never in the way of others. */
export const detectorError: DetectorMeta = {
  id: "health/detector-error",
  version: 1,
  title: "A detector failed",
  description:
    "A detector threw an error on this event or entity, so that its verdict is missing; or a learner or relay did, so that what it would have told is. All others have done their part.",
  severity: "medium",
  confidence: "high",
  status: "stable",
  attack: [],
  reads: [],
  references: [],
  gaps: ["One finding a detector and day: the first event or entity that failed is quoted, the others are counted."],
  triage: [
    {
      do: "Replay the quoted event, or those of the quoted entity, with the same version and configuration, and report the error with them, redacted.",
    },
    { do: "Judge it by hand with the runbook of the detector that failed." },
  ],
};

/** `what`: `detector/…` or `learner/…`. */
export function healthDraft(what: string, event: TrailEvent, cause: unknown): Draft {
  const error = cause instanceof Error ? cause : new Error(String(cause));
  const { from, line } = event.origin;
  const day = new Date(event.time).toISOString().slice(0, 10);
  const draft = compose(
    {
      meta: detectorError,
      event,
      severity: detectorError.severity,
      hit: {
        sentence: `${what} failed on an event: ${error.message}`,
        by: `${what} ${day}`,
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
  return { ...draft, threw: threwBy(what) };
}

/** What threw, as it is counted: a detector by its id alone. */
export const threwBy = (what: string): string => what.replace(/^detector\//, "");
