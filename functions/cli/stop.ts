import { endInterrupted } from "./interrupt.ts";

/** How a service is ended: SIGTERM (containers) and Ctrl-C abort the signal, so that the batch in hand is confirmed; a second Ctrl-C ends the program at once. */
export function onStop(): { readonly signal: AbortSignal; readonly interrupted: () => boolean } {
  const stop = new AbortController();
  let interrupted = false;
  process.on("SIGTERM", () => stop.abort());
  process.on("SIGINT", () => {
    if (interrupted) endInterrupted();
    interrupted = true;
    stop.abort();
  });
  return { signal: stop.signal, interrupted: () => interrupted };
}
