/** What one word may grow to: `169.254.169.{1..254}` in full, a product of lists not. */
const MAX_ALTERNATIVES = 256;
const MAX_WORD_CHARS = 400;
const MAX_PAIRS = 4;

/** The words with `{a,b}` and `{1..9}` expanded (bash(1), Brace Expansion), each into all its alternatives. Quotes are
 * not heeded. `room` bounds the characters that are added to all of them together; a word that would need more stays
 * as it is. */
export function bracesExpanded(words: readonly string[], maxAdded: number): readonly string[] {
  let room = maxAdded;
  const expand = (token: string): string => {
    if (room <= 0 || token.length > MAX_WORD_CHARS || !/\{[^{}]*(?:,|\.\.)[^{}]*\}/.test(token)) return token;
    const expanded = alternatives(token).join(" ");
    // What was made and is too long has cost its length all the same.
    room -= expanded.length;
    return room < 0 ? token : expanded;
  };
  return words.map((word) => (word.includes("{") ? word.replace(/[^\s;|&()<>]+/g, expand) : word));
}

/** All readings of one word, innermost braces first, as many pairs as fit. */
function alternatives(token: string): readonly string[] {
  let readings: readonly string[] = [token];
  for (let pair = 0; pair < MAX_PAIRS; pair += 1) {
    const split = splitAtBraces(readings[0] ?? "");
    if (split === undefined || split.length * readings.length > MAX_ALTERNATIVES) return readings;
    readings = readings.flatMap((reading) => splitAtBraces(reading) ?? [reading]);
  }
  return readings;
}

/** The readings of the first pair of braces that holds a list or a range, or undefined without one. */
function splitAtBraces(token: string): readonly string[] | undefined {
  const braces = /\{([^{}]*,[^{}]*|-?\d{1,9}\.\.-?\d{1,9})\}/.exec(token);
  if (braces === null) return undefined;
  const [whole, inside = ""] = braces;
  const before = token.slice(0, braces.index);
  const after = token.slice(braces.index + whole.length);
  return members(inside).map((member) => before + member + after);
}

function members(inside: string): readonly string[] {
  if (inside.includes(",")) return inside.split(",");
  const [from = 0, to = 0] = inside.split("..").map(Number);
  const count = Math.min(Math.abs(to - from) + 1, MAX_ALTERNATIVES);
  return Array.from({ length: count }, (_none, index) => String(from < to ? from + index : from - index));
}
