import type { RawTrail } from "../../detectors/ledger/clock.ts";
import type { Totals } from "../pipeline/tally.ts";

/** What is measured of the pipeline itself. */
export interface Meter {
  /** What became of the pieces of a record. */
  readonly totals: (totals: Totals) => void;
  readonly count: (name: string, value: number, dimensions?: Readonly<Record<string, string>>) => void;
  /** ms between the newest event of a trail and now. */
  readonly lag: (trail: RawTrail, ms: number) => void;
  /** Writes what was counted since the last time. */
  readonly flush: () => void;
}
