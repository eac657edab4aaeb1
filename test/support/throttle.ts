/** A token bucket: `perSecond` calls on average, `burst` at once. Times in ms, from the caller's clock. */
export function createThrottle(perSecond: number, burst: number, now: () => number): () => boolean {
  let tokens = burst;
  let at = now();
  return () => {
    const time = now();
    tokens = Math.min(burst, tokens + ((time - at) / 1000) * perSecond);
    at = time;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}
