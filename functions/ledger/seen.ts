import { hash } from "node:crypto";

/** What is remembered of a text. */
export interface Mark {
  /** ms or µs, the caller's. */
  readonly time: number;
  /** 32 bits of whatever the caller tells marks of one time apart by. */
  readonly tag: number;
  /** ms. */
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

const SLOT_BYTES = 4 * 4 + 8 + 4 + 8;

/** Remembers the last `capacity` texts at least, and twice as many at most. */
export function createSeen(capacity: number): Seen {
  // Half empty, so that what is looked for is near.
  const slots = 2 ** Math.ceil(Math.log2(2 * capacity));
  let young = createGeneration(slots);
  let old = createGeneration(slots);
  return {
    get(text) {
      const key = keyOf(text);
      return young.get(key) ?? old.get(key);
    },
    set(text, mark) {
      const key = keyOf(text);
      if (young.size() >= capacity && young.get(key) === undefined) {
        [young, old] = [old, young];
        young.clear();
      }
      young.set(key, mark);
    },
    size: () => young.size() + old.size(),
    bytes: 2 * slots * SLOT_BYTES,
  };
}

type Key = readonly [number, number, number, number];

function keyOf(text: string): Key {
  const digest = hash("sha256", text, "buffer");
  // A slot of noughts is an empty one.
  return [digest.readUInt32LE(0) || 1, digest.readUInt32LE(4), digest.readUInt32LE(8), digest.readUInt32LE(12)];
}

function createGeneration(slots: number) {
  const keys = new Uint32Array(4 * slots);
  const times = new Float64Array(slots);
  const tags = new Uint32Array(slots);
  const untils = new Float64Array(slots);
  let size = 0;

  /** Where a key is, or would be. */
  function slotOf([a, b, c, d]: Key): number {
    let slot = a & (slots - 1);
    for (;;) {
      const at = 4 * slot;
      if (keys[at] === 0) return slot;
      if (keys[at] === a && keys[at + 1] === b && keys[at + 2] === c && keys[at + 3] === d) return slot;
      slot = (slot + 1) & (slots - 1);
    }
  }

  return {
    get(key: Key): Mark | undefined {
      const slot = slotOf(key);
      if (keys[4 * slot] === 0) return undefined;
      return { time: times[slot] ?? 0, tag: tags[slot] ?? 0, until: untils[slot] ?? 0 };
    },
    set(key: Key, { time, tag, until }: Mark): void {
      const slot = slotOf(key);
      if (keys[4 * slot] === 0) size += 1;
      keys.set(key, 4 * slot);
      times[slot] = time;
      tags[slot] = tag;
      untils[slot] = until;
    },
    clear(): void {
      keys.fill(0);
      size = 0;
    },
    size: () => size,
  };
}
