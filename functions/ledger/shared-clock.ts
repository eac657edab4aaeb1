import { clockTime, LATENESS_MS, type Newest, type RawTrail, type Reading } from "../../detectors/ledger/clock.ts";
import { entities } from "../../detectors/ledger/entities.ts";
import { decode, type Fact, fact, idOf, type Ref, type State, sourceOf } from "../../detectors/ledger/facts.ts";
import { CrosstrailError } from "../../schemas/errors.ts";
import type { LedgerStore } from "./ports.ts";

/** The detection clock of all who read the trails into one ledger, in whatever processes. */
export interface SharedClock {
  /** How far a batch has read its trails. To be called when its facts are merged and its findings are out: so the clock never runs ahead of the facts
   * of whoever tells it. At most one small write a trail and minute, of its events or of the wall clock. Rejects when the store does. */
  readonly advance: (newest: Newest) => Promise<void>;
  /** What `clockTime` makes of what all workers have read, to the minute, and never later than that. A worker whose batch lags behind the newest
   * events by more than their trail's lateness is not waited for, as a late record is not: what it brings is merged, and counted as late. Undefined
   * while nothing was read. */
  readonly time: () => Promise<number | undefined>;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const HOURS = 24;
/** A trail's newest hour is on its newest day; the day before it stands in for one whose hours are not written yet. */
const DAYS = 2;
export const TRAILS = Object.keys(LATENESS_MS) as readonly RawTrail[];
export const trailOf = (trail: RawTrail): Ref => ({ kind: "trail", id: idOf("trail", [trail]) });
const iso = (ms: number): string => new Date(ms).toISOString();
const tideId = (trail: RawTrail, ms: number): string => idOf("tide", [trail, iso(ms).slice(0, "2026-11-22T10".length)]);

/** `now`: ms, of the wall clock. */
export function createSharedClock({ store, now }: { store: LedgerStore; now: () => number }): SharedClock {
  const told = new Map<RawTrail, Reading>();
  const days = new Map<RawTrail, string>();

  async function tell(trail: RawTrail, { time, now: read }: Reading): Promise<void> {
    const source = sourceOf({ id: "", time });
    const at = iso(time);
    const newest = fact("tide", tideId(trail, time), "newest", { time: at, read: iso(read) }, source);
    // Last, so that whoever is led there finds it.
    await merge(newest);
    const day = fact("trail", trailOf(trail).id, "day", { time: at }, source);
    if (days.get(trail) !== day.value) await merge(day);
    days.set(trail, day.value);
  }

  async function merge(one: Fact): Promise<void> {
    try {
      await store.merge({ kind: one.kind, id: one.id }, [one], now() + entities[one.kind].keepMs);
    } catch (error) {
      // No more fits in: the clock stands still, which is never wrong.
      if (!(error instanceof CrosstrailError) || error.code !== "E_LEDGER_FULL") throw error;
    }
  }

  return {
    async advance(newest) {
      // Rounded up: a trail must not seem silent before it is.
      const read = Math.ceil(now() / MINUTE_MS) * MINUTE_MS;
      for (const [trail, ms] of newest) {
        // Of records that tell no time.
        if (!Number.isFinite(ms)) continue;
        const time = Math.floor(ms / MINUTE_MS) * MINUTE_MS;
        const before = told.get(trail);
        if (before !== undefined && time <= before.time && read <= before.now) continue;
        await tell(trail, { time, now: read });
        told.set(trail, { time: Math.max(time, before?.time ?? time), now: read });
      }
    },
    async time() {
      return clockTime(await readingsOf(store.read), now());
    },
  };
}

/** How far all workers have read each trail. */
export async function readingsOf(read: LedgerStore["read"]): Promise<ReadonlyMap<RawTrail, Reading>> {
  const trails = await read(TRAILS.map(trailOf));
  const found = TRAILS.flatMap((trail, index) => hoursOf(trails[index], trail).map((ref) => ({ trail, ref })));
  const tides = await read(found.map(({ ref }) => ref));
  const readings = new Map<RawTrail, Reading>();
  for (const [index, { trail }] of found.entries())
    for (const { time, now } of readingsIn(tides[index])) {
      const known = readings.get(trail) ?? { time, now };
      readings.set(trail, { time: Math.max(time, known.time), now: Math.max(now, known.now) });
    }
  return readings;
}

/** The hours of a trail's newest days. */
function hoursOf(state: State | undefined, trail: RawTrail): Ref[] {
  const days = [...(state?.sets.get("day")?.keys() ?? [])].sort().slice(-DAYS);
  return days.flatMap((day) =>
    Array.from(
      { length: HOURS },
      (_, hour): Ref => ({ kind: "tide", id: tideId(trail, Date.parse(day) + hour * HOUR_MS) }),
    ),
  );
}

const readingsIn = (state: State | undefined): Reading[] =>
  [...(state?.sets.get("newest")?.keys() ?? [])].map((value) => {
    const { time = "", read = "" } = decode("tide", "newest", value);
    return { time: Date.parse(time), now: Date.parse(read) };
  });
