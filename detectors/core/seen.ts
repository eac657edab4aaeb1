import { digestOf } from "./hash.ts";

/** What is remembered of a text. */
export interface Mark {
  /** ms or µs, or whatever else the caller tells by up to 53 bits. */
  readonly time: number;
  /** 32 bits of whatever the caller tells marks of one time apart by. */
  readonly tag: number;
  /** ms, kept in whole seconds, rounded down. */
  readonly until: number;
}

/** A memory of texts in two generations of a fixed size: a hash of 128 bits each and its mark, 32 bytes a slot, in arrays that never grow. Two texts of one
 * hash would be one: of 2^19 texts the odds are 2^-91 by chance, and to make a pair takes 2^64 hashes (SHA-256, cut). */
export interface Seen {
  readonly get: (text: string) => Mark | undefined;
  readonly set: (text: string, mark: Mark) => void;
  /** Texts in it. */
  readonly size: () => number;
  /** Of all of it, also when it is empty. */
  readonly bytes: number;
}

const SLOT_BYTES = 4 * 4 + 8 + 4 + 4;
/** Of the slots of a generation, so that what is looked for is near. */
const MAX_LOAD = 0.7;
/** Further than chance puts a text. Whoever chooses texts for their hashes gets them forgotten, and makes nobody look for long. */
const MAX_PROBES = 512;

/** Remembers the last `capacity` texts at least, and twice as many at most. `renewed`: of what was set or asked for last. */
export function createSeen(capacity: number, renewed = false): Seen {
  const slots = 2 ** Math.ceil(Math.log2(capacity / MAX_LOAD));
  let young = createGeneration(slots);
  let old = createGeneration(slots);
  // What is set was mostly looked for just before.
  let last: { readonly text: string; readonly key: Key } | undefined;
  const keyOf = (text: string): Key => {
    if (last?.text !== text) last = { text, key: hashed(text) };
    return last.key;
  };
  function put(key: Key, mark: Mark): void {
    if (young.size() >= capacity && young.get(key) === undefined) {
      [young, old] = [old, young];
      young.clear();
    }
    young.set(key, mark);
  }
  return {
    get(text) {
      const key = keyOf(text);
      const fresh = young.get(key);
      if (fresh !== undefined) return fresh;
      const mark = old.get(key);
      if (renewed && mark !== undefined) put(key, mark);
      return mark;
    },
    set: (text, mark) => put(keyOf(text), mark),
    size: () => young.size() + old.size(),
    bytes: 2 * slots * SLOT_BYTES,
  };
}

type Key = readonly [number, number, number, number];

function hashed(text: string): Key {
  const digest = digestOf(text);
  const word = (at: number): number =>
    (digest.charCodeAt(at) |
      (digest.charCodeAt(at + 1) << 8) |
      (digest.charCodeAt(at + 2) << 16) |
      (digest.charCodeAt(at + 3) << 24)) >>>
    0;
  // A slot of noughts is an empty one.
  return [word(0) || 1, word(4), word(8), word(12)];
}

function createGeneration(slots: number) {
  const keys = new Uint32Array(4 * slots);
  const times = new Float64Array(slots);
  const tags = new Uint32Array(slots);
  const untils = new Uint32Array(slots);
  let size = 0;

  /** Where a key is, or would be. */
  function slotOf([a, b, c, d]: Key): number {
    const first = a & (slots - 1);
    let slot = first;
    for (let probes = 0; probes < MAX_PROBES; probes += 1) {
      const at = 4 * slot;
      if (keys[at] === 0) return slot;
      if (keys[at] === a && keys[at + 1] === b && keys[at + 2] === c && keys[at + 3] === d) return slot;
      slot = (slot + 1) & (slots - 1);
    }
    return first;
  }

  const holds = (slot: number, [a, b, c, d]: Key): boolean =>
    keys[4 * slot] === a && keys[4 * slot + 1] === b && keys[4 * slot + 2] === c && keys[4 * slot + 3] === d;

  return {
    get(key: Key): Mark | undefined {
      const slot = slotOf(key);
      if (!holds(slot, key)) return undefined;
      return { time: times[slot] ?? 0, tag: tags[slot] ?? 0, until: (untils[slot] ?? 0) * 1_000 };
    },
    set(key: Key, { time, tag, until }: Mark): void {
      const slot = slotOf(key);
      if (keys[4 * slot] === 0) size += 1;
      keys.set(key, 4 * slot);
      times[slot] = time;
      tags[slot] = tag;
      untils[slot] = Math.floor(until / 1_000);
    },
    clear(): void {
      keys.fill(0);
      size = 0;
    },
    size: () => size,
  };
}
