import type { Frame } from "../records.ts";
import { type Scan, startScan } from "./scan.ts";

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
}

const MAX_FRAME = 32 * 1024 * 1024;
/** A line longer than this is looked into, as it may be a whole export on one line. */
const LONG_LINE = 1024 * 1024;
const EXCERPT = 200;
/** The mark that CloudWatch leaves on an event it cut (falcosecurity/plugins#297). */
const CUT = /\[\.*truncated\.*\]$/i;
/** First line of a CSV export of Logs Insights: names of columns, no event. */
const CSV_HEADER = /^"?@?(?:timestamp|message|ptr|logStream)"?(?:,"?@?\w+"?)*$/;

/** Cuts an input into frames, one JSON value or line each: NDJSON, pretty-printed documents, values without a newline between them, and documents of any
 * size whose list of records is streamed element by element. Memory does not grow with the input. */
export function createFrames({ from, maxFrame = MAX_FRAME }: FrameOptions): Framer {
  let rest = "";
  let line = 1;
  let scan: Scan | undefined;
  let skippingLine = false;

  const frame = (text: string, at: number): Frame => ({ text, origin: { from, line: at } });
  const tooLarge = (text: string, at: number): Frame => ({
    text: text.slice(0, EXCERPT),
    origin: { from, line: at },
    error: { code: "E_TOO_LARGE", message: `a record of more than ${maxFrame} characters` },
  });

  /** One line, or the beginning of a document. False when more text is needed to tell. */
  function takeLine(out: Frame[], ended: boolean): boolean {
    const end = rest.indexOf("\n");
    if (end < 0 && !ended) return takeLongLine(out);
    const text = end < 0 ? rest : rest.slice(0, end);
    const trimmed = text.trim();
    if (!isWhole(trimmed) && opensDocument(trimmed)) {
      scan = startScan(line, maxFrame);
      return true;
    }
    if (trimmed !== "" && !CSV_HEADER.test(trimmed))
      out.push(trimmed.length > maxFrame ? tooLarge(trimmed, line) : frame(trimmed, line));
    rest = end < 0 ? "" : rest.slice(end + 1);
    line += end < 0 ? 0 : 1;
    return end >= 0;
  }

  /** A line without an end so far: looked into when it may be a document, skipped when it is too large for anything. */
  function takeLongLine(out: Frame[]): boolean {
    if (rest.length < LONG_LINE) return false;
    if (/^\s*[[{]/.test(rest)) {
      scan = startScan(line, maxFrame);
      return true;
    }
    if (rest.length <= maxFrame) return false;
    out.push(tooLarge(rest.trimStart(), line));
    skippingLine = true;
    return true;
  }

  function skipLine(): boolean {
    const end = rest.indexOf("\n");
    rest = end < 0 ? "" : rest.slice(end + 1);
    if (end < 0) return false;
    line += 1;
    skippingLine = false;
    return true;
  }

  function takeDocument(current: Scan, out: Frame[], ended: boolean): boolean {
    // Whole lines only, unless one is long: how the input was cut into pieces must not show.
    const whole = ended || rest.length >= LONG_LINE ? rest.length : rest.lastIndexOf("\n") + 1;
    if (whole === 0) return false;
    const { values, used, ended: done } = current.feed(rest.slice(0, whole));
    for (const value of values)
      out.push(value.tooLarge ? tooLarge(value.text, value.line) : frame(value.text, value.line));
    rest = rest.slice(used);
    line = current.line();
    if (done) scan = undefined;
    return done;
  }

  function drain(ended: boolean): Frame[] {
    const out: Frame[] = [];
    let more = true;
    while (more && rest !== "") {
      if (skippingLine) more = skipLine();
      else if (scan === undefined) more = takeLine(out, ended);
      else more = takeDocument(scan, out, ended);
    }
    return out;
  }

  return {
    push(text) {
      rest += line === 1 && rest === "" && text.startsWith("\ufeff") ? text.slice(1) : text;
      return drain(false);
    },
    end() {
      const out = drain(true);
      const tail = scan?.tail();
      if (tail !== undefined && tail.text.trim() !== "")
        out.push(tail.tooLarge ? tooLarge(tail.text, tail.line) : frame(tail.text.trim(), tail.line));
      rest = "";
      scan = undefined;
      return out;
    },
    held: () => rest.length + (scan?.held() ?? 0),
  };
}

/** One JSON object on one line, told by its ends: `}{"` cannot stand inside a value, as a quote in a string is escaped. */
function isWhole(text: string): boolean {
  return text.startsWith('{"') && text.endsWith("}") && text.length < LONG_LINE && !text.includes('}{"');
}

/** What may go on over lines: an opening bracket with something after it that is no cut compact event, or several values on a line. A cut event
 * ends anywhere; a document's line ends in a bracket, a comma, or closes. */
function opensDocument(text: string): boolean {
  if (CUT.test(text)) return false;
  return /^[[{]/.test(text) && (/[[{,}\]]$/.test(text) || text.includes('}{"'));
}
