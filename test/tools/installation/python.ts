import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** A Python that all locks install on, and its version. */
export interface Python {
  readonly path: string;
  readonly version: string;
}

/** 3.11 first: it was run the most. LocalStack 4.9.2 installs on 3.10 and does not start there. */
const NAMES = ["python3.11", "python3.12", "python3.13", "python3"];
const KNOWN = /^3\.(11|12|13)\./;
const ASK = "import sys, venv, ensurepip; print(sys.executable); print('.'.join(map(str, sys.version_info[:3])))";

/** Asks each name whether it runs: the shims of version managers exist for versions that are not switched on.
 * `CROSSTRAIL_PYTHON` names another. */
export async function findPython(names = namesOf(process.env.CROSSTRAIL_PYTHON)): Promise<Python> {
  const tried: string[] = [];
  for (const name of names) {
    const answer = await promisify(execFile)(name, ["-c", ASK]).catch(() => undefined);
    const [path, version] = answer?.stdout.trim().split("\n") ?? [];
    if (path !== undefined && version !== undefined && KNOWN.test(version)) return { path, version };
    tried.push(version === undefined ? name : `${name} (${version})`);
  }
  throw new Error(
    `Python 3.11 to 3.13 with venv and pip is needed. Tried: ${tried.join(", ")}. Install one or name it in CROSSTRAIL_PYTHON`,
  );
}

const namesOf = (chosen: string | undefined): readonly string[] => (chosen ? [chosen] : NAMES);
