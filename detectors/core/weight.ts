import type { TrailEvent } from "../../schemas/events/trail-event.ts";
import { type Severity, severities, severityRank } from "../../schemas/findings/finding.ts";

/** True when the answer is known and was no. A record without an answer is judged like one that succeeded. */
export const attempted = ({ outcome }: Pick<TrailEvent, "outcome">): boolean =>
  outcome === "denied" || outcome === "refused" || outcome === "failed" || outcome === "unauthenticated";

/** The severity `by` steps further up (down when negative), never below low and never above `ceiling`. */
export function stepped(from: Severity, by: number, ceiling: Severity = "critical"): Severity {
  const rank = Math.max(severityRank("low"), Math.min(severityRank(ceiling), severityRank(from) + by));
  return severities[rank] ?? ceiling;
}

/** The severity `down` steps lower, never below low. */
export const lowered = (from: Severity, down = 1): Severity => stepped(from, -down);
