import { type Alarm, alarmProperties, alarms } from "../../../infra/alarms.ts";
import { dashboardBody } from "../../../infra/dashboard.ts";
import { CLUSTER_LOG_GROUP } from "../../../infra/filters.ts";
import { MAX_CLUSTERS } from "../../../infra/parameters.ts";
import { subscriptionAlarms } from "../../../infra/subscription-alarms.ts";
import { clusterIn, iff, named, ref, type Value } from "./intrinsics.ts";

const CONDITIONS = { always: undefined, hub: "Hub", trailEvents: "HasTrailEvents" } as const;

const alarm = (Condition: string | undefined, properties: Value): Value => ({
  Type: "AWS::CloudWatch::Alarm",
  ...(Condition === undefined ? {} : { Condition }),
  Properties: properties,
});

export const alarmResources = (): Value =>
  Object.fromEntries(
    alarms.map((one: Alarm) => [`Alarm${one.id}`, alarm(CONDITIONS[one.when], named(alarmProperties(one)))]),
  );

/** The log group of the cluster in that place of the list. */
export const clusterLogGroup = (place: number): Value => named(CLUSTER_LOG_GROUP, { Cluster: clusterIn(place) });

export const conditionOfPlace = (place: string): string => (place === "Trail" ? "HasTrailLogGroup" : `Has${place}`);

export function subscriptionAlarmResources(): Value {
  const places: readonly (readonly [id: string, logGroup: Value])[] = [
    ...Array.from({ length: MAX_CLUSTERS }, (_, index) => [`Cluster${index + 1}`, clusterLogGroup(index + 1)] as const),
    ["Trail", ref("TrailLogGroup")],
  ];
  return Object.fromEntries(
    places.flatMap(([id, LogGroup]) =>
      subscriptionAlarms.map((one) => {
        const properties = alarmProperties(one, `-${id.toLowerCase()}`);
        return [`Alarm${id}${one.id}`, alarm(conditionOfPlace(id), named(properties, { LogGroup }))];
      }),
    ),
  );
}

interface Widget {
  readonly properties: { readonly metrics: readonly unknown[] };
}

/** The body, widget by widget: where one differs with Security Hub, it stands there twice. */
export function dashboard(): Value {
  const [withHub, without] = [true, false].map(
    (hub) => (dashboardBody({ hub }) as { widgets: readonly Widget[] }).widgets,
  );
  const widgets = (withHub ?? []).map((widget, index) => {
    const [text, other] = [widget, without?.[index]].map((one) => named(one === undefined ? "" : readable(one)));
    return JSON.stringify(text) === JSON.stringify(other) ? (text ?? "") : iff("Hub", text ?? "", other ?? "");
  });
  return { DashboardBody: { "Fn::Join": ["", ['{"widgets":[', { "Fn::Join": [",", widgets] }, "]}"]] } };
}

/** JSON with a line for each metric. */
function readable({ properties: { metrics, ...properties }, ...widget }: Widget): string {
  const whole = JSON.stringify({ ...widget, properties: { ...properties, metrics: [] } });
  return whole.replace(/\[\]\}\}$/, () => `[\n${metrics.map((one) => `  ${JSON.stringify(one)}`).join(",\n")}\n]}}`);
}
