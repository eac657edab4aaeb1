import type { Draft } from "../../detectors/core/compose.ts";
import { mergeDrafts } from "../../detectors/core/merge.ts";
import { type Finding, severityRank } from "../../schemas/findings/finding.ts";

/** Findings by id, merged as they come: what one process can hold of them. */
export interface FindingBook {
  readonly add: (drafts: readonly Draft[]) => void;
  readonly get: (id: string) => Draft | undefined;
  readonly delete: (id: string) => void;
  /** Most severe first, then oldest, then by id. */
  readonly all: () => readonly Finding[];
  /** How many had to be left out, the last of that order. */
  readonly leftOut: () => number;
}

/** Some ten kilobytes each: whoever is watched can make as many as he likes, and must not end the watching. */
const MAX_FINDINGS = 50_000;
/** Sorting all costs more than keeping a few more. */
const SLACK = 1.2;

export function createFindingBook(max = MAX_FINDINGS): FindingBook {
  const drafts = new Map<string, Draft>();
  let leftOut = 0;
  const sorted = (): Finding[] => [...drafts.values()].map(({ finding }) => finding).sort(bySeverity);

  function keep(count: number): void {
    const last = sorted().slice(count);
    for (const { id } of last) drafts.delete(id);
    leftOut += last.length;
  }

  return {
    add(more) {
      for (const draft of more) {
        const known = drafts.get(draft.finding.id);
        if (known === draft) continue;
        drafts.set(draft.finding.id, known === undefined ? draft : mergeDrafts(known, draft));
        if (drafts.size > max * SLACK) keep(max);
      }
    },
    get: (id) => drafts.get(id),
    delete(id) {
      drafts.delete(id);
    },
    all() {
      keep(max);
      return sorted();
    },
    leftOut: () => leftOut,
  };
}

function bySeverity(a: Finding, b: Finding): number {
  const order = severityRank(b.severity) - severityRank(a.severity);
  if (order !== 0) return order;
  const [x, y] = [`${a.firstSeen}${a.id}`, `${b.firstSeen}${b.id}`];
  return x < y ? -1 : 1;
}
