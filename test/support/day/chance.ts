/** Chance that is the same each time: numbers, ids and choices from a seed. */
export interface Chance {
  /** From 0 up to, not with, 1. */
  readonly next: () => number;
  /** ms, or whatever: from `low` to `high`. */
  readonly between: (low: number, high: number) => number;
  readonly one: <T>(items: readonly T[]) => T;
  readonly happens: (probability: number) => boolean;
  readonly uuid: () => string;
  readonly hex: (length: number) => string;
  /** As names of keys are made of. */
  readonly letters: (length: number) => string;
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** mulberry32. */
export function createChance(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const hex8 = (): string =>
    Math.floor(next() * 4_294_967_296)
      .toString(16)
      .padStart(8, "0");
  return {
    next,
    between: (low, high) => low + next() * (high - low),
    one: (items) => {
      const item = items[Math.floor(next() * items.length)];
      if (item === undefined) throw new RangeError("nothing to choose from");
      return item;
    },
    happens: (probability) => next() < probability,
    uuid() {
      const [a, b, c, d] = [hex8(), hex8(), hex8(), hex8()];
      return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-a${c.slice(1, 4)}-${c.slice(4)}${d}`;
    },
    hex: (length) =>
      Array.from({ length: Math.ceil(length / 8) }, hex8)
        .join("")
        .slice(0, length),
    letters: (length) => Array.from({ length }, () => ALPHABET[Math.floor(next() * 32)]).join(""),
  };
}
