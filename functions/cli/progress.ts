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
  let done = 0;
  return createBar("of the input", total, (bytes) => {
    done += bytes;
    return done;
  });
}

/** The same by the share (0 to 1) of the time that was asked for: of a log group nobody knows the size. */
export function createShareProgress(wanted: boolean, share: () => number): Progress {
  if (!wanted || !process.stderr.isTTY) return { advance: () => undefined, clear: () => undefined };
  return createBar("of the time", 1_000, () => Math.round(share() * 1_000));
}

function createBar(what: string, total: number, done: (bytes: number) => number): Progress {
  const bar = new SingleBar(
    {
      stream: process.stderr,
      format: `{bar} {percentage} % ${what}, {events} events`,
      clearOnComplete: true,
      barsize: 30,
      // What a signal that ends the program would leave behind: its own handlers keep SIGTERM from ending anything.
      gracefulExit: false,
      hideCursor: false,
      linewrap: true,
    },
    Presets.shades_classic,
  );
  return {
    advance(bytes, events) {
      const at = Math.min(total, done(bytes));
      const payload = { events: events.toLocaleString("en") };
      if (bar.isActive) bar.update(at, payload);
      else bar.start(total, at, payload);
    },
    clear: () => bar.stop(),
  };
}
