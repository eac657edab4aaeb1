import type { Draft } from "../../detectors/core/compose.ts";
import { mergeDrafts } from "../../detectors/core/merge.ts";
import { type Finding, severityRank } from "../../schemas/findings/finding.ts";

/** Findings by id, merged as they come; one process' embedded store. */
export interface FindingBook {
  readonly add: (drafts: readonly Draft[]) => void;
  /** Most severe first, then oldest, then by id. */
  readonly all: () => readonly Finding[];
}

export function createFindingBook(): FindingBook {
  const drafts = new Map<string, Draft>();
  return {
    add(more) {
      for (const draft of more) {
        const known = drafts.get(draft.finding.id);
        drafts.set(draft.finding.id, known === undefined ? draft : mergeDrafts(known, draft));
      }
    },
    all: () => [...drafts.values()].map(({ finding }) => finding).sort(bySeverity),
  };
}

function bySeverity(a: Finding, b: Finding): number {
  const order = severityRank(b.severity) - severityRank(a.severity);
  if (order !== 0) return order;
  const [x, y] = [`${a.firstSeen}${a.id}`, `${b.firstSeen}${b.id}`];
  return x < y ? -1 : 1;
}
