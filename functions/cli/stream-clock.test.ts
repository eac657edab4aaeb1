import { describe, expect, it } from "vitest";
import { LATENESS_MS } from "../../detectors/ledger/clock.ts";
import { settleUntil } from "./stream-clock.ts";

const LATE = LATENESS_MS.cloudtrail;
const AT = Date.UTC(2026, 10, 22);

describe("verdicts of a stream", () => {
  it.each<[string, number | undefined, number[], number | undefined]>([
    ["wait for the slowest shard", AT, [AT, AT - 5], AT - 5 - LATE],
    ["wait for what records tell of, as in a replay of old ones", AT - 2 * LATE, [AT], AT - 2 * LATE],
    ["do not wait for a shard that has ended", AT, [AT, Number.POSITIVE_INFINITY], AT - LATE],
    ["wait for a shard that was not read at all", AT, [AT, Number.NEGATIVE_INFINITY], undefined],
    ["wait while no event was read", undefined, [AT], undefined],
  ])("%s", (_, told, arrived, until) => {
    expect(settleUntil(told, arrived)).toBe(until);
  });
});
