/** A change of a service account's association, and what it left behind. */
export interface Change {
  readonly time: string;
  readonly action: string;
  readonly role: string;
  readonly target: string;
}

/** Changes reach EKS Auth within seconds, and what was asked before may end after (detections.md B-03). */
export const GRACE_MS = 5 * 60_000;

/** The changes that may have stood at some time between `from` and `to` (ms): the last one before, those between, and those that had just come or were just
 * about to. Undefined: none was seen by then, so nothing is known. */
export function standing(changes: readonly Change[], from: number, to: number): readonly Change[] | undefined {
  const sorted = changes
    .map((change) => ({ ...change, ms: Date.parse(change.time) }))
    .sort((a, b) => a.ms - b.ms || (a.action < b.action ? -1 : 1));
  const before = sorted.filter(({ ms }) => ms <= from - GRACE_MS);
  const last = before.at(-1);
  if (last === undefined) return undefined;
  // Two of one time: which of them stood last cannot be told.
  return sorted.filter(({ ms }) => ms >= last.ms && ms <= to + GRACE_MS);
}
