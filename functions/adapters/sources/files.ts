import { createReadStream, type Dirent, type Stats, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pipeline, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { CrosstrailError } from "../../../schemas/errors.ts";
import { isGzip } from "../../pipeline/decode/bytes.ts";
import { createFrames } from "../../pipeline/decode/frame.ts";
import type { Chunk, Frame } from "../../pipeline/records.ts";
import { reasonOf } from "../sinks/reason.ts";

export interface ReadOptions {
  /** Called for an input that cannot be opened or read; the others go on. */
  readonly onError: (error: CrosstrailError) => void;
  /** Ends the reading after the chunk that is under way. */
  readonly signal?: AbortSignal;
  readonly stdin?: Readable;
}

/** Bytes read or unpacked at a time: with it comes the size of a chunk. */
const PIECE_BYTES = 128 * 1024;
const CHUNK_FRAMES = 1_000;
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
    for await (const file of filesOf(path, () => undefined)) {
      const stats = statSync(file, { throwIfNoEntry: false });
      if (stats?.isFile() === false) return undefined;
      total += stats?.size ?? 0;
    }
  }
  return total;
}

/** The files that a path stands for. What is named by the user is read whatever it is (a pipe, too). */
async function* filesOf(path: string, onError: ReadOptions["onError"]): AsyncGenerator<string> {
  if (path === STDIN) return yield path;
  let found: Stats;
  try {
    found = statSync(path);
  } catch (cause) {
    return onError(unreadable(path, cause));
  }
  if (found.isDirectory()) yield* filesIn(path, onError);
  else yield path;
}

/** The regular files below a directory. Links to files are followed, as logs are linked to; links to directories are not: they may lead back. */
async function* filesIn(directory: string, onError: ReadOptions["onError"]): AsyncGenerator<string> {
  let entries: Dirent[];
  try {
    entries = await readdir(directory, { withFileTypes: true });
  } catch (cause) {
    return onError(unreadable(directory, cause));
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(directory, entry.name);
    if (entry.name.startsWith(".")) continue;
    if (entry.isDirectory()) yield* filesIn(path, onError);
    else if (entry.isFile() || (entry.isSymbolicLink() && isFile(path, onError))) yield path;
  }
}

function isFile(path: string, onError: ReadOptions["onError"]): boolean {
  try {
    return statSync(path).isFile();
  } catch (cause) {
    onError(unreadable(path, cause));
    return false;
  }
}

async function* readOne(path: string, { onError, signal, stdin }: ReadOptions): AsyncGenerator<Chunk> {
  const input = path === STDIN ? (stdin ?? process.stdin) : createReadStream(path, { highWaterMark: PIECE_BYTES });
  // An input that is waiting for its writer would not see that the reading is over.
  const abort = (): void => void input.destroy();
  signal?.addEventListener("abort", abort, { once: true });
  const framer = createFrames({ from: path });
  let text = new TextDecoder();
  let bytes = 0;
  let begun = false;
  function* chunksOf(frames: readonly Frame[]): Generator<Chunk> {
    for (let at = 0; (at === 0 || at < frames.length) && !signal?.aborted; at += CHUNK_FRAMES) {
      const chunk = { frames: frames.slice(at, at + CHUNK_FRAMES), bytes };
      bytes = 0;
      yield chunk;
    }
  }
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const piece of input) {
      bytes += (piece as Buffer).length;
      yield piece as Buffer;
    }
  }
  try {
    for await (const piece of unpacked(counted())) {
      if (signal?.aborted) return;
      if (!begun) text = new TextDecoder(encodingOf(piece));
      begun = true;
      yield* chunksOf(framer.push(text.decode(piece, { stream: true })));
    }
    yield* chunksOf([...framer.push(text.decode()), ...framer.end()]);
  } catch (cause) {
    if (signal?.aborted) return;
    const rest = [...framer.push(text.decode()), ...framer.end()];
    if (isZlib(cause)) rest.push(corrupt(path, cause));
    else onError(unreadable(path, cause));
    yield* chunksOf(rest);
  } finally {
    signal?.removeEventListener("abort", abort);
    if (path !== STDIN) input.destroy();
  }
}

/** PowerShell writes UTF-16 where a shell would write bytes, and marks it. */
function encodingOf(head: Buffer): "utf-8" | "utf-16le" | "utf-16be" {
  if (head[0] === 0xff && head[1] === 0xfe) return "utf-16le";
  return head[0] === 0xfe && head[1] === 0xff ? "utf-16be" : "utf-8";
}

/** The bytes themselves, or what they unpack to; several gzip members in a row are one text. */
async function* unpacked(pieces: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  let head = Buffer.alloc(0);
  // A pipe may give one byte at first.
  while (head.length < 2) {
    const next = await pieces.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  async function* all(): AsyncGenerator<Buffer> {
    if (head.length > 0) yield head;
    yield* pieces;
  }
  if (!isGzip(head)) return yield* all();
  // Nothing more is read from disk while the unpacked text waits to be taken. Errors come out where it is taken.
  const gunzip = pipeline(all(), createGunzip({ chunkSize: PIECE_BYTES }), () => undefined);
  for await (const piece of gunzip) yield piece as Buffer;
}

const isZlib = (cause: unknown): boolean =>
  cause instanceof Error && "code" in cause && /^Z_|^ERR_.*ZLIB|UNEXPECTED_END/.test(String(cause.code));

function corrupt(path: string, cause: unknown): Frame {
  const message = cause instanceof Error ? cause.message : String(cause);
  return {
    text: "",
    origin: { from: path },
    // zlib keeps what it was about to give.
    error: {
      code: "E_GZIP",
      message: `${message}; what came before was read, but for the last ${PIECE_BYTES / 1_024} KiB`,
    },
  };
}

function unreadable(path: string, cause: unknown): CrosstrailError {
  const isFolder = cause instanceof Error && "code" in cause && cause.code === "EISDIR";
  return new CrosstrailError("E_READ", `${path}: ${isFolder ? "is a directory" : reasonOf(cause)}`, { cause });
}
