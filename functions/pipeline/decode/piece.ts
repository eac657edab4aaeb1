import type { ErrorCode } from "../../../schemas/errors.ts";
import type { Origin, Scope } from "../../../schemas/events/event.ts";
import type { Unpacker } from "./bytes.ts";

/** What is known around a piece: it grows as envelopes are opened. */
export interface Around {
  readonly scope: Scope;
  readonly origin: Origin;
  readonly loggedAt: number;
  /** Envelopes opened so far. */
  readonly depth: number;
}

/** What an envelope holds: text (one value or line, or a payload of several), a value that was parsed with the envelope, or nothing to look into any further. */
export type Piece =
  | { readonly kind: "text" | "payload"; readonly text: string; readonly around: Around }
  | { readonly kind: "value"; readonly value: unknown; readonly around: Around }
  | {
      readonly kind: "aside";
      readonly code: ErrorCode;
      readonly message: string;
      readonly excerpt: string;
      readonly around: Around;
    }
  | { readonly kind: "control" };

/** A container that records of the trails are known to come in. */
export interface Envelope {
  readonly is: (value: object) => boolean;
  readonly open: (value: object, around: Around, unpack: Unpacker) => readonly Piece[];
}

/** A message as a container holds it: text as a rule, a value where somebody parsed it on the way. */
export const messagePiece = (message: unknown, around: Around): Piece =>
  typeof message === "string" ? { kind: "text", text: message, around } : { kind: "value", value: message, around };

/** A payload that was unpacked, or why it was not. */
export const openedPiece = (opened: ReturnType<Unpacker["kinesis"]>, around: Around): Piece =>
  "code" in opened
    ? { kind: "aside", code: opened.code, message: opened.message, excerpt: "", around }
    : { kind: "payload", text: opened.text, around };
