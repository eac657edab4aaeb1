import type { SQSRecord } from "aws-lambda";
import type { Logger } from "pino";
import { reasonOf } from "../adapters/sinks/reason.ts";
import { type Delay, delayOf } from "./letters.ts";

/** Best effort: what is not put off comes when its time in flight is over. */
export async function postpone(records: readonly SQSRecord[], delay: Delay, log: Logger): Promise<void> {
  const groups = Map.groupBy(new Set(records), delayOf);
  for (const [seconds, some] of groups)
    await delay(some, seconds).catch((error: unknown) =>
      log.warn({ reason: reasonOf(error) }, "messages were not put off"),
    );
}
