#!/usr/bin/env node
// Starts the command. An installed package runs its bundle; a checkout runs the sources, under the Node of its own dependencies when the one
// that started this cannot: Node 20 does not strip types. Plain JavaScript for any Node.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const sources = here("./main.ts");

if (!existsSync(sources)) await import("../../dist/cli.js");
else if (process.features.typescript) await import("./main.ts");
else {
  const node = here("../../node_modules/.bin/node");
  if (!existsSync(node)) {
    console.error("crosstrail: its dependencies are not installed: run npm ci in the checkout");
    process.exit(1);
  }
  const child = spawn(node, [sources, ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    console.error(`crosstrail: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => {
    // As a shell reports a child that a signal ended: 128 and its number.
    process.exit(signal === null ? code : 128 + ({ SIGHUP: 1, SIGINT: 2, SIGTERM: 15 }[signal] ?? 0));
  });
}
