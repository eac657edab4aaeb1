import { LATENESS_MS } from "../../detectors/ledger/clock.ts";

/** ms up to which verdicts may be made of a stream: as far as its records tell of (`told`, the detection clock), and as far as its slowest shard was read (`arrived`, by
 * shard; infinite when it has ended), less how late a record of either trail may come. Undefined while a shard has not been read at all. */
export function settleUntil(told: number | undefined, arrived: Iterable<number>): number | undefined {
  const until = Math.min(told ?? Number.NEGATIVE_INFINITY, Math.min(...arrived) - LATENESS_MS.cloudtrail);
  return Number.isFinite(until) ? until : undefined;
}
