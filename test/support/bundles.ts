import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { functionNames } from "../tools/bundles.ts";

/** Bundles that do nothing, in a folder of `folder`: for templates, which name what they hold and do not look into it. */
export function emptyBundles(folder: string): string {
  const bundles = join(folder, "bundles");
  for (const name of functionNames) {
    mkdirSync(join(bundles, name), { recursive: true });
    writeFileSync(join(bundles, name, "index.mjs"), `export const handler = () => "${name}";\n`);
  }
  return bundles;
}
