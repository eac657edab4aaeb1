import { anyOf } from "./any-of.ts";
import type { Lookup } from "./arithmetic.ts";

const NAME = /^!?([A-Za-z_]\w{0,63}|[0-9@*])/;

/** What may follow the name: nothing, a stand-in, a substring, a replacement, an affix to cut off, a change of case. */
const OPERATION = anyOf(
  "",
  /^$/,
  /^(:?[-=+])([\s\S]*)$/,
  /^:\s?(-?\d+)(?::(\d+))?$/,
  /^(\/\/?)((?:[^/\\]|\\[\s\S])*)\/?([\s\S]*)$/,
  /^(##?|%%?)([\s\S]*)$/,
  /^[,^]{1,2}/,
);

/** The inside of `${...}` (POSIX shell 2.6.2; substring and replacement as bash has them, patterns as plain text), or
 * undefined when the variable is unknown and nothing stands in for it. */
export function expandParameter(body: string, value: Lookup): string | undefined {
  const name = NAME.exec(body);
  const operation = name === null ? null : OPERATION.exec(body.slice(name[0].length));
  if (name === null || operation === null) return undefined;
  const [, operator, word = "", offset, length, replace, pattern = "", replacement = "", trim, affix = ""] = operation;
  const held = value(name[1] ?? "");
  if (operator?.endsWith("+")) return held === undefined ? undefined : word;
  if (operator !== undefined) return held === undefined || held === "" ? word : held;
  if (held === undefined) return undefined;
  if (offset !== undefined) {
    const from = Number(offset) < 0 ? Math.max(0, held.length + Number(offset)) : Number(offset);
    return held.slice(from, length === undefined ? undefined : from + Number(length));
  }
  if (replace !== undefined) return replaced(held, pattern.replaceAll("\\", ""), replacement, replace === "//");
  return trimmed(held, trim, affix);
}

function trimmed(held: string, trim: string | undefined, affix: string): string {
  if (trim === undefined || affix === "") return held;
  if (trim.startsWith("#")) return held.startsWith(affix) ? held.slice(affix.length) : held;
  return held.endsWith(affix) ? held.slice(0, -affix.length) : held;
}

function replaced(held: string, pattern: string, replacement: string, all: boolean): string {
  if (pattern === "") return held;
  // As a function, so that `$&` in the replacement means nothing.
  return all ? held.replaceAll(pattern, () => replacement) : held.replace(pattern, () => replacement);
}
