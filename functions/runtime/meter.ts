import type { Draft } from "../../detectors/core/compose.ts";
import type { RawTrail } from "../../detectors/ledger/clock.ts";
import type { MetricName, metrics } from "../../schemas/metrics.ts";
import type { KeptRecord } from "../../schemas/quarantine/kept-record.ts";
import type { Totals } from "../pipeline/tally.ts";

export type Sink = "security-hub" | "topic";

/** What is measured of the pipeline itself: the metrics of the list, and no others. */
export interface Meter {
  /** What became of the pieces of a record. */
  readonly totals: (totals: Totals) => void;
  readonly count: Count;
  /** ms between the newest event of a trail and now. */
  readonly lag: (trail: RawTrail, ms: number) => void;
  /** ms since the oldest of the messages was sent that a sink did not take yet. */
  readonly waited: (sink: Sink, ms: number) => void;
  /** Writes what was counted since the last time. */
  readonly flush: () => void;
}

/** Adds to a metric that counts; where it has a second dimension, to one value of that, and to the whole unless the list says `only`. */
export interface Count {
  (name: Whole, value: number): void;
  <N extends Divided>(name: N, value: number, by: Readonly<Record<Metrics[N]["by"], string>>): void;
}

type Metrics = typeof metrics;
/** Names of what looks like this in the list. */
type Named<Shape> = { [N in MetricName]: Metrics[N] extends Shape ? N : never }[MetricName];
export type CountName = Named<{ readonly unit: "Count" }>;
type Whole = Exclude<CountName, Named<{ readonly by: string }>>;
type Divided = CountName & Named<{ readonly by: string }>;

export function countKept(meter: Meter, kept: readonly KeptRecord[]): void {
  for (const { reasons } of kept) for (const { code } of reasons) meter.count("Quarantined", 1, { code });
}

/** Hits of detectors, those on trial and those on the pipeline's health included, and what threw. To be counted when the findings are out. */
export function countFound(meter: Meter, drafts: readonly Draft[]): void {
  for (const { finding, threw } of drafts) {
    meter.count("DetectorHits", 1, { detector: finding.detector });
    if (threw !== undefined) meter.count("DetectorThrew", 1, { detector: threw });
  }
}
