import { createWriteStream } from "node:fs";
import type { Writable } from "node:stream";
import { CrosstrailError } from "../../../schemas/errors.ts";

export interface Output {
  readonly write: (line: string) => Promise<void>;
  /** Resolves when everything is written. */
  readonly end: () => Promise<void>;
}

/** Lines to a file or to standard output, as fast as they are taken. A reader that has seen enough (`head`) ends the output quietly. */
export function openOutput(file: string | undefined, stdout: Writable): Output {
  const stream = file === undefined ? stdout : createWriteStream(file);
  let failure: CrosstrailError | undefined;
  let gone = false;
  stream.on("error", (cause: NodeJS.ErrnoException) => {
    gone = true;
    if (cause.code !== "EPIPE")
      failure = new CrosstrailError("E_READ", `${file ?? "standard output"}: ${cause.message}`, { cause });
  });
  const settled = (): void => {
    if (failure !== undefined) throw failure;
  };
  return {
    async write(line) {
      settled();
      if (gone) return;
      if (!stream.write(`${line}\n`))
        await new Promise<void>((resolve) => stream.once("drain", resolve).once("error", () => resolve()));
    },
    async end() {
      if (file !== undefined && !gone)
        await new Promise<void>((resolve) => stream.once("error", () => resolve()).end(resolve));
      // Standard output stays open; what is in its buffer is flushed before the process ends by itself.
      settled();
    },
  };
}
