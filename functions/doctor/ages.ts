import { type CloudWatchClient, GetMetricDataCommand } from "@aws-sdk/client-cloudwatch";

const PERIOD_S = 60;
/** A queue that is in use tells its age every minute, some minutes late. */
const LOOK_BACK_MS = 15 * 60_000;

/** How long (ms) the oldest message of each queue has waited, where CloudWatch has been told of late. */
export async function agesOf(
  cloudwatch: Pick<CloudWatchClient, "send">,
  queues: readonly string[],
  now: number,
): Promise<ReadonlyMap<string, number>> {
  const { MetricDataResults = [] } = await cloudwatch.send(
    new GetMetricDataCommand({
      StartTime: new Date(now - LOOK_BACK_MS),
      EndTime: new Date(now),
      MetricDataQueries: queues.map((Value, index) => ({
        Id: `q${index}`,
        MetricStat: {
          Metric: {
            ...{ Namespace: "AWS/SQS", MetricName: "ApproximateAgeOfOldestMessage" },
            Dimensions: [{ Name: "QueueName", Value }],
          },
          ...{ Period: PERIOD_S, Stat: "Maximum" },
        },
      })),
    }),
  );
  // The newest stands first, unless it was asked for otherwise (API reference, GetMetricData).
  return new Map(
    MetricDataResults.flatMap(({ Id = "", Values: [newest] = [] }) => {
      const queue = queues[Number(Id.slice(1))];
      return queue === undefined || newest === undefined ? [] : [[queue, newest * 1_000] as const];
    }),
  );
}
