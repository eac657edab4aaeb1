import { excerptOf } from "./excerpt.ts";
import { trailByHead } from "./heads.ts";

/** Members of a document that hold its records, one frame each: CloudTrail and Lambda (`Records`), `filter-log-events` (`events`), `lookup-events`
 * (`Events`), EventList (`items`), Logs Insights (`results`). */
const LISTS: ReadonlySet<string> = new Set(["Records", "events", "Events", "items", "results"]);
const LONGEST_NAME = 16;
/** A hundred times what Go's decoder reads: no API server can have written more. */
const MAX_DEPTH = 1_000_000;

const QUOTE = 34;
const BACKSLASH = 92;
const NEWLINE = 10;
const SPACE = 32;
const TAB = 9;
const RETURN = 13;
const COMMA = 44;
const COLON = 58;
const OPEN_LIST = 91;
const CLOSE_LIST = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;
/** No index: the document has ended. */
const ENDED = -1;

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
  /** Takes whole lines, or at least `longLine` characters of one that is longer: how the input was cut into pieces must not show. `firstNewline` is the
   * index of the first newline in `text`, its length when there is none: whoever has many documents on one line looks for it once. */
  readonly feed: (text: string, firstNewline: number) => Fed;
  /** The value that the end of the input cut. */
  readonly tail: () => Value | undefined;
  readonly line: () => number;
  readonly held: () => number;
}

export interface ScanLimits {
  /** UTF-16 units of one value; a larger one is followed to its end without being held. */
  readonly maxValue: number;
  readonly longLine: number;
}

/** Follows one JSON document over any number of pieces and lines without parsing it: depth and strings, and where its list of records is. What no document
 * can hold (a newline in a string, a bracket out of place, a record in the middle of another) ends it at that line, so that one cut record does not
 * swallow those after it. */
