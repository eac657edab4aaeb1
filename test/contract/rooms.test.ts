import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../tools/folders.ts";

const ROOMS = ["schemas", "detectors", "functions", "infra"] as const;
/** What a room may import from, itself aside. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  schemas: [],
  detectors: ["schemas"],
  functions: ["schemas", "detectors"],
  infra: ["schemas"],
};

const sources = ROOMS.flatMap((room) =>
  readdirSync(join(root, room), { recursive: true, encoding: "utf8" })
    .filter(
      (file) =>
        /\.(?:ts|js)$/.test(file) &&
        !file.endsWith(".d.ts") &&
        !file.endsWith(".test.ts") &&
        !file.includes("generated"),
    )
    .map((file) => join(room, file)),
);
const importsOf = (file: string): string[] =>
  [...readFileSync(join(root, file), "utf8").matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map((match) =>
    relative(root, join(root, dirname(file), match[1] ?? "")),
  );

it("finds the sources: a moved folder must not make these checks empty", () => {
  expect(sources.length).toBeGreaterThan(80);
});

describe.each(sources)("%s", (file) => {
  const room = file.split("/")[0] ?? "";

  it("imports one way: schemas <- detectors <- functions", () => {
    // The launcher of an installed package starts the bundle, which is made of these very sources.
    const own = importsOf(file).filter((target) => target !== "dist/cli.js");
    const wrong = own.filter((target) => {
      const from = target.split("/")[0] ?? "";
      return from !== room && !MAY_IMPORT[room]?.includes(from);
    });
    expect(wrong).toEqual([]);
  });

  it("has at most 300 lines", () => {
    expect(readFileSync(join(root, file), "utf8").split("\n").length).toBeLessThanOrEqual(301);
  });
});

it("has no import cycle, types included", () => {
  const graph = new Map(sources.map((file) => [file, importsOf(file)]));
  const done = new Set<string>();
  const cycles: string[] = [];
  const walk = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(" -> "));
    if (done.has(file) || path.includes(file)) return;
    for (const target of graph.get(file) ?? []) walk(target, [...path, file]);
    done.add(file);
  };
  for (const file of sources) walk(file, []);
  expect(cycles).toEqual([]);
});

it("a detector touches its own folder and its group only", () => {
  const foreign = sources
    .filter((file) => /^detectors\/[^/]+\/[^/]+\/detector\.ts$/.test(file))
    .flatMap((file) => {
      const [, group] = file.split("/");
      return importsOf(file)
        .filter(
          (target) =>
            target.startsWith("detectors/") &&
            !target.startsWith("detectors/core/") &&
            target !== "detectors/ledger/contracts.ts" &&
            !target.startsWith(`detectors/${group}/`),
        )
        .map((target) => `${file} -> ${target}`);
    });
  expect(foreign).toEqual([]);
});
