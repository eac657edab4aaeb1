import { Stack } from "aws-cdk-lib";
import { CfnAlarm, type CfnAlarmProps, CfnDashboard } from "aws-cdk-lib/aws-cloudwatch";
import type { Construct } from "constructs";
import { type Alarm, alarmProperties, alarms } from "../alarms.ts";
import { dashboardBody } from "../dashboard.ts";
import { fill, type Values } from "../names.ts";
import { subscriptionAlarms } from "../subscription-alarms.ts";
import type { Subscribed } from "./ingest.ts";
import type { CrosstrailProps } from "./props.ts";

/** Alarms and the dashboard. */
export function watch(
  scope: Construct,
  subscribed: readonly Subscribed[],
  { securityHub = true, trailEvents = false }: CrosstrailProps,
  values: Values,
): void {
  const there = { always: true, hub: securityHub, trailEvents };
  for (const alarm of alarms.filter(({ when }) => there[when])) make(scope, `Alarm${alarm.id}`, alarm, values);
  for (const { id, logGroup } of subscribed)
    for (const alarm of subscriptionAlarms)
      make(scope, `Alarm${id}${alarm.id}`, alarm, { ...values, LogGroup: logGroup }, id);
  new CfnDashboard(scope, "Dashboard", {
    dashboardBody: Stack.of(scope).toJsonString(fill(dashboardBody({ hub: securityHub }), values)),
  });
}

function make(scope: Construct, id: string, alarm: Alarm, values: Values, of = ""): void {
  const suffix = of === "" ? "" : `-${of.toLowerCase()}`;
  const properties = fill(alarmProperties(alarm, suffix), values);
  // CloudFormation's own names, lower case at first: CDK has no construct for a whole alarm as data.
  new CfnAlarm(scope, id, lowerCased(properties) as CfnAlarmProps);
}

function lowerCased(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lowerCased);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    // OKActions -> okActions, AlarmName -> alarmName. What CDK does not know it leaves out, and says nothing.
    Object.entries(value).map(([key, one]) => [
      key.replace(/^(?:[A-Z]+(?=[A-Z])|[A-Z])/, (letters) => letters.toLowerCase()),
      lowerCased(one),
    ]),
  );
}
