import { createHash, randomBytes } from "node:crypto";
import { access, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../command.ts";
import { root } from "../folders.ts";
import { findPython, type Python } from "./python.ts";

/** What was installed, and where. */
export interface Installed {
  readonly folder: string;
  readonly python: Python;
}

/** Something that is installed from locks into a virtual environment. `Extra` is what else there is to know of it. */
export interface Kind<Extra extends object> {
  /** The beginning of its folder's name. */
  readonly name: string;
  /** As in "Installing ... (once, about a minute)". */
  readonly what: string;
  readonly takes: string;
  /** What else may be done by whoever has no Python, as ", or ...". */
  readonly otherwise?: string;
  /** It is made anew when one of these files changes: its locks, and the code that installs them. */
  readonly from: readonly string[];
  /** Puts everything into `partial`, which will be `folder`. */
  readonly fill: (making: Making) => Promise<Extra>;
  /** Said once it is made. */
  readonly notice?: (made: Installed & Extra) => string | undefined;
  /** Of one that was found: whether nothing went from it since. Throws or says false. */
  readonly whole?: (found: Installed & Extra) => Promise<boolean>;
}
export interface Making extends Installed {
  readonly partial: string;
}

/** Where installations are kept: outside of node_modules, which `npm ci` empties. */
const HOME = process.env.CROSSTRAIL_EMULATORS ?? join(root, ".emulators");
/** Written last, so that what has it is whole. */
const DONE = "installation.json";

export const pythonOf = (folder: string): string => join(folder, "venv", "bin", "python");

/**
 * The installation that the locks name: made once, then found. It is made in a folder of its own and renamed when whole, so
 * that one that was cut off is never taken for a good one. Of several processes one installs and the others wait.
 */
export async function install<Extra extends object>(
  kind: Kind<Extra>,
  log: (line: string) => void,
  home = HOME,
): Promise<Installed & Extra> {
  const python = await pythonFor(kind);
  const folder = join(home, `${kind.name}-${await keyOf(python, kind.from)}`);
  const found = await read(kind, folder);
  if (found !== undefined) return found;
  await mkdir(home, { recursive: true });
  const release = await acquire(join(home, `${kind.name}.lock`));
  try {
    const made = await read(kind, folder);
    if (made !== undefined) return made;
    await clear(home, kind.name);
    return await make(kind, { home, folder, python, log });
  } finally {
    release();
  }
}

async function pythonFor({ what, otherwise = "" }: Pick<Kind<object>, "what" | "otherwise">): Promise<Python> {
  try {
    return await findPython();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`For ${what} ${why}${otherwise}.`, { cause: error });
  }
}

/** Changes when a lock, the Python or the way of installing does. */
async function keyOf({ path, version }: Python, from: readonly string[]): Promise<string> {
  const hash = createHash("sha256").update(`${path} ${version} ${process.platform} ${process.arch}\n`);
  for (const file of [...from, import.meta.filename]) hash.update(await readFile(file));
  return hash.digest("hex").slice(0, 16);
}

/** Nothing when it is not there, not whole, or its Python is gone. */
async function read<Extra extends object>(
  { whole = async () => true }: Kind<Extra>,
  folder: string,
): Promise<(Installed & Extra) | undefined> {
  try {
    const found: Installed & Extra = JSON.parse(await readFile(join(folder, DONE), "utf8"));
    await access(pythonOf(folder)); // follows the link to the Python that it was made with
    return (await whole(found)) ? found : undefined;
  } catch {
    return;
  }
}

interface Place extends Installed {
  readonly home: string;
  readonly log: (line: string) => void;
}

async function make<Extra extends object>(
  { name, what, takes, fill, notice }: Kind<Extra>,
  { home, folder, python, log }: Place,
): Promise<Installed & Extra> {
  log(`Installing ${what} (once, ${takes}, Python ${python.version}) ...`);
  const partial = join(home, `partial-${name}-${process.pid}-${randomBytes(4).toString("hex")}`);
  await mkdir(partial, { recursive: true });
  const made = { folder, python, ...(await fill({ partial, folder, python })) };
  await writeFile(join(partial, DONE), JSON.stringify(made, null, 2));
  const said = notice?.(made);
  if (said !== undefined) log(said);
  await rename(partial, folder);
  return made;
}

/** Installs into the virtual environment what a file of requirements names, and nothing whose hash it does not have. */
export type Pip = (requirements: string, ...args: readonly string[]) => Promise<void>;

/** The virtual environment is moved once it is whole, which breaks its scripts: run modules, by `pythonOf(folder) -m`. */
export async function makeVenv({ partial, python }: Making): Promise<Pip> {
  await run(python.path, ["-m", "venv", join(partial, "venv")]);
  return async (requirements, ...args) => {
    const options = ["--quiet", "--disable-pip-version-check", "--require-hashes", "--requirement", requirements];
    await run(pythonOf(partial), ["-m", "pip", "install", ...options, ...args]);
  };
}

/** What installations of this kind left behind that were cut off, and those of older locks. */
async function clear(home: string, kind: string): Promise<void> {
  const own = new RegExp(`^(partial-${kind}-.*|${kind}-[0-9a-f]{16})$`);
  for (const name of await readdir(home))
    if (own.test(name)) await rm(join(home, name), { recursive: true, force: true });
}

/** Waits until no other process holds the lock. The system lets go of it when its holder ends, however that ends. */
async function acquire(path: string): Promise<() => void> {
  const lock = new DatabaseSync(path);
  for (;;) {
    try {
      lock.exec("BEGIN EXCLUSIVE");
      return () => lock.close();
    } catch (error) {
      if (!(error instanceof Error && /locked|busy/.test(error.message))) throw error;
      await sleep(200);
    }
  }
}
