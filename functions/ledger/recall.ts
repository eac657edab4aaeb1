import type { Fact, Ref } from "../../detectors/ledger/facts.ts";

/** Facts that were merged already, and whose findings are out: they need not be written again. A hint, never the truth: what it has
 * forgotten is merged once more, which changes nothing. */
export interface Recall {
  readonly knows: (fact: Fact, now: number) => boolean;
  /** Called when the findings of a fact's batch are published and marked; until then every retry merges and judges again (design §3). */
  readonly remember: (fact: Fact, now: number, keepMs: number) => void;
  /** Nothing more is added to this set of this entity. */
  readonly full: (set: SetOf, now: number) => boolean;
  readonly fill: (set: SetOf, now: number, keepMs: number) => void;
}

type SetOf = Ref & Pick<Fact, "attribute">;

/** Holds up to twice `capacity` facts and as many full sets, each in two generations. Both leave at half the life of their entity, so that merging
 * renews it. */
export function createRecall(capacity: number): Recall {
  const facts = createGenerations(capacity);
  // Kept apart: a flood of facts must not make it forget which sets were flooded.
  const full = createGenerations(capacity);
  return {
    knows: (fact, now) => facts.knows(`${setKey(fact)}\n${fact.value}`, now),
    remember: (fact, now, keepMs) => facts.add(`${setKey(fact)}\n${fact.value}`, now + keepMs / 2),
    full: (set, now) => full.knows(setKey(set), now),
    fill: (set, now, keepMs) => full.add(setKey(set), now + keepMs / 2),
  };
}

const setKey = ({ kind, id, attribute }: SetOf): string => `${kind}\n${id}\n${attribute}`;

function createGenerations(capacity: number) {
  let young = new Map<string, number>();
  let old = new Map<string, number>();
  return {
    knows(key: string, now: number): boolean {
      const until = young.get(key) ?? old.get(key);
      return until !== undefined && now < until;
    },
    add(key: string, until: number): void {
      if (young.size >= capacity && !young.has(key)) {
        old = young;
        young = new Map();
      }
      young.set(key, until);
    },
  };
}
