import type { ErrorCode } from "../../../schemas/errors.ts";
import type { Scope } from "../../../schemas/events/event.ts";
import type { Frame, RawRecord, SetAside, Unwrapped } from "../records.ts";
import { createUnpacker } from "./bytes.ts";
import { closeCutJson } from "./cut-json.ts";
import { beforeCutMark } from "./cut-mark.ts";
import { envelopes } from "./envelopes.ts";
import { excerptOf } from "./excerpt.ts";
import { createFrames } from "./frame.ts";
import { trailByHead } from "./heads.ts";
import { jsonText } from "./json-text.ts";
import { isOtherLog, linePiece } from "./log-line.ts";
import { type Around, openedPiece, type Piece } from "./piece.ts";
import { trailByMembers, trailOfCut } from "./trail.ts";

export interface Unwrapping {
  /** Of audit events whose envelope does not tell. */
  readonly scope: Scope;
  /** Bytes that one compressed payload may unpack to. */
  readonly maxUnzipped?: number;
}

const MAX_UNZIPPED = 64 * 1024 * 1024;
const MAX_NESTING = 6;
const MEMBERS_SHOWN = 6;
const NAME_SHOWN = 40;

/** Opens whatever a frame is wrapped in, down to the records of the trails. Every piece ends as a record or is set aside; control messages of log
 * subscriptions are no events and are counted apart. Records stay text: what no detector needs is never parsed. */
export function unwrap(frame: Frame, { scope, maxUnzipped = MAX_UNZIPPED }: Unwrapping): Unwrapped {
  const records: RawRecord[] = [];
  const asides: SetAside[] = [];
  let control = 0;
  const unpack = createUnpacker(maxUnzipped);

  function take(trail: RawRecord["trail"], text: string, { origin, scope: where, loggedAt }: Around): undefined {
    records.push({ trail, text, origin, scope: where, loggedAt });
  }

  function aside(code: ErrorCode, message: string, excerpt: string, around: Around): undefined {
    asides.push({ code, message, origin: around.origin, excerpt: excerptOf(excerpt) });
  }

  function open(piece: Piece): undefined {
    if (piece.kind === "text") openText(piece.text, piece.around);
    else if (piece.kind === "payload") openPayload(piece.text.trim(), piece.around);
    else if (piece.kind === "value") openValue(piece.value, undefined, piece.around);
    else if (piece.kind === "aside") aside(piece.code, piece.message, piece.excerpt, piece.around);
    else control += 1;
  }

  function openText(text: string, around: Around): undefined {
    const trail = trailByHead(text);
    if (trail !== undefined) return take(trail, text, around);
    if (around.depth > MAX_NESTING) return aside("E_NESTING", "envelopes within envelopes", text, around);
    // JSON is tried first where it may be: the other way round where it cannot, as a failure costs more than the rest.
    const mayBeJson = /^\s*[[{"]/.test(text);
    if (!mayBeJson && openLine(text, around)) return;
    const parsed = parse(text);
    if ("value" in parsed) return openValue(parsed.value, text, around);
    if (!mayBeJson || !openLine(text, around)) openBroken(text, parsed.problem, around);
  }

  /** False when the text is no line of a log that is known. */
  function openLine(text: string, around: Around): boolean {
    const inner = linePiece(text, { ...around, depth: around.depth + 1 });
    if (inner !== undefined) open(inner);
    else if (isOtherLog(text)) aside("E_OTHER_LOG", "a line of another log", text, around);
    else return false;
    return true;
  }

  /** What a producer put into one record: as a rule one value, else several of them. */
  function openPayload(text: string, around: Around): undefined {
    const parsed = trailByHead(text) === undefined ? parse(text) : undefined;
    if (parsed !== undefined && "value" in parsed) return openValue(parsed.value, text, around);
    const framer = createFrames({ from: around.origin.from, maxFrame: maxUnzipped });
    const frames = [...framer.push(text), ...framer.end()];
    for (const { text: inner, error } of frames) {
      if (error === undefined) openText(inner, around);
      else aside(error.code, error.message, inner, around);
    }
    if (frames.length === 0) aside("E_JSON", "a record without data", text, around);
  }

  /** Text that is not JSON: a record that was cut (its text is salvaged later), an envelope that was (what is whole in it is read), or nothing. */
  function openBroken(text: string, problem: string, around: Around): undefined {
    const value = text.startsWith("{") ? closeCutJson(text.slice(0, beforeCutMark(text))) : undefined;
    const trail = trailOfCut(value);
    if (trail !== undefined) return take(trail, text, around);
    if (isObject(value) && envelopes.some(({ is }) => is(value))) openValue(value, undefined, around);
    aside("E_JSON", problem, text, around);
  }

  /** `text`: what the value was parsed from; undefined when it was part of something larger. */
  function openValue(value: unknown, text: string | undefined, around: Around): undefined {
    if (typeof value === "string") return openText(value, { ...around, depth: around.depth + 1 });
    const refuse = (code: ErrorCode, message: string): undefined =>
      aside(code, message, text ?? jsonText(value) ?? "", around);
    if (!isObject(value)) return refuse("E_UNKNOWN_SHAPE", `a lone ${value === null ? "null" : typeof value}`);
    const trail = trailByMembers(value);
    const raw = trail === undefined ? undefined : (text ?? jsonText(value));
    if (trail !== undefined && raw !== undefined) return take(trail, raw, around);
    if (trail !== undefined || around.depth > MAX_NESTING) return refuse("E_NESTING", "values within values");
    const envelope = envelopes.find(({ is }) => is(value));
    if (envelope === undefined) return refuse(...strangenessOf(value));
    for (const piece of envelope.open(value, { ...around, depth: around.depth + 1 }, unpack)) open(piece);
  }

  const bare = { scope, origin: frame.origin, loggedAt: 0, depth: 0 };
  if (frame.payload === true) open(openedPiece(unpack.kinesis(frame.text), { ...bare, depth: 1 }));
  else openText(frame.text, bare);
  return { records, aside: asides, control, size: records.reduce((sum, { text }) => sum + text.length, 0) };
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

function parse(text: string): { readonly value: unknown } | { readonly problem: string } {
  try {
    return { value: JSON.parse(text) };
  } catch (cause) {
    return { problem: cause instanceof Error ? cause.message : String(cause) };
  }
}

/** The other file of a trail's folder is known (docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html). */
const strangenessOf = (value: object): [code: ErrorCode, message: string] =>
  "digestS3Object" in value && "digestSignatureAlgorithm" in value
    ? ["E_OTHER_LOG", "a digest of CloudTrail's log files"]
    : ["E_UNKNOWN_SHAPE", `no known envelope, with ${membersOf(value)}`];

/** The names of the first members, for the reader. */
function membersOf(value: object): string {
  const names = Object.keys(value).slice(0, MEMBERS_SHOWN);
  return names.map((name) => name.slice(0, NAME_SHOWN)).join(", ") || "no members";
}
