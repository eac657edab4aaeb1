import { Presets, SingleBar } from "cli-progress";

export interface Progress {
  readonly advance: (bytes: number, events: number) => void;
  /** Takes the bar off the terminal, so that other lines may be written; it comes back when there is progress. */
  readonly clear: () => void;
}

/** A bar on standard error while the inputs are read; nothing off a terminal, or for inputs of unknown size. */
export function createProgress(total: number | undefined): Progress {
  if (total === undefined || total === 0 || !process.stderr.isTTY)
    return { advance: () => undefined, clear: () => undefined };
  const bar = new SingleBar(
    {
      stream: process.stderr,
      format: "{bar} {percentage} % of the input, {events} events",
      clearOnComplete: true,
      barsize: 30,
      // What a signal that ends the program would leave behind: its own handlers keep SIGTERM from ending anything.
      gracefulExit: false,
      hideCursor: false,
      linewrap: true,
    },
    Presets.shades_classic,
  );
  let done = 0;
  return {
    advance(bytes, events) {
      done = Math.min(total, done + bytes);
      const payload = { events: events.toLocaleString("en") };
      if (bar.isActive) bar.update(done, payload);
      else bar.start(total, done, payload);
    },
    clear: () => bar.stop(),
  };
}
