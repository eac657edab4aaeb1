/** For how long what a key is used for is told once: what pods call, they call every few minutes. */
export const USE_MS = 3 * 60 * 60_000;
