// The bundle of one function, into a folder of the caller's: `node test/tools/build-function.ts Detect FOLDER`. The same bytes as in dist/, which it leaves alone.
import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { build } from "esbuild";
import { functionBundle, functionNames } from "./bundles.ts";
import { root } from "./folders.ts";

const [wanted = "", folder] = process.argv.slice(2);
const name = functionNames.find((one) => one === wanted.toLowerCase());
if (name === undefined || folder === undefined)
  throw new Error(`node test/tools/build-function.ts ${functionNames.join("|")} FOLDER`);

// Made for dist/, as maps name their sources from there.
const bundle = functionBundle(name);
const { outputFiles } = await build({ ...bundle, write: false });
mkdirSync(folder, { recursive: true });
for (const { path, contents } of outputFiles)
  writeFileSync(join(folder, relative(join(root, bundle.outdir), path)), contents);
