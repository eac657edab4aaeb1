// Installs what is missing, so that one command works in a fresh clone. Plain JavaScript, because it runs on whatever Node
// (20 or later) started npm, before there is another; writes to stderr only, because stdout belongs to the command.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const packages = (file) => (existsSync(root + file) ? JSON.parse(readFileSync(root + file, "utf8")).packages : {});

function complete() {
  const have = packages("node_modules/.package-lock.json"); // npm writes it last
  return (
    existsSync(`${root}node_modules/.bin/node`) &&
    Object.entries(packages("package-lock.json")).every(
      ([path, { version, optional }]) => path === "" || optional || have[path]?.version === version,
    )
  );
}

if (!complete()) {
  // The npm that runs this script, on the Node it runs on: PATH may name others.
  const { npm_execpath: npm = "", npm_node_execpath: node = process.execPath } = process.env;
  const [command, first] = npm.endsWith("npm-cli.js") ? [node, [npm]] : ["npm", []];
  console.error("Installing what is missing (once, about half a minute) ...");
  const { status } = spawnSync(command, [...first, "ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (status !== 0) process.exit(status ?? 1);
  if (!complete()) {
    console.error("npm ci left node_modules incomplete: is ignore-scripts set, or package-lock.json out of date?");
    process.exit(1);
  }
}
