import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { functionBundle, functionNames } from "../tools/bundles.ts";

/** Bundles that do nothing, in a folder of `folder`: for templates, which name what they hold and do not look into it. */
export function emptyBundles(folder: string): string {
  const bundles = join(folder, "bundles");
  for (const name of functionNames) {
    mkdirSync(join(bundles, name), { recursive: true });
    writeFileSync(join(bundles, name, "index.mjs"), `export const handler = () => "${name}";\n`);
  }
  return bundles;
}

/** The bundles as they ship, but for the source maps, in a folder of `folder`. */
export async function bundlesIn(folder: string): Promise<string> {
  const bundles = join(folder, "bundles");
  for (const name of functionNames)
    await build({ ...functionBundle(name), outdir: join(bundles, name), sourcemap: false });
  return bundles;
}
