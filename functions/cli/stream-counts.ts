import type { CountName, Meter } from "../runtime/meter.ts";

/** What a long run counts, for its last line. */
export function createCounts() {
  let read = 0;
  let judged = 0;
  let setAside = 0;
  const named = new Map<CountName, number>();
  const meter: Meter = {
    totals(totals) {
      read += totals.read;
      judged += totals.judged;
      setAside += totals.setAside;
    },
    count(name: CountName, value: number) {
      named.set(name, (named.get(name) ?? 0) + value);
    },
    lag: () => undefined,
    waited: () => undefined,
    flush: () => undefined,
  };
  return {
    meter,
    line(): string {
      const kept = named.get("Quarantined") ?? 0;
      return `${read} events read, ${judged} judged, ${setAside} set aside${kept > 0 ? `, ${kept} records kept aside` : ""}`;
    },
  };
}
