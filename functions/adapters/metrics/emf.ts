import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import { metrics as list, type Metric, type MetricName, NAMESPACE } from "../../../schemas/metrics.ts";
import type { Count, CountName, Meter } from "../../runtime/meter.ts";

type Dimensions = Readonly<Record<string, string>>;

interface Counted {
  readonly name: MetricName;
  readonly dimensions: Dimensions;
  readonly value: number;
}

/** Metrics as lines on standard output, from which CloudWatch makes them: no call, no right, nothing to fail (aws-plumbing.md §4.1). What was counted makes one
 * line without a second dimension, and one for each value of one: as many as there are codes, trails and detectors, however many events came. */
export function createEmfMeter(functionName: string): Meter {
  const metrics = new Metrics({ namespace: NAMESPACE, serviceName: functionName });
  const counts = new Map<string, Counted>();

  function add(name: CountName, value: number, dimensions: Dimensions): void {
    const key = JSON.stringify([name, dimensions]);
    counts.set(key, { name, dimensions, value: value + (counts.get(key)?.value ?? 0) });
  }

  const count: Count = (name: CountName, value: number, dimensions?: Dimensions) => {
    if (dimensions !== undefined) add(name, value, dimensions);
    const { only }: Metric = list[name];
    if (only === undefined) add(name, value, {});
  };

  function write({ name, value, dimensions }: Counted): void {
    const metric = metrics.singleMetric();
    for (const [key, text] of Object.entries(dimensions)) metric.addDimension(key, text);
    metric.addMetric(name, MetricUnit[list[name].unit], value);
  }

  return {
    count,
    totals({ read, screened, truncated, late, control, byTrail, reasons }) {
      count("EventsRead", read);
      count("EventsScreened", screened);
      count("EventsTruncated", truncated);
      count("EventsLate", late);
      count("EventsControl", control);
      // Their sums are what was judged and what was set aside; nothing of either is told, too.
      for (const [trail, value] of Object.entries(byTrail)) count("EventsJudged", value, { trail });
      add("EventsSetAside", 0, {});
      for (const [code, value] of Object.entries(reasons)) count("EventsSetAside", value, { code });
    },
    lag: (trail, value) => write({ name: "TrailLag", value, dimensions: { trail } }),
    waited: (sink, value) => write({ name: "Waited", value, dimensions: { sink } }),
    flush() {
      const all = [...counts.values()];
      counts.clear();
      const plain = all.filter(({ dimensions }) => Object.keys(dimensions).length === 0);
      for (const { name, value } of plain) metrics.addMetric(name, MetricUnit[list[name].unit], value);
      if (plain.length > 0) metrics.publishStoredMetrics();
      for (const counted of all) if (!plain.includes(counted)) write(counted);
    },
  };
}
