import type { Frame } from "../records.ts";
import { excerptOf } from "./excerpt.ts";
import { isFrame, isHotWhole, isNoEvent } from "./line.ts";
import { type Scan, startScan, type Value } from "./scan.ts";

export interface Framer {
  /** Takes the next piece of the input's text and gives the frames that are complete. */
  readonly push: (text: string) => Frame[];
  /** The input has ended: what is left, whole or cut. */
  readonly end: () => Frame[];
  /** UTF-16 units held back: bounded by `maxFrame` and one piece, whatever the input. */
  readonly held: () => number;
}

export interface FrameOptions {
  readonly from: string;
  /** UTF-16 units of one line or value; a larger one is set aside and skipped without being held. */
  readonly maxFrame?: number;
  /** UTF-16 units of a line from which it is looked into before its end is there, as it may be a whole export. */
  readonly longLine?: number;
}

const MAX_FRAME = 32 * 1024 * 1024;
/** Twice what CloudWatch lets an event have. */
const LONG_LINE = 2 * 1024 * 1024;
/** How far the next line is looked for behind empty ones. */
const NEXT_LINE = 4 * 1024;
const NEWLINE = 10;

/** Spaces around a line; a byte order mark stands wherever files were joined. */
const isSpace = (code: number): boolean =>
  code === 32 || code === 9 || code === 13 || code === NEWLINE || code === 0xfeff;

/** Cuts an input into frames, one JSON value or line each: NDJSON, pretty-printed documents, values without a newline between them, and documents of any
 * size whose list of records is streamed element by element. Memory does not grow with the input. */
export function createFrames({ from, maxFrame = MAX_FRAME, longLine = LONG_LINE }: FrameOptions): Framer {
  /** Text that waits for more: joined only when something can come of it, or a long line would be copied again with every piece. */
  let waiting: string[] = [];
  let waitingLength = 0;
  /** How long it has to be before it is looked at again without a newline in it. */
  let patience = 0;
  let buffer = "";
  let pos = 0;
  let newline = -1;
  let lastNewline = -1;
  let line = 1;
  let scan: Scan | undefined;
  let skipping = false;

  const tooLarge = (text: string, at: number): Frame => ({
    text: excerptOf(text),
    origin: { from, line: at },
    error: { code: "E_TOO_LARGE", message: `a record of more than ${maxFrame} characters` },
  });

  const frameOf = (value: Value): Frame =>
    value.tooLarge ? tooLarge(value.text, value.line) : { text: value.text, origin: { from, line: value.line } };

  /** Stops until there is a newline, or `length` characters without one. */
  function wait(length: number): false {
    patience = length;
    return false;
  }

  /** Where the line at `pos` ends; the end of the buffer when it has no newline there. */
  function endOfLine(): number {
    if (newline < pos) newline = buffer.indexOf("\n", pos);
    if (newline < 0) newline = buffer.length;
    return newline;
  }

  /** The first character after `end` that is no space: empty when there is none near, undefined when it is not there yet. */
  function firstBehind(end: number, ended: boolean): string | undefined {
    const limit = end + NEXT_LINE;
    let at = end;
    while (at < buffer.length && at < limit && isSpace(buffer.charCodeAt(at))) at += 1;
    if (at < buffer.length && at < limit) return buffer[at];
    return ended || at === limit ? "" : undefined;
  }

  function skipSpace(): void {
    while (pos < buffer.length && isSpace(buffer.charCodeAt(pos))) {
      if (buffer.charCodeAt(pos) === NEWLINE) line += 1;
      pos += 1;
    }
  }

  function startDocument(): true {
    scan = startScan(line, { maxValue: maxFrame, longLine });
    return true;
  }

  function takeFrame(out: Frame[], text: string): true {
    out.push({ text, origin: { from, line } });
    pos = endOfLine();
    return true;
  }

  /** A line that begins with a bracket: a frame, or the beginning of a document. False when more text is needed to tell. */
  function takeOpening(out: Frame[], ended: boolean): boolean {
    const end = endOfLine();
    if (end - pos >= longLine) return startDocument();
    if (end === buffer.length && !ended) return wait(longLine);
    const text = buffer.slice(pos, end).trimEnd();
    const next = isHotWhole(text) ? "" : firstBehind(end, ended);
    if (next === undefined) return wait(0);
    return text.length > maxFrame || !isFrame(text, next) ? startDocument() : takeFrame(out, text);
  }

  /** Any other line. False when its end is not there yet. */
  function takeLine(out: Frame[], ended: boolean): boolean {
    const end = endOfLine();
    const isTooLarge = end - pos > maxFrame;
    if (end === buffer.length && !ended && !isTooLarge) return wait(maxFrame + 1);
    const text = buffer.slice(pos, end).trimEnd();
    if (!isTooLarge && !isNoEvent(text)) return takeFrame(out, text);
    if (isTooLarge) out.push(tooLarge(text, line));
    skipping = true;
    return true;
  }

  /** Whatever stands at the next character that is no space. */
  function takeNext(out: Frame[], ended: boolean): boolean {
    skipSpace();
    const first = buffer[pos];
    if (first === undefined) return false;
    return first === "{" || first === "[" ? takeOpening(out, ended) : takeLine(out, ended);
  }

  function skipLine(): boolean {
    pos = endOfLine();
    skipping = pos === buffer.length;
    return !skipping;
  }

  function takeDocument(current: Scan, out: Frame[], ended: boolean): boolean {
    const whole = ended ? buffer.length : lastNewline + 1;
    const end = buffer.length - Math.max(whole, pos) >= longLine ? buffer.length : whole;
    if (end <= pos) return wait(longLine);
    const { values, used, ended: done } = current.feed(buffer.slice(pos, end), endOfLine() - pos);
    for (const value of values) out.push(frameOf(value));
    pos += used;
    line = current.line();
    if (done) scan = undefined;
    return true;
  }

  function drain(ended: boolean): Frame[] {
    buffer = waiting.length === 1 ? (waiting[0] as string) : waiting.join("");
    pos = 0;
    newline = -1;
    lastNewline = buffer.lastIndexOf("\n");
    patience = 0;
    const out: Frame[] = [];
    let more = true;
    while (more && pos < buffer.length) {
      if (skipping) more = skipLine();
      else if (scan === undefined) more = takeNext(out, ended);
      else more = takeDocument(scan, out, ended);
    }
    const rest = buffer.slice(pos);
    waiting = rest === "" ? [] : [rest];
    waitingLength = rest.length;
    buffer = "";
    return out;
  }

  return {
    push(text) {
      if (text === "") return [];
      waiting.push(text);
      waitingLength += text.length;
      return waitingLength < patience && !text.includes("\n") ? [] : drain(false);
    },
    end() {
      const out = drain(true);
      const tail = scan?.tail();
      if (tail !== undefined && tail.text !== "") out.push(frameOf(tail));
      waiting = [];
      waitingLength = 0;
      scan = undefined;
      return out;
    },
    held: () => waitingLength + (scan?.held() ?? 0),
  };
}
