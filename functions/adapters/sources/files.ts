import { createReadStream, type Stats, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { CrosstrailError } from "../../../schemas/errors.ts";
import { isGzip } from "../../pipeline/decode/bytes.ts";
import { createFrames } from "../../pipeline/decode/frame.ts";
import type { Chunk, Frame } from "../../pipeline/records.ts";

export interface ReadOptions {
  /** Called for an input that cannot be opened or read; the others go on. */
  readonly onError: (error: CrosstrailError) => void;
  /** Ends the reading after the chunk that is under way. */
  readonly signal?: AbortSignal;
  readonly stdin?: Readable;
}

/** Bytes read from disk at a time; unpacked it may be twenty times as much, and is cut into chunks as it comes. */
const READ_BYTES = 64 * 1024;
const STDIN = "-";

/** The inputs' frames, chunk by chunk, as they are asked for: files, directories (sorted, recursive, hidden files left out) and `-`, gzip told by its first
 * bytes. Memory does not grow with the size of an input. */
export async function* readInputs(paths: readonly string[], options: ReadOptions): AsyncGenerator<Chunk> {
  for (const path of paths) {
    for await (const file of filesOf(path, options.onError)) {
      if (options.signal?.aborted) return;
      yield* readOne(file, options);
    }
  }
}

/** Bytes of all inputs on disk, for a progress bar; undefined when one is a stream. */
export async function totalBytes(paths: readonly string[]): Promise<number | undefined> {
  let total = 0;
  for (const path of paths) {
    if (path === STDIN) return undefined;
    for await (const file of filesOf(path, () => undefined)) total += statSync(file).size;
  }
  return total;
}

async function* filesOf(path: string, onError: ReadOptions["onError"]): AsyncGenerator<string> {
  if (path === STDIN) return yield path;
  let found: Stats;
  try {
    found = statSync(path);
  } catch (cause) {
    return onError(unreadable(path, cause));
  }
  if (!found.isDirectory()) return yield path;
  try {
    const names = (await readdir(path, { withFileTypes: true })).filter(({ name }) => !name.startsWith("."));
    for (const entry of names.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.isDirectory() || entry.isFile() || entry.isSymbolicLink())
        yield* filesOf(join(path, entry.name), onError);
    }
  } catch (cause) {
    onError(unreadable(path, cause));
  }
}

async function* readOne(path: string, { onError, signal, stdin }: ReadOptions): AsyncGenerator<Chunk> {
  const input = path === STDIN ? (stdin ?? process.stdin) : createReadStream(path, { highWaterMark: READ_BYTES });
  // An input that is waiting for its writer would not see that the reading is over.
  const abort = (): void => void input.destroy();
  signal?.addEventListener("abort", abort, { once: true });
  const framer = createFrames({ from: path });
  const text = new TextDecoder();
  let bytes = 0;
  const chunkOf = (frames: readonly Frame[]): Chunk => {
    const chunk = { frames, bytes };
    bytes = 0;
    return chunk;
  };
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const piece of input) {
      bytes += (piece as Buffer).length;
      yield piece as Buffer;
    }
  }
  try {
    for await (const piece of unpacked(counted())) {
      if (signal?.aborted) return;
      const frames = framer.push(text.decode(piece, { stream: true }));
      if (frames.length > 0) yield chunkOf(frames);
    }
    yield chunkOf([...framer.push(text.decode()), ...framer.end()]);
  } catch (cause) {
    if (signal?.aborted) return;
    if (isZlib(cause)) yield chunkOf([...framer.end(), corrupt(path, cause)]);
    else {
      yield chunkOf(framer.end());
      onError(unreadable(path, cause));
    }
  } finally {
    signal?.removeEventListener("abort", abort);
    if (path !== STDIN) input.destroy();
  }
}

/** The bytes themselves, or what they unpack to; several gzip members in a row are one text. */
async function* unpacked(pieces: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const first = await pieces.next();
  if (first.done === true) return;
  async function* all(): AsyncGenerator<Buffer> {
    yield first.value;
    yield* pieces;
  }
  if (!isGzip(first.value)) return yield* all();
  const gunzip = createGunzip();
  const feeding = feed(all(), gunzip);
  feeding.catch((cause: unknown) => gunzip.destroy(cause instanceof Error ? cause : new Error(String(cause))));
  for await (const piece of gunzip) yield piece as Buffer;
  await feeding;
}

/** Writes with backpressure: nothing more is read from disk while the unpacked text waits to be taken. */
async function feed(pieces: AsyncGenerator<Buffer>, into: ReturnType<typeof createGunzip>): Promise<void> {
  for await (const piece of pieces) {
    if (into.destroyed) return;
    if (!into.write(piece)) await new Promise<void>((resolve) => into.once("drain", resolve).once("close", resolve));
  }
  into.end();
}

const isZlib = (cause: unknown): boolean =>
  cause instanceof Error && "code" in cause && /^Z_|^ERR_.*ZLIB|UNEXPECTED_END/.test(String(cause.code));

function corrupt(path: string, cause: unknown): Frame {
  const message = cause instanceof Error ? cause.message : String(cause);
  return {
    text: "",
    origin: { from: path },
    error: { code: "E_GZIP", message: `${message}; what came before it was read` },
  };
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "no such file or directory",
  EACCES: "permission denied",
  EISDIR: "is a directory",
  EMFILE: "too many open files",
};

function unreadable(path: string, cause: unknown): CrosstrailError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const reason = REASONS[code] ?? (cause instanceof Error ? cause.message : String(cause));
  return new CrosstrailError("E_READ", `${path}: ${reason}`, { cause });
}
