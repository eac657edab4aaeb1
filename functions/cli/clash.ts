import { fstatSync, realpathSync, type Stats, statSync } from "node:fs";
import { basename, dirname, join, sep } from "node:path";
import { CrosstrailError } from "../../schemas/errors.ts";

const STDIN = "-";
const STDIN_FD = 0;

/** Outputs are opened, and emptied, before anything is read: refuses one that is an input, two that are one file, and pieces set aside in an input
 * folder, where they would be read and set aside again for ever. Throws E_CONFIG. */
export function refuseClashes(
  inputs: readonly string[],
  { out, setAside }: { readonly out?: string; readonly setAside?: string },
): void {
  for (const [option, file] of [
    ["--out", out],
    ["--set-aside", setAside],
  ] as const) {
    if (file === undefined) continue;
    if (inputs.some((input) => isSame(statsOf(input), statsOf(file)))) refuse(`${option} ${file}: is an input as well`);
  }
  if (setAside === undefined) return;
  if (out !== undefined && (placeOf(out) === placeOf(setAside) || isSame(statsOf(out), statsOf(setAside))))
    refuse(`--set-aside and --out are one file: ${setAside}`);
  const folder = inputs.find((input) => statsOf(input)?.isDirectory() && isInside(setAside, input));
  if (folder !== undefined) refuse(`--set-aside ${setAside}: is inside of the input ${folder}`);
}

function refuse(message: string): never {
  throw new CrosstrailError("E_CONFIG", message, { cause: undefined });
}

function statsOf(path: string): Stats | undefined {
  try {
    return path === STDIN ? fstatSync(STDIN_FD) : statSync(path, { throwIfNoEntry: false });
  } catch {
    // Whoever opens it says what is wrong with it.
    return undefined;
  }
}

/** One regular file: terminals, pipes and devices may well be both. */
const isSame = (a: Stats | undefined, b: Stats | undefined): boolean =>
  a !== undefined && b !== undefined && a.isFile() && a.dev === b.dev && a.ino === b.ino;

const isInside = (file: string, folder: string): boolean =>
  placeOf(file)?.startsWith(join(realpathSync(folder), sep)) === true;

/** Where a file is that may not be there yet; undefined when its folder is not. */
function placeOf(file: string): string | undefined {
  try {
    return join(realpathSync(dirname(file)), basename(file));
  } catch {
    return undefined;
  }
}
