/** For how long what a key is used for is told once: what pods call, they call every few minutes. */
export const USE_MS = 3 * 60 * 60_000;

/** Temporary credentials end after twelve hours at the latest (detections.md 0.3). */
export const KEY_LIFE_MS = 12 * 60 * 60_000;
