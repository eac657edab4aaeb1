import type { Meter } from "../../functions/runtime/meter.ts";

/** A meter that keeps what it counts, and what became of the pieces that it was told of: judged, set aside, or refused with their records. */
export function createCountingMeter() {
  const counts = new Map<string, number>();
  const count = (name: string, value: number): void => void counts.set(name, (counts.get(name) ?? 0) + value);
  const meter: Meter = {
    ...{ count, lag: () => undefined, waited: () => undefined, flush: () => undefined },
    totals({ judged, setAside }) {
      count("counted", judged + setAside);
    },
  };
  return { meter, counted: () => (counts.get("counted") ?? 0) + (counts.get("EventsKeptAside") ?? 0) };
}
