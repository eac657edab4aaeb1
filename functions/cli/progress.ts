import { Presets, SingleBar } from "cli-progress";

export interface Progress {
  readonly advance: (bytes: number, events: number) => void;
  /** Takes the bar off the terminal, so that other lines may be written. */
  readonly clear: () => void;
}

/** A bar on standard error while the inputs are read; nothing off a terminal, or for inputs of unknown size (undefined). */
export function createProgress(total: number | undefined): Progress {
  if (total === undefined || total === 0 || !process.stderr.isTTY)
    return { advance: () => undefined, clear: () => undefined };
  const bar = new SingleBar(
    {
      stream: process.stderr,
      format: "{bar} {percentage} % of the input, {events} events",
      hideCursor: true,
      clearOnComplete: true,
      barsize: 30,
    },
    Presets.shades_classic,
  );
  bar.start(total, 0, { events: "0" });
  return {
    advance: (bytes, events) => bar.increment(bytes, { events: events.toLocaleString("en") }),
    clear: () => bar.stop(),
  };
}
