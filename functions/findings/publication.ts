import { hashOf } from "../../detectors/core/hash.ts";
import { severities, severityRank } from "../../schemas/findings/finding.ts";
import type { Kept, Mark } from "./ports.ts";

/** How long a change waits that is neither a new severity nor a round number. */
export const REPUBLISH_MS = 3_600_000;

/** What is to be done about a finding now. */
export interface Verdict {
  /** Absent: it is out as it is, or its change waits for its hour. */
  readonly publish?: {
    /** New, or raised: somebody is told. Otherwise what is out is brought up to date. */
    readonly notify: boolean;
    /** To be written down when it is in the outbox. */
    readonly mark: Mark;
  };
  /** ms: when a change that is not published now has to be. */
  readonly again?: number;
}

const COUNTS = [10, 100] as const;

/** Which steps of publication are due: new or raised to a severity; its 10th, its 100th event, more than are counted; an hour after the latest
 * publication when something has changed since (design §5). A step names the state that it published, so that a worker that published a lower
 * severity does not take the higher one's step. `now` (ms): the pipeline's clock; one that runs ahead only delays changes, never news. */
export function publicationOf(kept: Kept, now: number): Verdict {
  const { steps, last } = kept;
  const { severity, count } = kept.draft.finding;
  const notify = !severities.some(
    (other) => severityRank(other) >= severityRank(severity) && steps.has(severityStep(other)),
  );
  const due = [
    ...(notify ? [severityStep(severity)] : []),
    ...COUNTS.filter((round) => count >= round).map((round) => `count ${round}`),
    ...(kept.draft.overflow ? ["count 200+"] : []),
  ].filter((step) => !steps.has(step));
  const seen = digestOf(kept);
  const changed = last?.seen !== seen;
  const again = (last?.at ?? 0) + REPUBLISH_MS;
  if (due.length > 0 || (changed && now >= again)) return { publish: { notify, mark: { steps: due, at: now, seen } } };
  return changed ? { again } : {};
}

const severityStep = (severity: string): string => `severity ${severity}`;

/** Of all that a reader of the finding may see change: what leads it may change alone, its evidence and its events, while its counts stay. */
function digestOf({ draft: { finding, overflow } }: Kept): string {
  const { raw, config, ...shown } = finding;
  return hashOf(JSON.stringify([shown, overflow]));
}
