import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { arm } from "../../detectors/core/settings.ts";
import { registry } from "../../detectors/registry.ts";
import { samples } from "../../detectors/samples.generated.ts";
import { isConfig } from "../../detectors/validators.generated.js";
import { root } from "../tools/folders.ts";

const readme = readFileSync(join(root, "README.md"), "utf8");

it("shows a configuration that is taken", () => {
  const [, text = ""] = /```json\n([\s\S]*?)```/.exec(readme) ?? [];
  const config: unknown = JSON.parse(text);
  expect(isConfig(config), JSON.stringify(isConfig.errors)).toBe(true);
  if (!isConfig(config)) return;
  const { armed, ledger } = arm(registry, config, {}, samples);
  expect(new Set([...armed, ...ledger].map(({ detector }) => detector.meta.id)).size).toBe(registry.length);
});

it("names commands that are there", () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const named = [...readme.matchAll(/(?:^|`)npm (?:run (?:-s )?)?([a-z]+)/gm)].map(([, name = ""]) => name);
  expect(named.length).toBeGreaterThan(8);
  expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
});

it("links to files that are there", () => {
  const links = [...readme.matchAll(/\]\(([^)#:]+)\)/g)].map(([, path = ""]) => path);
  expect(links.length).toBeGreaterThan(50);
  expect(links.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});
