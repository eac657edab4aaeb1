/** What to do next with something that went wrong: set it aside and go on (poison), stop and try again (transient),
 * report a fault of ours and go on (bug), raise an alarm and set aside (refused). */
export type ErrorKind = "poison" | "transient" | "bug" | "refused";

/** Every code this program uses; stable, documented in the README. */
export const errorCodes = {
  E_GZIP: { kind: "poison", means: "compressed data that cannot be unpacked, or that unpacks beyond the limit" },
  E_BASE64: { kind: "poison", means: "a Kinesis record whose data is not base64" },
  E_JSON: { kind: "poison", means: "text that is not JSON and from which nothing could be salvaged" },
  E_TOO_LARGE: { kind: "poison", means: "a single record above the size limit" },
  E_NESTING: { kind: "poison", means: "envelopes nested deeper than the limit" },
  E_UNKNOWN_SHAPE: {
    kind: "poison",
    means: "JSON that is neither an audit event, a CloudTrail record nor a known envelope",
  },
  E_OTHER_LOG: {
    kind: "poison",
    means:
      "a line of another log in the same log group (authenticator, scheduler, ...), or what CloudTrail writes beside calls (Insights, digests)",
  },
  E_SCHEMA: { kind: "poison", means: "an audit event or CloudTrail record without the fields that make it one" },
  E_WINDOW: { kind: "poison", means: "an event outside --since and --until" },
  E_KPL: { kind: "poison", means: "a record aggregated by the Kinesis Producer Library, which is not supported" },
  E_READ: { kind: "transient", means: "an input that cannot be read" },
  E_AWS: { kind: "transient", means: "an AWS service that does not answer, or asks to wait, after all retries" },
  E_AWS_REFUSED: {
    kind: "refused",
    means: "an AWS service that refuses: no credentials, no access, no such resource, a wrong parameter",
  },
  E_LEDGER: { kind: "transient", means: "a ledger that cannot be read or written" },
  E_LEDGER_FULL: { kind: "refused", means: "an entity of the ledger that has outgrown what the store takes" },
  E_LEDGER_REFUSED: { kind: "refused", means: "a ledger that does not take requests: no access, no such table" },
  E_DETECTOR: { kind: "bug", means: "a detector threw" },
  E_BUG: { kind: "bug", means: "a record that this program failed on" },
  E_OUTBOX: { kind: "transient", means: "an outbox that does not take findings" },
  E_OUTBOX_REFUSED: {
    kind: "refused",
    means: "an outbox that does not take requests: no access, no such queue, no key, a message that is not allowed",
  },
  // Never refused: what cannot be kept aside has no other place, and is lost if it does not come again.
  E_QUARANTINE: {
    kind: "transient",
    means:
      "a quarantine that does not take records, whatever the reason: they come again, as they can be kept nowhere else",
  },
  E_CONFIG: { kind: "refused", means: "a configuration that is not valid" },
  E_ASFF: { kind: "refused", means: "a finding that Security Hub would refuse" },
} as const satisfies Record<string, { kind: ErrorKind; means: string }>;

export type ErrorCode = keyof typeof errorCodes;

/** An error with a stable code and the cause that made it. */
export class CrosstrailError extends Error {
  override readonly name = "CrosstrailError";
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options: { readonly cause: unknown }) {
    super(message, options);
    this.code = code;
  }
  get kind(): ErrorKind {
    return errorCodes[this.code].kind;
  }
}
