import { bracesExpanded } from "./braces.ts";
import { MAX_CONSIDERED_CHARS } from "./considered.ts";
import {
  asciiFolded,
  base32Decoded,
  base64Decoded,
  decimalCodesDecoded,
  hexCodesDecoded,
  hexDecoded,
  percentDecoded,
  reversed,
} from "./decodings.ts";
import { unescaped } from "./escapes.ts";
import { shellRead } from "./shell.ts";

/** One way to read the words: as they stand (`plain`), as the shell or a language puts them together, or decoded. */
export interface Rewriting {
  readonly words: readonly string[];
  readonly text: string;
  readonly how: "plain" | "assembled" | "encoded";
}

/** How many readings are made of one set of words, and how long they may be together: what bounds the work, whatever
 * the words are. */
export const MAX_REWRITINGS = 48;
export const MAX_REWRITTEN_CHARS = 8 * MAX_CONSIDERED_CHARS;

/** How many characters the rules may read for them. */
const MAX_READ_CHARS = 24 * MAX_CONSIDERED_CHARS;

/** An encoding in an encoding, written by a shell that is started by a shell. */
const MAX_DEPTH = 4;

interface Rule {
  readonly how: "assembled" | "encoded";
  readonly apply: (words: readonly string[]) => readonly string[];
}

const each = (decode: (word: string) => string): Rule => ({ how: "encoded", apply: (words) => words.map(decode) });

/** In the order in which the room is spent when there is not enough for all. */
const RULES: readonly Rule[] = [
  { how: "assembled", apply: (words) => shellRead(words, "empty") },
  each(base64Decoded),
  each(unescaped),
  { how: "assembled", apply: (words) => shellRead(words, "kept") },
  each(hexDecoded),
  each(base32Decoded),
  each(decimalCodesDecoded),
  each(hexCodesDecoded),
  each(percentDecoded),
  { how: "assembled", apply: (words) => bracesExpanded(words, MAX_CONSIDERED_CHARS) },
  each(asciiFolded),
  each(reversed),
];

/** The readings of the words, the plain one first, then those one rule away, then two, ...: each different from all
 * before. */
export function rewritings(words: readonly string[]): readonly Rewriting[] {
  const plain: Rewriting = { words, text: words.join("\n"), how: "plain" };
  const seen = new Set([plain.text]);
  const all = [plain];
  let room = MAX_REWRITTEN_CHARS - plain.text.length;
  let toRead = MAX_READ_CHARS;
  /** What the rules make of one reading that is new and fits; nothing once the work is used up. */
  const rewritten = (from: Rewriting): readonly Rewriting[] =>
    RULES.flatMap(({ how, apply }) => {
      toRead -= from.text.length;
      if (toRead < 0 || all.length >= MAX_REWRITINGS) return [];
      const changed = apply(from.words);
      const text = changed.join("\n");
      if (seen.has(text) || text.length > room) return [];
      seen.add(text);
      room -= text.length;
      const rewriting: Rewriting = { words: changed, text, how: from.how === "encoded" ? "encoded" : how };
      all.push(rewriting);
      return [rewriting];
    });
  let layer: readonly Rewriting[] = [plain];
  for (let depth = 0; depth < MAX_DEPTH; depth += 1) layer = layer.flatMap(rewritten);
  return all;
}
