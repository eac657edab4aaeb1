import type { Draft } from "../../detectors/core/compose.ts";
import { mergeDrafts } from "../../detectors/core/merge.ts";
import { type Finding, severityRank } from "../../schemas/findings/finding.ts";
import { CAPACITY } from "../capacity.ts";

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

/** Sorting all costs more than keeping a few more. */
const SLACK = 1.2;
/** Of a draft beside the text of its finding, and of one of its events, about. */
const DRAFT_BYTES = 2_000;
const EVENT_BYTES = 200;

/** Of more than `max` findings, or `maxBytes`, the last go: whoever is watched can make as many as he likes, each as large as may be, and must not end the
 * watching. */
export function createFindingBook(
  max: number = CAPACITY.findings,
  maxBytes: number = CAPACITY.findingBytes,
): FindingBook {
  const drafts = new Map<string, Draft>();
  const sizes = new Map<string, number>();
  let bytes = 0;
  let leftOut = 0;
  const sorted = (): Finding[] => [...drafts.values()].map(({ finding }) => finding).sort(bySeverity);

  function put(id: string, draft: Draft | undefined): void {
    const size = draft === undefined ? 0 : sizeOf(draft);
    bytes += size - (sizes.get(id) ?? 0);
    if (draft === undefined) {
      drafts.delete(id);
      sizes.delete(id);
    } else {
      drafts.set(id, draft);
      sizes.set(id, size);
    }
  }

  function keep(): void {
    if (drafts.size <= max && bytes <= maxBytes) return;
    let [count, left] = [0, maxBytes];
    for (const { id } of sorted()) {
      count += 1;
      left -= sizes.get(id) ?? 0;
      if (count <= max && left >= 0) continue;
      put(id, undefined);
      leftOut += 1;
    }
  }

  return {
    add(more) {
      for (const draft of more) {
        const known = drafts.get(draft.finding.id);
        if (known === draft) continue;
        put(draft.finding.id, known === undefined ? draft : mergeDrafts(known, draft));
        if (drafts.size > max * SLACK || bytes > maxBytes * SLACK) keep();
      }
    },
    get: (id) => drafts.get(id),
    delete(id) {
      put(id, undefined);
    },
    all() {
      keep();
      return sorted();
    },
    leftOut: () => leftOut,
  };
}

/** In this process: a text of JSON, and about as much again for its objects. */
const sizeOf = ({ finding, events }: Draft): number =>
  DRAFT_BYTES + 2 * JSON.stringify(finding).length + EVENT_BYTES * events.size;

function bySeverity(a: Finding, b: Finding): number {
  const order = severityRank(b.severity) - severityRank(a.severity);
  if (order !== 0) return order;
  const [x, y] = [`${a.firstSeen}${a.id}`, `${b.firstSeen}${b.id}`];
  return x < y ? -1 : 1;
}
