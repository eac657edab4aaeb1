/** `npm run bounds [-- --events 10000000 --names 1000000 --noise 9 --store memory|none|FILE.db]`: what a flood of names leaves in memory and in the ledger. Fails when
 * that is more than is declared. `--noise`: reads that teach nothing, for each event that does. Runs as the functions do, from a bundle: what Node needs to read TypeScript would be
 * counted too. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { common } from "./bundles.ts";

const folder = mkdtempSync(join(tmpdir(), "crosstrail-bounds-"));
try {
  const outfile = join(folder, "bounds.mjs");
  await build({ ...common, entryPoints: ["test/tools/bounds-run.ts"], outfile, target: "node24", sourcemap: "inline" });
  const { status } = spawnSync(process.execPath, [outfile, ...process.argv.slice(2)], { stdio: "inherit" });
  process.exitCode = status ?? 1;
} finally {
  rmSync(folder, { recursive: true });
}
