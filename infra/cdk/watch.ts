import { CfnResource, Stack } from "aws-cdk-lib";
import { CfnDashboard } from "aws-cdk-lib/aws-cloudwatch";
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
  // The data has CloudFormation's own names. `CfnAlarm` has others, and leaves out without a word what it does not know.
  new CfnResource(scope, id, {
    type: "AWS::CloudWatch::Alarm",
    properties: fill(alarmProperties(alarm, suffix), values),
  });
}
