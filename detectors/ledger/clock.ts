export type RawTrail = "k8s-audit" | "cloudtrail";

/** How late a record may come and still be in time: audit events come in seconds, CloudTrail in five to fifteen minutes
 * (aws-plumbing.md §1.3; detections.md b.0). */
export const LATENESS_MS: Readonly<Record<RawTrail, number>> = { "k8s-audit": 2 * 60_000, cloudtrail: 20 * 60_000 };

/** The detection clock: what is older than it is not expected any more. It only ever goes forward. */
export interface Clock {
  /** An event of this trail and time (ms) was read, at `now`. */
  readonly tick: (trail: RawTrail, time: number, now: number) => void;
  /** ms; undefined while nothing was read. A trail that has said nothing for longer than its lateness is waited for no longer than a record of it
   * that was written now would take. In a replay of old files that is no time at all. */
  readonly time: (now: number) => number | undefined;
}

export function createClock(): Clock {
  const newest = new Map<RawTrail, { time: number; now: number }>();
  let reached: number | undefined;
  return {
    tick(trail, time, now) {
      const known = newest.get(trail);
      newest.set(trail, { time: Math.max(time, known?.time ?? Number.NEGATIVE_INFINITY), now });
    },
    time(now) {
      const silent = ([trail, seen]: readonly [RawTrail, { readonly now: number }]): boolean =>
        now - seen.now > LATENESS_MS[trail];
      const nobody = [...newest].every(silent);
      const times = [...newest].map(([trail, seen]) => {
        const heard = silent([trail, seen]) && !nobody ? Math.max(seen.time, now) : seen.time;
        return heard - LATENESS_MS[trail];
      });
      if (times.length === 0) return reached;
      reached = Math.max(reached ?? Number.NEGATIVE_INFINITY, Math.min(...times));
      return reached;
    },
  };
}
