import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** The folder that holds package.json, of a checkout or of an installed package: this file is run from both. */
export function packageRoot(from: string = import.meta.dirname): string {
  if (existsSync(join(from, "package.json"))) return from;
  const above = dirname(from);
  if (above === from) throw new Error("crosstrail's package.json is not found.");
  return packageRoot(above);
}
