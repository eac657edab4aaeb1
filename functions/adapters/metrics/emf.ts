import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import type { Meter } from "../../runtime/meter.ts";

type Dimensions = Readonly<Record<string, string>>;
type Unit = (typeof MetricUnit)[keyof typeof MetricUnit];

interface Count {
  readonly name: string;
  readonly dimensions: Dimensions;
  readonly value: number;
}

/** Metrics as lines on standard output, from which CloudWatch makes them: no call, no right, nothing to fail (aws-plumbing.md §4.1). */
export function createEmfMeter(functionName: string): Meter {
  const metrics = new Metrics({ namespace: "crosstrail", serviceName: functionName });
  const counts = new Map<string, Count>();

  function count(name: string, value: number, dimensions: Dimensions = {}): void {
    const key = JSON.stringify([name, dimensions]);
    counts.set(key, { name, dimensions, value: value + (counts.get(key)?.value ?? 0) });
  }

  function write(name: string, unit: Unit, value: number, dimensions: Dimensions): void {
    const metric = metrics.singleMetric();
    for (const [key, text] of Object.entries(dimensions)) metric.addDimension(key, text);
    metric.addMetric(name, unit, value);
  }

  return {
    count,
    totals({ read, judged, screened, setAside, truncated, late, control, byTrail, reasons }) {
      for (const [name, value] of Object.entries({ read, judged, screened, setAside, truncated, late, control }))
        count(`Events${name.charAt(0).toUpperCase()}${name.slice(1)}`, value);
      for (const [trail, value] of Object.entries(byTrail)) count("EventsJudged", value, { trail });
      for (const [code, value] of Object.entries(reasons)) count("EventsSetAside", value, { code });
    },
    lag: (trail, ms) => write("TrailLag", MetricUnit.Milliseconds, ms, { trail }),
    flush() {
      const all = [...counts.values()];
      counts.clear();
      const plain = all.filter(({ dimensions }) => Object.keys(dimensions).length === 0);
      for (const { name, value } of plain) metrics.addMetric(name, MetricUnit.Count, value);
      if (plain.length > 0) metrics.publishStoredMetrics();
      for (const { name, value, dimensions } of all)
        if (Object.keys(dimensions).length > 0) write(name, MetricUnit.Count, value, dimensions);
    },
  };
}
