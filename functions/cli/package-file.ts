import { existsSync } from "node:fs";

/** A file of the package, by its path from the package's root: the sources stand two folders below it, the bundle one.
 * Undefined when there is none. */
export function packageFile(path: string): URL | undefined {
  return ["../../", "../"].map((up) => new URL(`${up}${path}`, import.meta.url)).find((url) => existsSync(url));
}
