import type { TrailEvent } from "../../schemas/events/trail-event.ts";
import { type Severity, severities, severityRank } from "../../schemas/findings/finding.ts";
import type { DetectorMeta } from "./contracts.ts";

/** True when the answer is known and was no. A record without an answer is judged like one that succeeded. */
export const attempted = ({ outcome }: Pick<TrailEvent, "outcome">): boolean =>
  outcome === "denied" || outcome === "refused" || outcome === "failed" || outcome === "unauthenticated";

/** The severity of a hit. A detector's own is the highest that it gives, and evidence may put a hit lower (an attempt that was refused); a configured `severity`
 * takes the place of the highest: hits above it come down to it, hits of full worth go up to it, and what evidence has put lower stays there. */
export function severityOf(
  hit: { readonly severity?: Severity },
  { detector, severity }: { readonly detector: { readonly meta: DetectorMeta }; readonly severity: Severity },
): Severity {
  if (hit.severity === undefined || severity === detector.meta.severity) return hit.severity ?? severity;
  const full = Math.min(severityRank(detector.meta.severity), severityRank(severity));
  return severityRank(hit.severity) >= full ? severity : hit.severity;
}

/** The severity `by` steps further up (down when negative), never below low and never above `ceiling`. */
export function stepped(from: Severity, by: number, ceiling: Severity = "critical"): Severity {
  const rank = Math.max(severityRank("low"), Math.min(severityRank(ceiling), severityRank(from) + by));
  return severities[rank] ?? ceiling;
}

/** The severity `down` steps lower, never below low. */
export const lowered = (from: Severity, down = 1): Severity => stepped(from, -down);
