const MINUTE_MS = 60_000;

/** The answer to a question that is asked once a minute at most. A failure is not kept. */
export function everyMinute<T>(ask: () => Promise<T>, now: () => number): () => Promise<T> {
  let last: { readonly answer: T; readonly until: number } | undefined;
  return async () => {
    if (last === undefined || now() >= last.until) last = { answer: await ask(), until: now() + MINUTE_MS };
    return last.answer;
  };
}
