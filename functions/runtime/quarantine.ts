import type { ErrorCode } from "../../schemas/errors.ts";

/** Why a record, or a piece of it, could not be judged. */
export interface Reason {
  readonly code: ErrorCode;
  readonly message: string;
}

/** A record of a stream that is kept aside, whole: whoever mends what was wrong puts it on the stream again as it was. */
export interface KeptRecord {
  readonly stream: string;
  readonly shard: string;
  readonly sequence: string;
  readonly partitionKey: string;
  /** ISO 8601: when Kinesis took it. */
  readonly arrived: string;
  /** One a piece of it that could not be judged; the other pieces were. */
  readonly reasons: readonly Reason[];
  /** base64, as it stood on the stream. */
  readonly data: string;
}

/** Where records are kept aside. The same record again is the same one. Rejects while it cannot take any. */
export interface Quarantine {
  readonly keep: (record: KeptRecord) => Promise<void>;
}
