import { type CloudWatchClient, GetMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { NAMESPACE } from "../../schemas/metrics.ts";
import type { Sink } from "../runtime/meter.ts";

const PERIOD_S = 60;
/** A queue that is in use tells its age every minute, some minutes late; what a sink did not take comes again after a quarter of an hour at the latest. */
const LOOK_BACK_MS = 20 * 60_000;

export interface Waiting {
  readonly queue: string;
  /** Where its messages go. */
  readonly sink: Sink;
  /** The function that brings them; undefined where the stack tells of none. */
  readonly publisher: string | undefined;
}

/** How long (ms) the oldest message of a queue has waited, where CloudWatch has been told of late: by SQS, and of messages that were tried more than twice, which SQS leaves out, by the
 * function that tries them. */
export async function ageOf(
  cloudwatch: Pick<CloudWatchClient, "send">,
  { queue, sink, publisher }: Waiting,
  now: number,
): Promise<number | undefined> {
  const metric = (Namespace: string, MetricName: string, dimensions: Readonly<Record<string, string>>) => ({
    Metric: {
      ...{ Namespace, MetricName },
      Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
    },
    ...{ Period: PERIOD_S, Stat: "Maximum" },
  });
  const { MetricDataResults = [] } = await cloudwatch.send(
    new GetMetricDataCommand({
      StartTime: new Date(now - LOOK_BACK_MS),
      EndTime: new Date(now),
      MetricDataQueries: [
        { Id: "seconds", MetricStat: metric("AWS/SQS", "ApproximateAgeOfOldestMessage", { QueueName: queue }) },
        ...(publisher === undefined
          ? []
          : [{ Id: "milliseconds", MetricStat: metric(NAMESPACE, "Waited", { service: publisher, sink }) }]),
      ],
    }),
  );
  // The newest stands first, unless it was asked for otherwise (API reference, GetMetricData).
  const ages = MetricDataResults.flatMap(({ Id, Values: [newest] = [] }) =>
    newest === undefined ? [] : [newest * (Id === "seconds" ? 1_000 : 1)],
  );
  return ages.length === 0 ? undefined : Math.max(...ages);
}
