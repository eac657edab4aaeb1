import type { SQSRecord } from "aws-lambda";
import type { Logger } from "pino";
import { reasonOf } from "../adapters/sinks/reason.ts";
import type { Meter, Sink } from "../runtime/meter.ts";
import { type Delay, delayOf } from "./letters.ts";

export interface PostponeParts {
  readonly delay: Delay;
  readonly meter: Meter;
  readonly now: () => number;
}

/** Best effort: what is not put off comes when its time in flight is over. Tells how long the oldest has waited, as SQS does not: a message that was received three times is left out of
 * ApproximateAgeOfOldestMessage (docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html). */
export async function postpone(
  sink: Sink,
  records: readonly SQSRecord[],
  { delay, meter, now }: PostponeParts,
  log: Logger,
): Promise<void> {
  if (records.length === 0) return;
  const oldest = Math.min(...records.map(({ attributes }) => Number(attributes.SentTimestamp)));
  meter.waited(sink, Math.max(0, now() - oldest));
  const groups = Map.groupBy(new Set(records), delayOf);
  for (const [seconds, some] of groups)
    await delay(some, seconds).catch((error: unknown) =>
      log.warn({ reason: reasonOf(error) }, "messages were not put off"),
    );
}
