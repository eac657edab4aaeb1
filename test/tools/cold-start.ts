// How long each function takes to load, and what its bundle is made of: node test/tools/cold-start.ts [RUNS]
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { environmentOfNothing } from "../support/environment.ts";
import { functionBundle, functionNames } from "./bundles.ts";

const runs = Number(process.argv[2] ?? 5);
const SHOWN = 8;
const folder = mkdtempSync(join(tmpdir(), "crosstrail-cold-"));
const env = { ...environmentOfNothing, PATH: process.env.PATH };

/** ms of processor time until the module is loaded, in a process of its own; its start is not counted. */
function load(file: string): number {
  const code = `const from = process.cpuUsage(); await import(${JSON.stringify(file)}); const { user, system } = process.cpuUsage(from); console.log("took", (user + system) / 1000);`;
  const printed = execFileSync(process.execPath, ["--input-type=module", "-e", code], { env, encoding: "utf8" });
  return Number(/took ([\d.]+)/.exec(printed)?.[1]);
}

/** What a file counts to: its package, or its folder. */
const partOf = (file: string): string =>
  /^.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? file.split("/").slice(0, 2).join("/");

try {
  for (const name of functionNames) {
    const { outputFiles, metafile } = await build({ ...functionBundle(name), sourcemap: false, write: false });
    mkdirSync(join(folder, name));
    for (const { path, contents } of outputFiles)
      writeFileSync(join(folder, name, path.split("/").at(-1) ?? ""), contents);
    const times = Array.from({ length: runs }, () => load(join(folder, name, "index.mjs"))).sort((a, b) => a - b);
    // What is loaded at once: the entry and what it imports.
    const first = new Set<string>();
    const follow = (path: string): void => {
      if (first.has(path)) return;
      first.add(path);
      for (const { path: next, kind } of metafile.outputs[path]?.imports ?? [])
        if (kind === "import-statement" && metafile.outputs[next] !== undefined) follow(next);
    };
    for (const [path, { entryPoint }] of Object.entries(metafile.outputs))
      if (entryPoint === `functions/${name}/handler.ts`) follow(path);
    const bytes = new Map<string, number>();
    for (const path of first)
      for (const [file, { bytesInOutput }] of Object.entries(metafile.outputs[path]?.inputs ?? {}))
        bytes.set(partOf(file), (bytes.get(partOf(file)) ?? 0) + bytesInOutput);
    const total = [...bytes.values()].reduce((sum, size) => sum + size, 0);
    const kB = (size: number): string => `${Math.round(size / 1024)} kB`;
    const largest = [...bytes].sort(([, a], [, b]) => b - a).slice(0, SHOWN);
    console.log(
      `${name}: loads in ${times[Math.floor(runs / 2)]?.toFixed(0)} ms (median of ${runs}), ${kB(total)} at once`,
    );
    for (const [part, size] of largest) console.log(`  ${kB(size).padStart(8)}  ${part}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
