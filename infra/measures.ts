import { type MetricName, NAMESPACE } from "../schemas/metrics.ts";
import type { FunctionName } from "./settings.ts";

/** As CloudFormation has them, but for name, description and actions. */
export interface AlarmProperties {
  readonly Namespace?: string;
  readonly MetricName?: string;
  readonly Dimensions?: readonly { readonly Name: string; readonly Value: string }[];
  readonly Statistic?: string;
  readonly ExtendedStatistic?: string;
  readonly Period?: number;
  readonly Threshold: number;
  readonly ComparisonOperator: "GreaterThanThreshold" | "LessThanThreshold";
  readonly EvaluationPeriods: number;
  readonly DatapointsToAlarm: number;
  readonly TreatMissingData: "breaching" | "notBreaching";
}

interface Measure {
  readonly namespace: string;
  readonly metric: string;
  readonly of: Readonly<Record<string, string>>;
  readonly statistic: "Sum" | "Maximum" | "p99";
  /** Seconds. */
  readonly period?: number;
}

const FIVE_MINUTES = 300;

/** The metric's part of an alarm. */
const measured = ({ namespace, metric, of, statistic, period = FIVE_MINUTES }: Measure) => ({
  ...{ Namespace: namespace, MetricName: metric },
  Dimensions: Object.entries(of).map(([Name, Value]) => ({ Name, Value })),
  ...(statistic === "p99" ? { ExtendedStatistic: statistic } : { Statistic: statistic }),
  Period: period,
});

/** Above `threshold` in `points` of `periods`. No data is no trouble: whoever is silent is told of by an alarm of its own. */
export const above = (
  measure: Measure,
  threshold: number,
  [points, periods]: readonly [number, number] = [1, 1],
): AlarmProperties => ({
  ...measured(measure),
  ...{ Threshold: threshold, ComparisonOperator: "GreaterThanThreshold", TreatMissingData: "notBreaching" },
  ...{ EvaluationPeriods: periods, DatapointsToAlarm: points },
});

/** Nothing at all, or no data, in every one of so many periods. */
export const silent = (measure: Measure, periods: number): AlarmProperties => ({
  ...measured(measure),
  ...{ Threshold: 1, ComparisonOperator: "LessThanThreshold", TreatMissingData: "breaching" },
  ...{ EvaluationPeriods: periods, DatapointsToAlarm: periods },
});

export const ofFunction = (name: FunctionName, metric: string, statistic: Measure["statistic"]): Measure => ({
  ...{ namespace: "AWS/Lambda", metric, statistic, of: { FunctionName: `\${${name}}` } },
});
export const ofStream = (metric: string, statistic: Measure["statistic"]): Measure => ({
  ...{ namespace: "AWS/Kinesis", metric, statistic, of: { StreamName: "${Stream}" } },
});
export const ofQueue = (queue: string, metric: string): Measure => ({
  ...{ namespace: "AWS/SQS", metric, statistic: "Maximum", of: { QueueName: `\${${queue}.QueueName}` } },
});
export const ofMapping = (metric: string): Measure => ({
  ...{ namespace: "AWS/Lambda", metric, statistic: "Sum", of: { EventSourceMappingUUID: "${DetectStream}" } },
});
export const own = (
  metric: MetricName,
  service: FunctionName,
  statistic: Measure["statistic"] = "Sum",
  dimension: Readonly<Record<string, string>> = {},
): Measure => ({
  ...{ namespace: NAMESPACE, metric, statistic },
  of: { service: `\${${service}}`, ...dimension },
});

/** Of all filters of a log group (docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html; by the name of the group alone as in CDK's list
 * of what services write). By filter there is a dimension more, `DestinationType`, whose values are documented nowhere: an alarm that guesses one would always ring. */
export function ofSubscription(metric: string, period = FIVE_MINUTES): Measure {
  return {
    ...{ namespace: "AWS/Logs", metric, statistic: "Sum", period },
    of: { LogGroupName: "${LogGroup}" },
  };
}
