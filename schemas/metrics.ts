/** What the functions measure of themselves, in CloudWatch's namespace `crosstrail`. Each metric has the dimension `service`, the name of the function, and where
 * `by` says so one more. The meter writes these and no others; alarms, dashboard and documentation are made of this list. */
export const NAMESPACE = "crosstrail";

export interface Metric {
  readonly unit: "Count" | "Milliseconds";
  readonly of: "detect" | "publish" | "sweep" | "detect and sweep" | "detect, publish and sweep";
  /** A second dimension: the metric is told both whole and by its values, or by them alone where `only` says so. */
  readonly by?: "trail" | "code" | "kind" | "detector" | "sink" | "part";
  readonly only?: true;
  readonly is: string;
}

export const metrics = {
  EventsRead: { unit: "Count", of: "detect", is: "events that came, judged or set aside" },
  EventsJudged: { unit: "Count", of: "detect", by: "trail", is: "events that detectors and ledger were asked about" },
  EventsScreened: {
    unit: "Count",
    of: "detect",
    is: "judged events that by their text can concern nobody, and were not parsed",
  },
  EventsSetAside: { unit: "Count", of: "detect", by: "code", is: "events that could not be judged" },
  EventsTruncated: { unit: "Count", of: "detect", is: "judged events that their log had cut short" },
  EventsLate: { unit: "Count", of: "detect", is: "judged events that came when verdicts of their time were made" },
  EventsControl: { unit: "Count", of: "detect", is: "control messages of log subscriptions" },
  TrailLag: {
    unit: "Milliseconds",
    of: "detect",
    by: "trail",
    only: true,
    is: "between the newest event of a trail and now",
  },
  FactsMerged: { unit: "Count", of: "detect", is: "facts written to the ledger" },
  Quarantined: {
    unit: "Count",
    of: "detect",
    by: "code",

    is: "records put into the quarantine bucket, once for each of their reasons",
  },
  OutOfTime: { unit: "Count", of: "detect", is: "batches answered in part, as their time was running out" },
  BatchFailed: {
    unit: "Count",
    of: "detect",
    by: "kind",

    is: "parts of batches that failed: they come again, or each of their records is tried alone",
  },
  EventsKeptAside: {
    unit: "Count",
    of: "detect",
    is: "events, not among those read, whose whole records were kept aside: AWS refused what they needed, or this program failed on them",
  },
  DetectorHits: {
    unit: "Count",
    of: "detect, publish and sweep",
    by: "detector",
    only: true,
    is: "findings that a detector made or added to",
  },
  DetectorThrew: {
    unit: "Count",
    of: "detect and sweep",
    by: "detector",

    is: "verdicts that a detector did not make as it threw",
  },
  HubPublished: { unit: "Count", of: "publish", is: "findings that Security Hub took" },
  HubFailed: { unit: "Count", of: "publish", is: "calls that Security Hub did not answer well, tried again later" },
  Notified: { unit: "Count", of: "publish", is: "findings that the topic took" },
  NotifyFailed: { unit: "Count", of: "publish", is: "calls that the topic did not answer well, tried again later" },
  FindingsRefused: {
    unit: "Count",
    of: "publish",
    by: "sink",

    is: "findings that a sink refused for good",
  },
  Waited: {
    unit: "Milliseconds",
    of: "publish",
    by: "sink",
    only: true,
    is: "since the oldest of the messages was sent that had to be put off",
  },
  Settled: { unit: "Count", of: "sweep", is: "verdicts whose time had come, and that found something" },
  CaughtUp: { unit: "Count", of: "sweep", is: "findings published again as an hour had passed" },
  SweepFailed: {
    unit: "Count",
    of: "sweep",
    by: "part",
    only: true,
    is: "parts of a sweep that failed, and are tried again by the next",
  },
} as const satisfies Readonly<Record<string, Metric>>;

export type MetricName = keyof typeof metrics;
