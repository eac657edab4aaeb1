import { NAMESPACE } from "../schemas/metrics.ts";
import { detectorIds, healthIds } from "./catalogue.generated.ts";

type Series = readonly (string | Readonly<Record<string, string>>)[];

const HALF = 12;
const HEIGHT = 6;

interface Graph {
  readonly title: string;
  readonly series: readonly Series[];
  readonly stat?: "Sum" | "Maximum";
}

const own = (metric: string, service: string, ...dimension: readonly string[]): Series => [
  ...[NAMESPACE, metric, ...dimension, "service", `\${${service}}`],
];
const age = (queue: string): Series => [
  ...["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", `\${${queue}.QueueName}`],
];

/** What flows, how far it is behind, what comes out; then how often each detector had something to say. */
const graphs = (hub: boolean): readonly Graph[] => [
  {
    title: "Events",
    series: ["EventsRead", "EventsJudged", "EventsScreened", "EventsSetAside", "EventsLate"].map((metric) =>
      own(metric, "Detect"),
    ),
  },
  {
    ...{ title: "Behind, in milliseconds", stat: "Maximum" },
    series: [
      own("TrailLag", "Detect", "trail", "k8s-audit"),
      own("TrailLag", "Detect", "trail", "cloudtrail"),
      ["AWS/Lambda", "IteratorAge", "FunctionName", "${Detect}"],
    ],
  },
  {
    title: "Findings",
    series: [
      ...(hub ? [own("HubPublished", "Publish"), own("HubFailed", "Publish")] : []),
      ...[own("Notified", "Publish"), own("NotifyFailed", "Publish"), own("Settled", "Sweep")],
    ],
  },
  {
    ...{ title: "Oldest message, in seconds", stat: "Maximum" },
    series: [...(hub ? [age("HubUrgentQueue"), age("HubQueue")] : []), age("NotifyQueue")],
  },
  {
    title: "Not judged",
    series: [
      own("Quarantined", "Detect"),
      own("DetectorThrew", "Detect"),
      own("OutOfTime", "Detect"),
      own("BatchFailed", "Detect"),
      own("EventsTruncated", "Detect"),
    ],
  },
  {
    title: "Ledger",
    series: [
      own("FactsMerged", "Detect"),
      ["AWS/DynamoDB", "ConsumedWriteCapacityUnits", "TableName", "${Table}"],
      ["AWS/DynamoDB", "ConsumedReadCapacityUnits", "TableName", "${Table}"],
    ],
  },
];

/** Of every group of detectors one graph: all of its detectors by name, whichever function found. The last is the pipeline's own health. */
function detectorGraphs(): readonly Graph[] {
  const all = [...detectorIds, ...healthIds];
  const groups = Map.groupBy(all, (id) => id.split("/")[0] ?? "");
  return [...groups].map(([group, ids]) => ({
    title: group,
    series: ids.map((id) => {
      const expression = `SUM(SEARCH('{${NAMESPACE},service,detector} MetricName="DetectorHits" detector="${id}" (service="\${Detect}" OR service="\${Publish}" OR service="\${Sweep}")', 'Sum'))`;
      return [{ expression, label: id.slice(group.length + 1), id: `d${all.indexOf(id)}` }];
    }),
  }));
}

/** The body of the dashboard (docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html), with names in it. */
export function dashboardBody({ hub }: { readonly hub: boolean }): object {
  const all = [...graphs(hub), ...detectorGraphs()];
  return {
    widgets: all.map(({ title, series, stat = "Sum" }, index) => ({
      ...{ type: "metric", x: (index % 2) * HALF, y: Math.floor(index / 2) * HEIGHT, width: HALF, height: HEIGHT },
      properties: {
        ...{ title, metrics: series, stat, period: 300, region: "${AWS::Region}", view: "timeSeries" },
        stacked: false,
      },
    })),
  };
}
