import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";

/** A log stream whose events are sent on. */
export interface LogSource {
  /** Account of the log group. */
  readonly owner: string;
  /** `/aws/eks/<cluster>/cluster`, or that of a trail. */
  readonly logGroup: string;
  readonly logStream: string;
}

export interface LogEvent {
  /** ms. */
  readonly timestamp: number;
  readonly message: string;
}

/** As CloudWatch Logs compresses (aws-plumbing.md §1.2). */
const LEVEL = 6;

/** What a subscription of CloudWatch Logs puts into one Kinesis record: gzip of JSON, many events in one (aws-plumbing.md §1.2). */
export function encodeSubscription({ owner, logGroup, logStream }: LogSource, events: readonly LogEvent[]): Buffer {
  return gzipSync(
    JSON.stringify({
      ...{ messageType: "DATA_MESSAGE", owner, logGroup, logStream, subscriptionFilters: ["crosstrail"] },
      logEvents: events.map(({ timestamp, message }, index) => ({
        ...{ id: idOf(timestamp, message, index), timestamp, message },
      })),
    }),
    { level: LEVEL },
  );
}

/** 56 digits, as CloudWatch Logs has them: the time first, then what tells events of one millisecond apart. */
function idOf(timestamp: number, message: string, index: number): string {
  const rest = BigInt(`0x${createHash("sha256").update(`${index}\n${message}`).digest("hex").slice(0, 32)}`);
  return `${timestamp}${rest}`.padEnd(56, "0").slice(0, 56);
}
