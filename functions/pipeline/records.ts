import type { ErrorCode } from "../../schemas/errors.ts";
import type { Origin, Scope } from "../../schemas/events/event.ts";

/** A piece of input as it was framed: the text of one JSON value or one log line, and where it began. Nothing is decoded yet. */
export interface Frame {
  readonly text: string;
  readonly origin: Origin;
  /** `text` is what a Kinesis record holds: base64, and gzip when CloudWatch Logs wrote it. */
  readonly payload?: true;
  /** What the frame cannot be read for: set aside as it is. */
  readonly error?: { readonly code: ErrorCode; readonly message: string };
}

/** A chunk of frames: what the pipeline takes at a time (a Lambda batch is one, a file is many). */
export interface Chunk {
  readonly frames: readonly Frame[];
  /** Bytes read from the input for it, for progress. */
  readonly bytes: number;
}

/** One record of a trail, still as text (or as the value that a container held it as). */
export interface RawRecord {
  readonly trail: "k8s-audit" | "cloudtrail";
  /** JSON text of the event. */
  readonly text: string;
  readonly origin: Origin;
  /** What the envelope says; `unknown` where it says nothing. */
  readonly scope: Scope;
  /** ms; the log's own time, 0 when the envelope has none. */
  readonly loggedAt: number;
}

/** A piece that cannot be judged: kept with its reason, counted, never lost. */
export interface SetAside {
  readonly code: ErrorCode;
  /** What is wrong, with the field where there is one. */
  readonly message: string;
  readonly origin: Origin;
  /** The beginning of the text, for the reader. */
  readonly excerpt: string;
}

/** What unwrapping one frame gave. `records` + `aside` is the number of pieces that went in; control messages are no events. */
export interface Unwrapped {
  readonly records: readonly RawRecord[];
  readonly aside: readonly SetAside[];
  readonly control: number;
  /** UTF-16 units of the records' text, unpacked. */
  readonly size: number;
}
