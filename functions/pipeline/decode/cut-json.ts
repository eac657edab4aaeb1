/** What Go's decoder reads at most: nothing deeper came from an API server. */
const MAX_DEPTH = 10_000;
const CLOSER: Readonly<Record<string, string>> = { "{": "}", "[": "]" };
const BRACKETS: ReadonlySet<string> = new Set(["{", "[", "}", "]"]);
/** The next thing outside of a string that matters, where `lastIndex` points: a bracket, a quote, a separator, or a word that cannot be cut short unseen. */
const TOKEN = /[[\]{}",:]|true|false|null|[^\s[\]{}",:]/g;

/** The value of a JSON text that was cut anywhere, as far as it goes: cut back to the last complete member, what is open is closed. Linear in the text;
 * undefined when nothing can be read. */
export function closeCutJson(text: string): unknown {
  const { end, open } = lastSafeEnd(text);
  const closers = open.map((bracket) => CLOSER[bracket]).reverse();
  try {
    return JSON.parse(text.slice(0, end) + closers.join(""));
  } catch {
    return undefined;
  }
}

interface Cut {
  readonly end: number;
  /** Brackets that are open there. */
  readonly open: readonly string[];
}

/** Where the text can be cut so that only closing brackets are missing: after a complete member or element, or after an opening bracket. A number at the
 * end is not complete: more digits may have followed. */
function lastSafeEnd(text: string): Cut {
  const token = new RegExp(TOKEN);
  const stack: string[] = [];
  let end = 0;
  let depth = 0;
  let previous = "";

  /** Takes a bracket; false when it ends what can be read. */
  function bracket(what: string): boolean {
    if (what === "{" || what === "[") return stack.push(what) <= MAX_DEPTH;
    return CLOSER[stack.at(-1) ?? ""] === what && stack.pop() !== undefined;
  }

  /** Index behind a complete member that ends with this token, `undefined` when it ends none; -1 when nothing can be read from there on. */
  function ends(what: string, at: number): number | undefined {
    if (what === ",") return at;
    if (what === '"') {
      const close = endOfString(text, at);
      const isName = stack.at(-1) === "{" && previous !== ":";
      token.lastIndex = close;
      return close < 0 || !isName ? close : undefined;
    }
    if (BRACKETS.has(what)) return bracket(what) ? at + 1 : -1;
    return what.length > 1 ? at + what.length : undefined;
  }

  for (let found = token.exec(text); found !== null; found = token.exec(text)) {
    const safe = ends(found[0], found.index);
    if (safe === -1) break;
    if (safe !== undefined) {
      end = safe;
      depth = stack.length;
    }
    // Text after the end of the value: whatever it is, it is no part of it.
    if (stack.length === 0) break;
    previous = found[0];
  }
  return { end, open: stack.slice(0, depth) };
}

/** Index behind the quote that ends the string which begins at `start`; -1 when the string was cut. */
function endOfString(text: string, start: number): number {
  let quote = text.indexOf('"', start + 1);
  while (quote >= 0 && isEscaped(text, quote)) quote = text.indexOf('"', quote + 1);
  return quote < 0 ? -1 : quote + 1;
}

function isEscaped(text: string, quote: number): boolean {
  let at = quote;
  while (text[at - 1] === "\\") at -= 1;
  return (quote - at) % 2 === 1;
}
