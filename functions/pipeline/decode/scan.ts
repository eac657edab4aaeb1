/** Members of a document that hold its records, one frame each: CloudTrail and Lambda (`Records`), `filter-log-events` (`events`), `lookup-events`
 * (`Events`), EventList (`items`), Logs Insights (`results`). */
const LISTS: ReadonlySet<string> = new Set(["Records", "events", "Events", "items", "results"]);
const MAX_DEPTH = 2_000;
const EXCERPT = 200;

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
    if (stack.length === level) {
      finish();
      level = 0;
    }
    stack = stack.slice(0, -1);
    return true;
  }

  function feed(text: string): Fed {
    values = [];
    let from = 0;
    let lineStart = 0;
    const stop = (used: number): Fed => {
      keep(text.slice(from, used));
      finish();
      return { values, used, ended: true };
    };
    for (let at = 0; at < text.length; at += 1) {
      const char = text[at] as string;
      if (char === "\n") {
        if (inString) return stop(at);
        line += 1;
        lineStart = at + 1;
        continue;
      }
      if (inString) {
        if (escaped) escaped = false;
        else if (char === "\\") escaped = true;
        else if (char === '"') inString = false;
        if (inString && stack.length === 1 && name.length < 16) name += char;
        continue;
      }
      if (char === " " || char === "\t" || char === "\r") continue;
      const element = level > 0 && stack.length === level;
      if (held === undefined && (stack === "" || (element && char !== "," && char !== "]"))) {
        begin();
        from = at;
      }
      if (char === '"') {
        inString = true;
        if (stack.length === 1) name = "";
      } else if (char === "{" || char === "[") {
        if (!open(char)) return stop(lineStart > from ? lineStart : at);
      } else if (char === "}" || char === "]") {
        if (element) {
          keep(text.slice(from, at));
          from = at + 1;
        }
        if (!close(char)) return stop(lineStart > from ? lineStart : at);
        if (stack === "") return stop(at + 1);
      } else if (char === "," && element) {
        keep(text.slice(from, at));
        from = at + 1;
        finish();
      }
      previous = char;
    }
    keep(text.slice(from));
    return { values, used: text.length, ended: false };
  }

  return {
    feed,
    tail: () => (held === undefined ? undefined : { text: held.trim(), line: heldLine, tooLarge: oversize }),
    line: () => line,
    held: () => held?.length ?? 0,
  };
}