export function startScan(firstLine: number, { maxValue, longLine }: ScanLimits): Scan {
  let line = firstLine;
  const stack: number[] = [];
  let inString = false;
  let escaped = false;
  /** Begin of the last name at depth 1: the member that a list there belongs to. */
  let name = "";
  let inName = false;
  /** Last character that is neither space nor inside a string. */
  let previous = 0;
  /** Depth at which the elements of a list of records stand; 0 outside of one. */
  let level = 0;
  let holding = false;
  let held = "";
  let heldLine = firstLine;
  let oversize = false;
  /** Last line on which a value began or ended: reading it again would give that value twice. */
  let markedLine = firstLine;
  let values: Value[] = [];
  /** The piece being read; where what is held of it begins, where its last line does, its next newline, how long
   * that line was before it, and how much of it belongs to the document. */
  let piece = "";
  let from = 0;
  let lineStart = 0;
  let newline = 0;
  let before = 0;
  let end = 0;

  function keep(to: number): void {
    if (!holding || oversize) return;
    held += piece.slice(from, to);
    if (held.length <= maxValue) return;
    oversize = true;
    held = excerptOf(held);
  }

  function begin(at: number): void {
    holding = true;
    held = "";
    heldLine = line;
    markedLine = line;
    oversize = false;
    from = at;
  }

  function finish(to: number): void {
    keep(to);
    const text = held.trim();
    if (holding && text !== "") values.push({ text, line: heldLine, tooLarge: oversize });
    holding = false;
    held = "";
    markedLine = line;
  }

  /** Takes an opening bracket; false when it may not stand here. */
  function open(bracket: number): boolean {
    const parent = stack.at(-1);
    const may = parent === OPEN_OBJECT ? previous === COLON : previous === OPEN_LIST || previous === COMMA;
    if ((parent !== undefined && !may) || stack.length >= MAX_DEPTH) return false;
    stack.push(bracket);
    const listed = stack.length === 1 || (stack.length === 2 && parent === OPEN_OBJECT && LISTS.has(name));
    if (bracket === OPEN_LIST && level === 0 && listed) {
      level = stack.length;
      holding = false;
      held = "";
    }
    return true;
  }

  /** Takes a closing bracket; false when another one is open. */
  function close(bracket: number): boolean {
    if (stack.at(-1) !== (bracket === CLOSE_OBJECT ? OPEN_OBJECT : OPEN_LIST)) return false;
    if (stack.length === level) level = 0;
    stack.pop();
    return true;
  }

  /** Takes one character that is neither space nor inside a string; false when it may not stand here. */
  function take(code: number, at: number): boolean {
    const inList = stack.length === level;
    if (inList && level > 0 && (code === COMMA || code === CLOSE_LIST)) finish(at);
    else if (!holding && (stack.length === 0 || inList)) begin(at);
    let sound = true;
    if (code === OPEN_OBJECT || code === OPEN_LIST) sound = open(code);
    else if (code === CLOSE_OBJECT || code === CLOSE_LIST) sound = close(code);
    previous = code;
    return sound;
  }

  function nextNewline(at: number): number {
    if (newline < at) newline = piece.indexOf("\n", at);
    if (newline < 0) newline = piece.length;
    return newline;
  }

  /** True when the quote at `quote` belongs to the string that begins at `start`. */
  function isEscaped(quote: number, start: number): boolean {
    let at = quote;
    while (at > start && piece.charCodeAt(at - 1) === BACKSLASH) at -= 1;
    return (quote - at) % 2 === 1;
  }

  /** Ends the document at `at`. */
  function endAt(at: number): typeof ENDED {
    end = at;
    return ENDED;
  }

  /** Index behind the string that `start` stands in, or the end of the piece. A newline breaks it, and the document. */
  function endOfString(start: number): number {
    const limit = nextNewline(start);
    const skip = escaped ? start + 1 : start;
    let quote = piece.indexOf('"', skip);
    while (quote >= 0 && isEscaped(quote, skip)) quote = piece.indexOf('"', quote + 1);
    const ends = quote >= 0 && quote < limit;
    if (inName) name = (name + piece.slice(start, ends ? quote : limit)).slice(0, LONGEST_NAME);
    inString = !ends;
    escaped = !ends && isEscaped(piece.length, skip);
    if (!ends) return limit < piece.length ? endAt(limit) : limit;
    inName = false;
    return quote + 1;
  }

  function beginString(at: number): number {
    if (stack.length === 1 && previous !== COLON) {
      inName = true;
      name = "";
    }
    take(QUOTE, at);
    return endOfString(at + 1);
  }

  /** A record begins the line at `at`, where none can: the one before it was cut. */
  const isMisplaced = (at: number): boolean =>
    stack.length > 0 && (level === 0 || stack.length > level) && trailByHead(piece, at) !== undefined;

  /** Where the document ends that turned out to be broken at `at`: at the beginning of the line when nothing of the line was given away. */
  const brokenAt = (at: number): number =>
    line > markedLine && before + at - lineStart < longLine ? lineStart : Math.min(at, piece.length);

  function beginLine(at: number): number {
    line += 1;
    lineStart = at;
    before = 0;
    return isMisplaced(at) ? endAt(at) : at;
  }

  /** One character outside of strings; index of the next one to look at. */
  function step(code: number, at: number): number {
    if (code === QUOTE) return beginString(at);
    if (code === SPACE || code === TAB || code === RETURN) return at + 1;
    if (code === NEWLINE) return beginLine(at + 1);
    if (!take(code, at)) return endAt(brokenAt(at));
    return stack.length === 0 ? endAt(at + 1) : at + 1;
  }

  function feed(text: string, firstNewline: number): Fed {
    values = [];
    piece = text;
    from = 0;
    lineStart = 0;
    newline = firstNewline;
    end = text.length;
    let at = inString ? endOfString(0) : 0;
    if (at === 0 && before === 0 && line > markedLine && isMisplaced(0)) at = endAt(0);
    while (at !== ENDED && at < text.length) at = step(text.charCodeAt(at), at);
    const ended = at === ENDED;
    if (ended) finish(end);
    else keep(end);
    before = lineStart === 0 ? before + text.length : text.length - lineStart;
    piece = "";
    return { values, used: end, ended };
  }

  return {
    feed,
    tail: () => (holding ? { text: held.trim(), line: heldLine, tooLarge: oversize } : undefined),
    line: () => line,
    held: () => held.length,
  };
}
