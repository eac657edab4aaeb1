import { earlier, type Fact, type Ref } from "../../detectors/ledger/facts.ts";

/** Facts that were merged already, and whose findings are out: they need not be written again. A hint, never the truth: what it has
 * forgotten is merged once more, which changes nothing. */
export interface Recall {
  /** With this source, or with an earlier one. */
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
    knows(fact, now) {
      const known = facts.get(`${setKey(fact)}\n${fact.value}`, now);
      return known !== undefined && known.source <= fact.source;
    },
    remember(fact, now, keepMs) {
      const key = `${setKey(fact)}\n${fact.value}`;
      const source = earlier(facts.get(key, now)?.source ?? fact.source, fact.source);
      facts.add(key, { source, until: now + keepMs / 2 });
    },
    full: (set, now) => full.get(setKey(set), now) !== undefined,
    fill: (set, now, keepMs) => full.add(setKey(set), { source: "", until: now + keepMs / 2 }),
  };
}

const setKey = ({ kind, id, attribute }: SetOf): string => `${kind}\n${id}\n${attribute}`;

interface Remembered {
  readonly source: string;
  readonly until: number;
}

function createGenerations(capacity: number) {
  let young = new Map<string, Remembered>();
  let old = new Map<string, Remembered>();
  return {
    get(key: string, now: number): Remembered | undefined {
      const found = young.get(key) ?? old.get(key);
      return found !== undefined && now < found.until ? found : undefined;
    },
    add(key: string, remembered: Remembered): void {
      if (young.size >= capacity && !young.has(key)) {
        old = young;
        young = new Map();
      }
      young.set(key, remembered);
    },
  };
}
