import type { ErrorCode } from "../../schemas/errors.ts";
import type { RawRecord } from "./records.ts";

/** What went in and what became of it. `read` = `judged` + `setAside`, always; `screened` is the part of `judged` that needed no parsing. */
export interface Totals {
  readonly read: number;
  readonly judged: number;
  readonly screened: number;
  readonly setAside: number;
  readonly reasons: Readonly<Partial<Record<ErrorCode, number>>>;
  readonly truncated: number;
  /** Judged events that came when the detection clock had passed them: merged, and published verdicts stand. */
  readonly late: number;
  /** Control messages of log subscriptions: no events. */
  readonly control: number;
  readonly byTrail: Readonly<Record<RawRecord["trail"], number>>;
}

export interface Tally {
  readonly read: (count: number) => void;
  readonly judged: (trail: RawRecord["trail"], truncated: boolean) => void;
  readonly screened: (trail: RawRecord["trail"]) => void;
  readonly late: () => void;
  readonly aside: (code: ErrorCode) => void;
  readonly control: (count: number) => void;
  readonly totals: () => Totals;
}

export function createTally(): Tally {
  const counts = { read: 0, judged: 0, screened: 0, setAside: 0, truncated: 0, late: 0, control: 0 };
  const byTrail = { "k8s-audit": 0, cloudtrail: 0 };
  const reasons: Partial<Record<ErrorCode, number>> = {};
  return {
    read: (count) => {
      counts.read += count;
    },
    judged: (trail, truncated) => {
      counts.judged += 1;
      byTrail[trail] += 1;
      if (truncated) counts.truncated += 1;
    },
    screened: (trail) => {
      counts.judged += 1;
      counts.screened += 1;
      byTrail[trail] += 1;
    },
    late: () => {
      counts.late += 1;
    },
    aside: (code) => {
      counts.setAside += 1;
      reasons[code] = (reasons[code] ?? 0) + 1;
    },
    control: (count) => {
      counts.control += count;
    },
    totals: () => ({ ...counts, byTrail: { ...byTrail }, reasons: { ...reasons } }),
  };
}

/** What the program asserts of itself at the end of each run. */
export const balanced = (totals: Totals): boolean => totals.read === totals.judged + totals.setAside;
