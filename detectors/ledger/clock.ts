export type RawTrail = "k8s-audit" | "cloudtrail";

/** How late a record may come and still be in time: audit events come in seconds, CloudTrail in five to fifteen minutes
 * (aws-plumbing.md §1.3; detections.md b.0). */
export const LATENESS_MS: Readonly<Record<RawTrail, number>> = { "k8s-audit": 2 * 60_000, cloudtrail: 20 * 60_000 };

/** The newest event of each trail (ms), of those that were read. */
export type Newest = ReadonlyMap<RawTrail, number>;

/** How far a trail was read: its newest event, and when anything of it was read last (ms). */
export interface Reading {
  readonly time: number;
  readonly now: number;
}

/** The detection clock's time (ms): what is older is not expected any more. A trail that has said nothing for longer than its lateness is waited for
 * no longer than a record of it that was written now would take; in a replay of old files that is no time at all. Undefined while nothing was read. */
export function clockTime(readings: ReadonlyMap<RawTrail, Reading>, now: number): number | undefined {
  const silent = ([trail, seen]: readonly [RawTrail, Reading]): boolean => now - seen.now > LATENESS_MS[trail];
  const nobody = [...readings].every(silent);
  const times = [...readings].map(([trail, seen]) => {
    const heard = silent([trail, seen]) && !nobody ? Math.max(seen.time, now) : seen.time;
    return heard - LATENESS_MS[trail];
  });
  return times.length === 0 ? undefined : Math.min(...times);
}

/** The detection clock of one process. It only ever goes forward. */
export interface Clock {
  /** An event of this trail and time (ms) was read, at `now`. */
  readonly tick: (trail: RawTrail, time: number, now: number) => void;
  /** `clockTime`. */
  readonly time: (now: number) => number | undefined;
}

export function createClock(): Clock {
  const readings = new Map<RawTrail, Reading>();
  let reached: number | undefined;
  return {
    tick(trail, time, now) {
      const known = readings.get(trail);
      readings.set(trail, { time: Math.max(time, known?.time ?? Number.NEGATIVE_INFINITY), now });
    },
    time(now) {
      const time = clockTime(readings, now);
      if (time !== undefined) reached = Math.max(reached ?? Number.NEGATIVE_INFINITY, time);
      return reached;
    },
  };
}
