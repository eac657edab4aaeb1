/** How much is written to a ledger, and for what. */
import type { Store } from "../../../functions/ledger/ports.ts";

export interface Writes {
  readonly store: Store;
  /** Counts from now on, as of this period. */
  readonly begin: (period?: string) => void;
  /** Calls that write: merges, and puts of what waits. Of one period or of all. */
  readonly count: (period?: string) => number;
  /** Of merges: how many held facts of which attribute, the most first; `pod` stands for merges into pods. */
  readonly costs: (period?: string) => readonly (readonly [what: string, count: number])[];
}

interface Period {
  writes: number;
  readonly costs: Map<string, number>;
}

export function countingWrites(store: Store): Writes {
  const periods = new Map<string, Period>();
  let current: Period | undefined;
  const of = (period?: string): readonly Period[] =>
    [...periods].filter(([name]) => period === undefined || name === period).map(([, counted]) => counted);
  const add = (counted: Period, what: string): unknown => counted.costs.set(what, (counted.costs.get(what) ?? 0) + 1);
  return {
    begin(period = "") {
      current = periods.get(period) ?? { writes: 0, costs: new Map() };
      periods.set(period, current);
    },
    count: (period) => of(period).reduce((sum, { writes }) => sum + writes, 0),
    costs(period) {
      const sums = new Map<string, number>();
      for (const { costs } of of(period))
        for (const [what, count] of costs) sums.set(what, (sums.get(what) ?? 0) + count);
      return [...sums].sort(([, a], [, b]) => b - a);
    },
    store: {
      ...store,
      merge(ref, facts, keepUntil) {
        if (current !== undefined) {
          current.writes += 1;
          add(current, ref.kind);
          for (const attribute of new Set(facts.map((fact) => fact.attribute)))
            add(current, `${ref.kind}.${attribute}`);
        }
        return store.merge(ref, facts, keepUntil);
      },
      put(records) {
        if (current !== undefined) current.writes += 1;
        return store.put(records);
      },
    },
  };
}
