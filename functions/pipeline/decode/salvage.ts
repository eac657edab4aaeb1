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

/** Where the text can be cut so that only closing brackets are missing: after a complete member or element, or after an opening bracket. */
function lastSafeEnd(text: string): { readonly end: number; readonly closers: string } | undefined {
  let closers = "";
  let inString = false;
  let safe: { end: number; closers: string } | undefined;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (inString) {
      if (char === "\\") at += 1;
      else if (char === '"') inString = false;
      continue;
    }
    if (char === '"') inString = true;
    else if (char === "{" || char === "[") {
      closers = (char === "{" ? "}" : "]") + closers;
      if (closers.length > MAX_DEPTH) return safe;
      safe = { end: at + 1, closers };
    } else if (char === "}" || char === "]") {
      closers = closers.slice(1);
      safe = { end: at + 1, closers };
      // Text after the end of the value: whatever it is, it is no part of it.
      if (closers === "") return safe;
    } else if (char === ",") safe = { end: at, closers };
  }
  return safe;
}
