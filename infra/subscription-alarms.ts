import { type Alarm, DOCTOR, INCIDENT } from "./alarms.ts";
import { FIVE_MINUTES, measured, ofSubscription, silent } from "./measures.ts";

/** Of each subscription. `${LogGroup}` and `${FilterName}` are its own. */
export const subscriptionAlarms: readonly Alarm[] = [
  {
    ...{ id: "Silence", when: "always" },
    is: "log group ${LogGroup} sends nothing",
    todo: `Logging was turned off, or the log group or its subscription removed. ${DOCTOR} ${INCIDENT}`,
    properties: silent(ofSubscription("ForwardedLogEvents", 900), 2),
  },
  {
    ...{ id: "Undelivered", when: "always" },
    is: "CloudWatch Logs cannot put events of log group ${LogGroup} on the stream",
    todo: "May its role use the stream and the key? Has the stream room? It tries again for a day, but not where access is denied.",
    properties: {
      Metrics: [
        { Id: "sum", Expression: "FILL(errors, 0) + FILL(throttled, 0)", Label: "not delivered", ReturnData: true },
        ...(["errors", "throttled"] as const).map((Id) => {
          const metric = Id === "errors" ? "DeliveryErrors" : "DeliveryThrottling";
          const { Namespace, MetricName, Dimensions, Period } = measured(ofSubscription(metric, FIVE_MINUTES));
          const MetricStat = { Metric: { Namespace, MetricName, Dimensions }, Period, Stat: "Sum" };
          return { Id, MetricStat, ReturnData: false };
        }),
      ],
      ...{ Threshold: 0, ComparisonOperator: "GreaterThanThreshold", TreatMissingData: "notBreaching" },
      ...{ EvaluationPeriods: 5, DatapointsToAlarm: 3 },
    },
  },
];
