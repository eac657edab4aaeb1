import { createSeen } from "../../detectors/core/seen.ts";
import { type Fact, knownSince, type Ref } from "../../detectors/ledger/facts.ts";

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
  /** That it takes, full or empty. */
  readonly bytes: number;
}

type SetOf = Ref & Pick<Fact, "attribute">;

/** Holds up to twice `capacity` facts, in a fixed size (`seen.ts`), and an eighth as many full sets. Both leave at half the life of their entity, so that
 * merging renews it. What is told all day is not pushed out by what is told once. */
export function createRecall(capacity: number): Recall {
  const facts = createSeen(capacity, true);
  // Kept apart: a flood of facts must not make it forget which sets were flooded.
  const full = createSeen(Math.ceil(capacity / 8));
  return {
    knows(fact, now) {
      const known = facts.get(`${setKey(fact)}\n${fact.value}`);
      if (known === undefined || now >= known.until) return false;
      const { time, tag } = markOf(fact.source);
      // Of one time, but another event: which of them is the earlier, the store finds out.
      return known.time < time || (known.time === time && known.tag === tag);
    },
    remember(fact, now, keepMs) {
      const key = `${setKey(fact)}\n${fact.value}`;
      const known = facts.get(key);
      const mark = markOf(fact.source);
      const earliest = known !== undefined && now < known.until && known.time < mark.time ? known : mark;
      facts.set(key, { time: earliest.time, tag: earliest.tag, until: now + keepMs / 2 });
    },
    full: (set, now) => now < (full.get(setKey(set))?.until ?? now),
    fill: (set, now, keepMs) => full.set(setKey(set), { time: 0, tag: 0, until: now + keepMs / 2 }),
    bytes: facts.bytes + full.bytes,
  };
}

const setKey = ({ kind, id, attribute }: SetOf): string => `${kind}\n${id}\n${attribute}`;

/** When a source told it, and which it is. One without a time is before all. */
function markOf(source: string): { readonly time: number; readonly tag: number } {
  const since = knownSince(source);
  return { time: since === "" ? Number.NEGATIVE_INFINITY : Date.parse(since), tag: fnv(source) };
}

/** FNV-1a, 32 bits. A collision costs which of two events of one millisecond stands as the source, no more. */
function fnv(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}
