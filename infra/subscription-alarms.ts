import { type Alarm, DOCTOR, INCIDENT } from "./alarms.ts";
import { above, ofSubscription, silent } from "./measures.ts";

/** Of each subscribed log group, whose name is `${LogGroup}`. */
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
    todo: "May its role use the stream and the key? It tries again for a day, but not where access is denied.",
    properties: above(ofSubscription("DeliveryErrors"), 0, [3, 5]),
  },
  {
    ...{ id: "Throttled", when: "always" },
    is: "the stream does not take events of log group ${LogGroup} as fast as they come",
    todo: "Add shards, or go on demand (`StreamShards=0`). CloudWatch Logs tries again for a day.",
    properties: above(ofSubscription("DeliveryThrottling"), 0, [3, 5]),
  },
];
