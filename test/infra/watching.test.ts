import type { SQSRecord } from "aws-lambda";
import { describe, expect, it } from "vitest";
import { registry } from "../../detectors/registry.ts";
import { delayOf } from "../../functions/publish/letters.ts";
import { conditions } from "../../functions/runtime/health.ts";
import { type Alarm, alarmProperties, alarms } from "../../infra/alarms.ts";
import { dashboardBody } from "../../infra/dashboard.ts";
import { fill, namesIn } from "../../infra/names.ts";
import { functions } from "../../infra/settings.ts";
import { subscriptionAlarms } from "../../infra/subscription-alarms.ts";
import { type Metric, metrics, NAMESPACE } from "../../schemas/metrics.ts";

const all = [...alarms, ...subscriptionAlarms];
const own = all.filter(({ properties }) => properties.Namespace === NAMESPACE);
const dimensionsOf = ({ properties }: Alarm): Readonly<Record<string, string>> =>
  Object.fromEntries((properties.Dimensions ?? []).map(({ Name, Value }) => [Name, Value]));

describe("the alarms", () => {
  it("watch metrics that the functions write, of the function that writes them, in a dimension that they have", () => {
    expect(own.length).toBeGreaterThan(3);
    for (const alarm of own) {
      const metric: Metric = metrics[alarm.properties.MetricName as keyof typeof metrics];
      const { service = "", ...rest } = dimensionsOf(alarm);
      expect(metric.of).toContain(service.replace(/[${}]/g, "").toLowerCase());
      // Without a second dimension only what is told whole can be watched.
      expect(Object.keys(rest)).toEqual(metric.only === true ? [metric.by] : []);
    }
  });

  it("have names of their own, as long as CloudWatch takes them, and say what to do", () => {
    const names = all.map((alarm) => alarmProperties(alarm).AlarmName);
    expect(new Set(names).size).toBe(names.length);
    // A stack's name takes up to 128 of the 255 characters.
    for (const name of names) expect(fill(name, { "AWS::StackName": "" }).length).toBeLessThan(100);
    for (const { is, todo } of all) expect([is, todo].map((text) => text.length > 10)).toEqual([true, true]);
    // Of 1,024 characters, of which names that are filled in may take some hundreds.
    for (const alarm of all) expect(alarmProperties(alarm).AlarmDescription.length).toBeLessThanOrEqual(640);
  });

  it("can be read alone, at night: with names of this stack, and without the alarm above in the table", () => {
    for (const alarm of all) {
      const said = alarmProperties(alarm).AlarmDescription.replace(/\$\{[^}]+\}/g, "a-name");
      expect(said).not.toMatch(/as above|As above|\b(?:STACK|BUCKET|QUEUE|ARN)\b/);
    }
  });

  it("hear of messages that a sink does not take, however seldom they are tried", () => {
    const sinks = new Map(
      own.flatMap(({ id, properties }) => (properties.MetricName === "Waited" ? [[id, properties] as const] : [])),
    );
    expect([...sinks.keys()]).toEqual(["HubFailing", "NotifyFailing"]);
    const attributes = { ApproximateReceiveCount: "1000" } as SQSRecord["attributes"];
    const seldom = delayOf({ attributes } as SQSRecord);
    for (const { Period = 0, EvaluationPeriods, DatapointsToAlarm } of sinks.values()) {
      expect(DatapointsToAlarm).toBe(1);
      expect(Period * EvaluationPeriods).toBeGreaterThanOrEqual(2 * seldom);
    }
  });

  it("ask for silence where no data is no good news, and for nothing else then", () => {
    for (const { properties } of all)
      expect(properties.TreatMissingData).toBe(
        properties.ComparisonOperator === "LessThanThreshold" ? "breaching" : "notBreaching",
      );
  });

  it("look no further back than a day", () => {
    for (const { properties } of all)
      expect((properties.Period ?? 300) * properties.EvaluationPeriods).toBeLessThanOrEqual(86_400);
  });

  it("tell of a function's duration before its time is up", () => {
    for (const [name, { timeoutSeconds }] of Object.entries(functions)) {
      const threshold = alarms.find(({ id }) => id === `${name}Duration`)?.properties.Threshold ?? 0;
      expect(threshold).toBeGreaterThan(0);
      expect(threshold).toBeLessThan(timeoutSeconds * 1_000);
    }
  });
});

describe("the dashboard", () => {
  it.each([true, false])(
    "shows every detector of the registry and all that may be wrong with the pipeline once (Security Hub: %s)",
    (hub) => {
      const text = JSON.stringify(dashboardBody({ hub }));
      for (const { meta } of registry) expect(text.split(`detector=\\"${meta.id}\\"`)).toHaveLength(2);
      for (const { id } of Object.values(conditions)) expect(text.split(`detector=\\"${id}\\"`)).toHaveLength(2);
    },
  );

  it("names no queue of Security Hub where there is none", () => {
    expect(namesIn(dashboardBody({ hub: true }))).toContain("HubQueue.QueueName");
    expect(namesIn(dashboardBody({ hub: false })).filter((name) => name.startsWith("Hub"))).toEqual([]);
  });

  it("asks for metrics that the functions write, of the function that writes them", () => {
    const written = [...JSON.stringify(dashboardBody({ hub: true })).matchAll(/\["crosstrail","(\w+)",(.*?)\]/g)];
    expect(written.length).toBeGreaterThan(10);
    for (const [, name = "", rest = ""] of written) {
      const metric: Metric = metrics[name as keyof typeof metrics];
      const [, service = ""] = /"service","\$\{(\w+)\}"/.exec(rest) ?? [];
      expect(metric.of).toContain(service.toLowerCase());
      expect(rest.split(",").length > 2).toBe(metric.only === true);
    }
  });

  it("puts no two graphs in one place", () => {
    const { widgets } = dashboardBody({ hub: true }) as { widgets: readonly { x: number; y: number }[] };
    expect(new Set(widgets.map(({ x, y }) => `${x} ${y}`)).size).toBe(widgets.length);
  });
});

describe("a name in the data", () => {
  it("stands for what the stack has, in every string, however deep", () => {
    expect(fill({ a: ["${X}/${X.Arn}", 1], b: { c: "no name" } }, { X: "x", "X.Arn": "arn:x" })).toEqual({
      ...{ a: ["x/arn:x", 1], b: { c: "no name" } },
    });
  });

  it("that nothing has never gets into a template", () => {
    expect(() => fill("${Misspelt}", { X: "x" })).toThrow("Misspelt");
  });
});
