#!/usr/bin/env node
// Starts the command. An installed package runs its bundle; a checkout runs the sources, under the Node of its own
// dependencies when the one that started this cannot: Node 20 does not strip types. Plain JavaScript for any Node >= 18.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const sources = here("./main.ts");
const node = here("../../node_modules/.bin/node");

if (!existsSync(sources)) await import("../../dist/cli.js");
else if (!existsSync(here("../../node_modules/commander/package.json")))
  fail("its dependencies are not installed: run npm ci in the checkout");
else if (process.features.typescript) await import("./main.ts");
else if (existsSync(node)) runUnder(node);
else fail(`Node ${process.versions.node} cannot run a checkout and node_modules has none that can: run npm ci`);

function runUnder(command) {
  const child = spawn(command, [sources, ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => fail(error.message));
  // As a shell reports a child that a signal ended: 128 and its number.
  child.on("exit", (code, signal) => process.exit(signal === null ? code : 128 + (constants.signals[signal] ?? 0)));
}

function fail(message) {
  console.error(`crosstrail: ${message}`);
  process.exit(1);
}
