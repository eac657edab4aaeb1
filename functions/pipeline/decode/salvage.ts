/** The mark that CloudWatch leaves on an event it cut (falcosecurity/plugins#297). */
const CUT = /\[\.*truncated\.*\]\s*$/i;

/** An audit event or CloudTrail record whose text was cut anywhere, as far as it goes: cut back to the last complete member, what is open is closed.
 * Linear in the text. Undefined when not even the head is there. */
export function salvage(text: string): unknown {
  const body = text.replace(CUT, "");
  const safe = lastSafeEnd(body);
  if (safe === undefined) return undefined;
  try {
    return JSON.parse(body.slice(0, safe.end) + safe.closers);
  } catch {
    return undefined;
  }
}

const MAX_DEPTH = 500;

interface Cut {
  readonly end: number;
  readonly closers: string;
}

/** Where the text can be cut so that only closing brackets are missing: after a complete member or element, or after an opening bracket. */
function lastSafeEnd(text: string): Cut | undefined {
  let safe: Cut | undefined;
  let closers = "";
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] as string;
    if (char === '"') at = endOfString(text, at);
    else if (char === ",") safe = { end: at, closers };
    else if (BRACKETS.has(char)) {
      const closer = CLOSERS[char];
      closers = closer === undefined ? closers.slice(1) : closer + closers;
      if (closers.length > MAX_DEPTH) return safe;
      safe = { end: at + 1, closers };
      // Text after the end of the value: whatever it is, it is no part of it.
      if (closers === "") return safe;
    }
  }
  return safe;
}

const BRACKETS: ReadonlySet<string> = new Set(["{", "[", "}", "]"]);
const CLOSERS: Readonly<Record<string, string>> = { "{": "}", "[": "]" };

/** Index of the quote that ends the string which begins at `start`; the end of the text when it was cut. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at;
}
