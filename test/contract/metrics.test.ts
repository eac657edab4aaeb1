import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { metrics } from "../../schemas/metrics.ts";
import { root } from "../tools/folders.ts";

const sources = globSync("functions/**/*.ts", { cwd: root })
  .filter((file) => !file.endsWith(".test.ts"))
  .map((file) => readFileSync(join(root, file), "utf8"))
  .join("\n");

it.each(Object.keys(metrics))("%s of the list is written by a function", (name) => {
  expect(new RegExp(`(?:count\\(|name: )"${name}"`).test(sources)).toBe(true);
});
