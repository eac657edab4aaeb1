import { anyOf } from "./any-of.ts";
import { arithmetic, type Lookup } from "./arithmetic.ts";
import { MAX_CONSIDERED_CHARS } from "./considered.ts";
import { ansiQuoted } from "./escapes.ts";
import { expandParameter } from "./parameter.ts";

/** Values longer than this are not what builds an address or a path. */
const MAX_VALUE_CHARS = 256;

interface Scope {
  /** Assignments read so far, as the shell would hold them. */
  readonly now: Map<string, string>;
  /** Assignments of the whole text: a use may stand before them (functions, loops, `env` behind `command` in a pod). */
  readonly ever: ReadonlyMap<string, string>;
  /** What becomes of a variable that is never assigned: `16${x}9.254` is 169.254 when x is empty. */
  readonly unset: "kept" | "empty";
  /** Characters that expansions may still add. */
  room: number;
}

/** What every shell brings along and attackers cut characters out of (`curl${IFS}...`, `${HOME:0:1}etc`). */
const INHERITED: readonly (readonly [string, string])[] = [
  ["IFS", " "],
  ["HOME", "/root"],
  ["PATH", "/usr/bin"],
];

/** What opens a comment or an assignment, where a word begins. Python writes blanks around `=`. */
const OPENING = /#[^\n]*|([A-Za-z_]\w{0,63})(\+?=| = )/y;

/** Sum, old sum, parameter, Kubernetes' $(NAME), Python's {NAME}, variable, and substitutions of nothing
 * and of what only prints. */
