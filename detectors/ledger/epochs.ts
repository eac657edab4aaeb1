const DAY_MS = 24 * 60 * 60_000;

/** As long as a node of Auto Mode can live (eks-auto-mode.md §6): within one epoch every node was replaced once, and did what is done at boot. */
export const EPOCH_MS = 21 * DAY_MS;

/** The day (ISO 8601) that the epoch of a time (ms) began on. */
export const epochOf = (time: number): string =>
  new Date(Math.floor(time / EPOCH_MS) * EPOCH_MS).toISOString().slice(0, 10);

/** The epochs that have to know of what happened at `time`: its own, the next, so that none begins knowing nothing, and the last one while its verdicts
 * may still be open (`borderMs`). */
export const epochsOf = (time: number, borderMs: number): readonly string[] => [
  ...new Set([time, time + EPOCH_MS, time - borderMs].map(epochOf)),
];
