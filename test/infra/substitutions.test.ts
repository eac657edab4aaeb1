import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type SubstitutionName, substitute, substitutions } from "../localstack/substitutions.ts";
import { emptyBundles } from "../support/bundles.ts";
import { cloudAssembly } from "../support/cloud-assembly.ts";
import { root } from "../tools/folders.ts";

const elsewhere = mkdtempSync(join(tmpdir(), "crosstrail-substitutions-"));
afterAll(() => rmSync(elsewhere, { recursive: true }));
const { template } = cloudAssembly({
  ...{ clusters: ["prod"], trailLogGroup: "trail", trailEvents: true, bundles: emptyBundles(elsewhere) },
});
const ways = { aws: { Detect: "http://detect", Publish: "http://publish", Sweep: "http://sweep" }, hub: "http://hub" };
const names = Object.keys(substitutions) as SubstitutionName[];
const suites = readdirSync(join(root, "test/localstack"))
  .filter((file) => file.endsWith(".ts") && file !== "substitutions.ts")
  .map((file) => readFileSync(join(root, "test/localstack", file), "utf8"));

describe("what the tests on LocalStack change in the template", () => {
  it.each(names)("is needed somewhere, and there: %s", (name) => {
    expect(suites.some((text) => text.includes(`"${name}"`))).toBe(true);
    const { Resources } = substitute(template, [name], ways);
    const changed = Object.keys(template.Resources).filter((id) => Resources[id] !== template.Resources[id]);
    expect(changed.length).toBeGreaterThan(0);
    for (const id of changed) {
      const { Properties: before, ...rest } = template.Resources[id] ?? { Type: "" };
      const { Properties: after, ...same } = Resources[id] ?? { Type: "" };
      expect(after).not.toEqual(before);
      expect(same).toEqual(rest);
    }
  });

  it("is nothing but that", () => {
    const changed = substitute(template, names, ways);
    expect({ ...changed, Resources: {} }).toEqual({ ...template, Resources: {} });
    const types = new Set(Object.values(substitutions).map(({ type }): string => type));
    for (const [id, resource] of Object.entries(template.Resources))
      if (!types.has(resource.Type)) expect(changed.Resources[id]).toBe(resource);
  });

  it("leads each function to its own proxy", () => {
    const { Resources, Outputs = {} } = substitute(template, ["endpoints", "queues"], ways);
    for (const [name, url] of Object.entries(ways.aws)) {
      const { Ref } = (Outputs[`${name}Function`]?.Value ?? {}) as { readonly Ref?: string };
      const { Environment } = Resources[Ref ?? ""]?.Properties ?? {};
      const urls = [...JSON.stringify(Environment).matchAll(/http:\/\/\w+/g)].map(([found]) => found);
      expect(new Set(urls)).toEqual(new Set([url, ways.hub]));
      expect(JSON.stringify(Environment)).not.toMatch(/"CROSSTRAIL_\w+QUEUE":\{"Ref"/);
    }
  });

  it("has to be there", () => {
    const { Resources, ...rest } = template;
    const without = Object.entries(Resources).filter(([, { Type }]) => Type !== "AWS::Lambda::Function");
    expect(() => substitute({ ...rest, Resources: Object.fromEntries(without) }, ["runtime"], ways)).toThrow("Runtime");
  });
});