const EXPANSION = anyOf(
  "y",
  /\$\(\(((?:[^$;'"`]|\$(?!\()){1,120}?)\)\)(?!\))/,
  /\$\[([^[\];'"`]{1,120})\]/,
  /\$\{([^{}]{1,200})\}/,
  /\$\(([A-Za-z_]\w{0,63})\)/,
  /\{([A-Za-z_]\w{0,63})\}/,
  /\$([A-Za-z_]\w{0,63}|[0-9@*])/,
  /(\$\(\s{0,8}\)|``)/,
  /\$\(\s{0,8}((?:echo|printf|expr)\s[^()$`]{0,200})\)/,
  /`\s{0,8}((?:echo|printf|expr)\s[^`$]{0,200})`/,
);

/** Outside of double quotes: a line continuation, an escape, the three kinds of quote, what ends a word, and
 * everything else. */
const PLAIN =
  /\\(\n|[\s\S])|\$'([^'\\]*(?:\\[\s\S][^'\\]*)*)'|'([^']*)'|\$?(")|([\s;|&()<>]+)|[^\\$'"\s;|&()<>{`]+|[\s\S]/y;

const IN_DOUBLE_QUOTES = /\\([$`"\\\n])|(")|[^\\$"{`]+|[\s\S]/y;

/** The words as sh and bash read them: quotes and backslashes gone, variables and arithmetic in place (POSIX shell,
 * 2.2, 2.5 and 2.6). Each word is read as a text of its own, because quotes do not reach from one argument into the
 * next, but assignments do reach: `env A=1 sh -c '...'`. Nothing is run, and control flow is not followed. */
export function shellRead(words: readonly string[], unset: "kept" | "empty"): readonly string[] {
  const given = [...INHERITED, ...positional(words)];
  const ever = new Map(given);
  const first: Scope = { now: ever, ever, unset, room: MAX_CONSIDERED_CHARS };
  for (const word of words) readWord(word, first);
  const scope: Scope = { now: new Map(given), ever, unset, room: MAX_CONSIDERED_CHARS };
  return words.map((word) => readWord(word, scope));
}

/** `sh -c 'curl $1.$2' _ 169.254 169.254`: what follows the script are its parameters. */
function positional(words: readonly string[]): readonly (readonly [string, string])[] {
  const script = words.findIndex((word) => /^-[a-z]{0,8}c$/.test(word));
  const given = script < 0 ? [] : words.slice(script + 2, script + 12);
  const all = given.slice(1).join(" ");
  return [["@", all], ["*", all], ...given.map((value, index) => [String(index), value] as const)];
}

/** One word being read, from left to right. */
interface Reader {
  readonly text: string;
  readonly scope: Scope;
  readonly out: string[];
  at: number;
  /** Between double quotes, where single quotes mean nothing. */
  quoted: boolean;
  /** Where a word of the command begins. */
  opening: boolean;
  assigning: { readonly name: string; value: string } | undefined;
}

function readWord(word: string, scope: Scope): string {
  const reader: Reader = { text: word, scope, out: [], at: 0, quoted: false, opening: true, assigning: undefined };
  while (reader.at < word.length) {
    if (readOpening(reader) || readExpansion(reader)) continue;
    if (reader.quoted) readQuoted(reader);
    else readPlain(reader);
  }
  endWord(reader);
  return reader.out.join("");
}

function readOpening(reader: Reader): boolean {
  const found = reader.opening ? matchAt(OPENING, reader) : undefined;
  reader.opening = false;
  if (found === undefined) return false;
  const [whole, name, operator] = found;
  reader.out.push(whole);
  const held = operator === "+=" ? (reader.scope.now.get(name ?? "") ?? "") : "";
  if (name !== undefined) reader.assigning = { name, value: held };
  return true;
}

function readExpansion(reader: Reader): boolean {
  const start = reader.at;
  const found = matchAt(EXPANSION, reader);
  const expanded = found === undefined ? undefined : expand(found, reader.scope);
  if (expanded === undefined) reader.at = start;
  else emit(reader, expanded);
  return expanded !== undefined;
}

function readQuoted(reader: Reader): void {
  const [whole, escaped, closing] = matchAt(IN_DOUBLE_QUOTES, reader) ?? [""];
  if (closing !== undefined) reader.quoted = false;
  else emit(reader, escaped === undefined ? whole : escaped.replace("\n", ""));
}

function readPlain(reader: Reader): void {
  const token = matchAt(PLAIN, reader) ?? [""];
  const [whole, , , , opening, separator] = token;
  if (opening !== undefined) reader.quoted = true;
  else if (separator === undefined) emit(reader, unquoted(token));
  else {
    endWord(reader);
    reader.out.push(whole);
    reader.opening = true;
  }
}

function emit({ out, assigning }: Reader, piece: string): void {
  out.push(piece);
  if (assigning !== undefined && assigning.value.length <= MAX_VALUE_CHARS) assigning.value += piece;
}

function endWord(reader: Reader): void {
  const { assigning, scope } = reader;
  reader.assigning = undefined;
  // A value that ends in `$` is the beginning of a command substitution: unknown.
  if (assigning === undefined || assigning.value.length > MAX_VALUE_CHARS || assigning.value.endsWith("$")) return;
  scope.now.set(assigning.name, assigning.value);
}

/** The match of a sticky pattern at the reader's place, which moves behind it. */
function matchAt(pattern: RegExp, reader: Reader): RegExpExecArray | undefined {
  pattern.lastIndex = reader.at;
  const match = pattern.exec(reader.text) ?? undefined;
  reader.at += match?.[0].length ?? 0;
  return match;
}

function unquoted([whole, escaped, ansi, single]: readonly (string | undefined)[]): string {
  if (escaped !== undefined) return escaped === "\n" ? "" : escaped;
  return ansi === undefined ? (single ?? whole ?? "") : ansiQuoted(ansi);
}

/** What stands for an expansion, or undefined where it must stay as it is. */
function expand([whole = "", ...groups]: readonly (string | undefined)[], scope: Scope): string | undefined {
  const [sum, oldSum, braced, ofPod, ofFormat, simple, nothing, command, oldCommand] = groups;
  const value = lookup(scope);
  const expression = sum ?? oldSum;
  let result: string | undefined;
  if (expression !== undefined) result = arithmetic(expression, value)?.toString();
  else if (braced !== undefined) result = expandParameter(braced, value) ?? emptyIf(scope);
  else if (simple !== undefined) result = value(simple) ?? emptyIf(scope);
  else if (nothing !== undefined) result = "";
  else if (command !== undefined || oldCommand !== undefined) result = printed(command ?? oldCommand ?? "", value);
  else result = value(ofPod ?? ofFormat ?? "");
  if (result === undefined || result.length - whole.length > scope.room) return undefined;
  scope.room -= Math.max(0, result.length - whole.length);
  return result;
}

const lookup =
  (scope: Scope): Lookup =>
  (name) =>
    scope.now.get(name) ?? scope.ever.get(name);

const emptyIf = (scope: Scope): string | undefined => (scope.unset === "empty" ? "" : undefined);

/** What `echo 254`, `printf %s 254` and `expr 250 + 4` print; of a pipe, what goes in. */
function printed(command: string, value: Lookup): string | undefined {
  const [program, ...words] = (command.split("|", 1)[0] ?? "").trim().split(/\s+/);
  const plain = words.map((word) => word.replace(/["']/g, ""));
  if (program === "expr") return arithmetic(plain.join(" ").replaceAll("\\", ""), value)?.toString();
  return plain.filter((word) => !/^(?:-[neE]+|%[sdb]n?)$/.test(word)).join(" ");
}
