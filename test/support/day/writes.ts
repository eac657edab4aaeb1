/** How much is written to a ledger, and for what. */
import type { Store } from "../../../functions/ledger/ports.ts";

export interface Writes {
  readonly store: Store;
  /** Counts from now on. */
  readonly begin: () => void;
  /** Calls that write: merges, and puts of what waits. */
  readonly count: () => number;
  /** Of merges: how many held facts of which attribute, the most first; `pod` stands for merges into pods. */
  readonly costs: () => readonly (readonly [what: string, count: number])[];
}

export function countingWrites(store: Store): Writes {
  let counting = false;
  let writes = 0;
  const costs = new Map<string, number>();
  const add = (what: string): unknown => costs.set(what, (costs.get(what) ?? 0) + 1);
  return {
    begin() {
      counting = true;
    },
    count: () => writes,
    costs: () => [...costs].sort(([, a], [, b]) => b - a),
    store: {
      ...store,
      merge(ref, facts, keepUntil) {
        if (counting) {
          writes += 1;
          add(ref.kind);
          for (const attribute of new Set(facts.map((fact) => fact.attribute))) add(`${ref.kind}.${attribute}`);
        }
        return store.merge(ref, facts, keepUntil);
      },
      put(records) {
        if (counting) writes += 1;
        return store.put(records);
      },
    },
  };
}
