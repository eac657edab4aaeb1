/** Members of a document that hold its records, one frame each: CloudTrail and Lambda (`Records`), `filter-log-events` (`events`), `lookup-events`
 * (`Events`), EventList (`items`), Logs Insights (`results`). */
const LISTS: ReadonlySet<string> = new Set(["Records", "events", "Events", "items", "results"]);
const MAX_DEPTH = 2_000;
const EXCERPT = 200;
const SPACE: ReadonlySet<string> = new Set([" ", "\t", "\r"]);

export interface Value {
  readonly text: string;
  /** Line on which it begins. */
  readonly line: number;
  readonly tooLarge: boolean;
}

export interface Fed {
  /** The values that this text completed. */
  readonly values: readonly Value[];
  /** How much of the text belongs to the document. */
  readonly used: number;
  readonly ended: boolean;
}

export interface Scan {
  readonly feed: (text: string) => Fed;
  /** The value that the end of the input cut. */
  readonly tail: () => Value | undefined;
  readonly line: () => number;
  readonly held: () => number;
}

/** Follows one JSON document over any number of pieces and lines without parsing it: depth and strings, and where its list of records is. What no document
 * can hold (a newline in a string, a bracket out of place) ends it at that line, so that one cut record does not swallow those after it. */
export function startScan(firstLine: number, maxValue: number): Scan {
  let line = firstLine;
  let stack = "";
  let inString = false;
  let escaped = false;
  /** Begin of the last string at depth 1: the name of the member that a list there belongs to. */
  let name = "";
  /** Last character that is neither space nor inside a string. */
  let previous = "";
  /** Depth at which the elements of a list of records stand; 0 outside of one. */
  let level = 0;
  let held: string | undefined;
  let heldLine = firstLine;
  let oversize = false;
  let values: Value[] = [];

  const keep = (text: string): void => {
    if (held === undefined || oversize) return;
    held += text;
    if (held.length <= maxValue) return;
    oversize = true;
    held = held.slice(0, EXCERPT);
  };
  const begin = (): void => {
    held = "";
    heldLine = line;
    oversize = false;
  };
  const finish = (): void => {
    if (held !== undefined && held.trim() !== "")
      values.push({ text: held.trim(), line: heldLine, tooLarge: oversize });
    held = undefined;
  };

  /** True when an opening bracket may stand here. */
  const mayOpen = (): boolean => {
    if (stack === "") return true;
    return stack.endsWith("{") ? previous === ":" : previous === "[" || previous === ",";
  };

  /** Takes an opening bracket; false when the document is broken. */
  function open(bracket: string): boolean {
    if (!mayOpen() || stack.length >= MAX_DEPTH) return false;
    stack += bracket;
    if (bracket === "[" && level === 0 && (stack.length === 1 || (stack.length === 2 && LISTS.has(name)))) {
      level = stack.length;
      held = undefined;
    }
    return true;
  }

  /** Takes a closing bracket; false when the document is broken. */
  function close(bracket: string): boolean {
    if (!stack.endsWith(bracket === "}" ? "{" : "[")) return false;
    if (stack.length === level) level = 0;
    stack = stack.slice(0, -1);
    return true;
  }

  /** One character inside of a string. */
  function inText(char: string): void {
    if (escaped) escaped = false;
    else if (char === "\\") escaped = true;
    else if (char === '"') inString = false;
    if (inString && stack.length === 1 && name.length < 16) name += char;
  }

  /** One character outside of strings; false when the document is broken. */
  function outside(char: string): boolean {
    if (char === '"') {
      inString = true;
      if (stack.length === 1) name = "";
    }
    let sound = true;
    if (char === "{" || char === "[") sound = open(char);
    else if (char === "}" || char === "]") sound = close(char);
    previous = char;
    return sound;
  }

  /** True where an element of the list of records ends, or the list does. */
  const endsElement = (char: string): boolean => level > 0 && stack.length === level && (char === "," || char === "]");

  /** The piece being read, where what is held of it begins, and where its last line does. */
  let piece = "";
  let from = 0;
  let lineStart = 0;

  /** One character outside of strings at `at`; where the document ends, if it does here. */
  function structure(char: string, at: number): number | undefined {
    if (endsElement(char)) {
      keep(piece.slice(from, at));
      from = at + 1;
      finish();
    } else if (held === undefined && (stack === "" || stack.length === level)) {
      begin();
      from = at;
    }
    if (!outside(char)) return lineStart > from ? lineStart : at;
    return stack === "" ? at + 1 : undefined;
  }

  /** Where the document ends in `piece`, if it does. */
  function endOfDocument(): number | undefined {
    for (let at = 0; at < piece.length; at += 1) {
      const char = piece[at] as string;
      if (char === "\n") {
        if (inString) return at;
        line += 1;
        lineStart = at + 1;
      } else if (inString) inText(char);
      else if (!SPACE.has(char)) {
        const end = structure(char, at);
        if (end !== undefined) return end;
      }
    }
    return undefined;
  }

  function feed(text: string): Fed {
    values = [];
    piece = text;
    from = 0;
    lineStart = 0;
    const end = endOfDocument();
    const used = end ?? text.length;
    keep(text.slice(from, used));
    if (end !== undefined) finish();
    piece = "";
    return { values, used, ended: end !== undefined };
  }

  return {
    feed,
    tail: () => (held === undefined ? undefined : { text: held.trim(), line: heldLine, tooLarge: oversize }),
    line: () => line,
    held: () => held?.length ?? 0,
  };
}
