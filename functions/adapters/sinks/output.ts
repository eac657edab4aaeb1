import { once } from "node:events";
import { createWriteStream } from "node:fs";
import type { Writable } from "node:stream";
import { CrosstrailError } from "../../../schemas/errors.ts";
import { reasonOf } from "./reason.ts";

export interface Output {
  /** Resolves when more may be written. */
  readonly write: (line: string) => Promise<void>;
  /** Resolves when everything is written. */
  readonly end: () => Promise<void>;
}

/** Lines to a file or to standard output, as fast as they are taken; the file is opened before this resolves. A reader
 * that has seen enough (`head`) ends the output quietly. Throws E_READ for what cannot be written. */
export async function openOutput(file: string | undefined, stdout: Writable): Promise<Output> {
  const name = file ?? "standard output";
  const stream = file === undefined ? stdout : createWriteStream(file);
  const waiting: (() => void)[] = [];
  let failure: CrosstrailError | undefined;
  let gone = false;
  const wake = (): void => {
    for (const resolve of waiting.splice(0)) resolve();
  };
  const failed = (cause: NodeJS.ErrnoException): void => {
    gone = true;
    if (cause.code !== "EPIPE") failure = new CrosstrailError("E_READ", `${name}: ${reasonOf(cause)}`, { cause });
    wake();
  };
  const settled = (): void => {
    if (failure !== undefined) throw failure;
  };
  // One listener of each for all lines: one a line would pile up while a slow reader is waited for.
  stream.on("error", failed).on("drain", wake);
  if (file !== undefined) await once(stream, "open").catch(() => settled());
  return {
    async write(line) {
      settled();
      if (gone || stream.write(`${line}\n`)) return;
      await new Promise<void>((resolve) => waiting.push(resolve));
      settled();
    },
    async end() {
      // Standard output stays open; what is in its buffer is flushed before the process ends by itself.
      if (file !== undefined && !gone)
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
          // Told here before it is told to the listener: a line that was lost must not look written.
          stream.end((cause?: NodeJS.ErrnoException | null) => {
            if (cause) failed(cause);
            resolve();
          });
        });
      settled();
    },
  };
}
