import { readInputs, totalBytes } from "../adapters/sources/files.ts";
import { refuseClashes } from "./clash.ts";
import { createProgress } from "./progress.ts";
import { LAST_TIME, type ReadingOptions, readAndReport } from "./reading.ts";
import { settingsOf } from "./run-parts.ts";

/** Replays the inputs through the whole chain, writes the findings and tells what became of every event. Gives the exit code. */
export async function replay(paths: readonly string[], options: ReadingOptions): Promise<number> {
  const settings = await settingsOf(options);
  refuseClashes(paths, options);
  return readAndReport(
    {
      chunks: ({ onError, signal }) => readInputs(paths, { onError, signal }),
      scoping: options,
      progress: createProgress(options.quiet === true ? undefined : await totalBytes(paths)),
      // Nothing more comes to a ledger in memory; what is kept waits for the files of the next day.
      settleUntil: ({ clock }) => (options.ledger === undefined ? LAST_TIME : clock),
    },
    options,
    settings,
  );
}
