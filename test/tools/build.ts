// Bundles the command into dist/: Node does not strip types under node_modules, so what ships is JavaScript. Nothing is
// left external but Node itself: the tarball runs without an install of anything else.
import { execFile } from "node:child_process";
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { common, functionBundle, functionNames } from "./bundles.ts";
import { root } from "./folders.ts";

const dist = join(root, "dist");

rmSync(dist, { recursive: true, force: true });
const results = [
  // What talks to AWS is loaded by the commands that do.
  await build({
    ...{ ...common, target: "node22", entryPoints: { cli: "functions/cli/main.ts" }, outdir: "dist" },
    splitting: true,
  }),
  // The construct, on the library of whoever uses it.
  await build({
    ...{ ...common, target: "node22", entryPoints: { crosstrail: "infra/cdk/crosstrail.ts" }, outdir: "dist/cdk" },
    external: ["aws-cdk-lib", "aws-cdk-lib/*", "constructs"],
  }),
  ...(await Promise.all(functionNames.map((name) => build(functionBundle(name))))),
];
await promisify(execFile)("tsc", ["--project", "infra/cdk/tsconfig.json"], { cwd: root });
// What `crosstrail send --sample attack` sends.
cpSync(join(root, "test/recordings/demo"), join(dist, "samples/attack"), { recursive: true });
const bundled = results.flatMap(({ metafile }) => Object.keys(metafile.inputs));
writeFileSync(join(dist, "THIRD-PARTY-NOTICES.txt"), notices(bundled));
for (const { metafile } of results)
  for (const [file, { bytes }] of Object.entries(metafile.outputs))
    if (/\.m?js$/.test(file)) console.error(`${file}  ${Math.round(bytes / 1024)} kB`);

/** The licences of the bundled packages: they ask to travel with every copy. */
function notices(files: readonly string[]): string {
  const folders = files.flatMap((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input)?.[0] ?? []);
  return [...new Set(folders)]
    .sort()
    .map(notice)
    .join(`\n${"-".repeat(80)}\n\n`);
}

function notice(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
  const texts = readdirSync(join(root, folder))
    .filter((file) => /^(?:licen[cs]e|notice|copying)/i.test(file))
    .map((file) => readFileSync(join(root, folder, file), "utf8").trim());
  return `${[`${name} ${version} (${license})`, ...texts].join("\n\n")}\n`;
}
