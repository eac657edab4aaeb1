import { performance } from "node:perf_hooks";
import { setTimeout as wait } from "node:timers/promises";

/** A terminal signals every process of the group, and npm or bin.js pass the signal on: within this time it is one press. */
const ONE_PRESS_MS = 250;
/** Ctrl-C ends the writer of a pipe, too: its signal may come just behind the end of the input. */
const STRAGGLER_MS = 20;

export interface Interrupt {
  readonly signal: AbortSignal;
  /** When the reading is over. Resolves once all of a press has come; the next one ends the program at once. */
  readonly settled: () => Promise<void>;
}

/** The first Ctrl-C aborts the signal, so that what was read is reported; the second ends the program. */
export function onInterrupt(): Interrupt {
  const stop = new AbortController();
  let pressedAt = 0;
  const pressed = (): void => {
    if (stop.signal.aborted) {
      if (performance.now() - pressedAt > ONE_PRESS_MS) endInterrupted();
      return;
    }
    pressedAt = performance.now();
    stop.abort();
  };
  process.on("SIGINT", pressed);
  return {
    signal: stop.signal,
    async settled() {
      if (!stop.signal.aborted) await wait(STRAGGLER_MS);
      if (stop.signal.aborted) await wait(Math.max(0, pressedAt + ONE_PRESS_MS - performance.now()));
      // Nothing is left to call off: writing, to a pipe that nobody empties for instance, ends as any other program's does.
      process.off("SIGINT", pressed);
    },
  };
}

/** Ends the program as SIGINT ends any other; a shell sees 130. `process.exit` would wait for a read that is under way, and a
 * read from a named pipe may take for ever. */
export function endInterrupted(): void {
  process.removeAllListeners("SIGINT");
  process.kill(process.pid, "SIGINT");
}
