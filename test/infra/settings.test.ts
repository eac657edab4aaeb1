import { execFile } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { EXPIRES, tableKeys } from "../../functions/adapters/ledger/dynamodb-items.ts";
import { CAPACITY } from "../../functions/capacity.ts";
import { variables } from "../../functions/runtime/environment.ts";
import { outputs } from "../../infra/outputs.ts";
import { rights } from "../../infra/rights.ts";
import {
  CONFIG_KEY,
  environment,
  environmentOf,
  functionNames,
  functions,
  hubEnvironment,
  streamMapping,
  streamMappingReasons,
} from "../../infra/settings.ts";
import { samTemplate } from "../support/both-stacks.ts";
import { environmentOfNothing } from "../support/environment.ts";
import { evaluate } from "../support/template/evaluate.ts";
import type { Resource } from "../support/template/template.ts";
import { functionNames as bundles, functionBundle } from "../tools/bundles.ts";
import { root } from "../tools/folders.ts";

const run = promisify(execFile);

/** What is crosstrail's own of the variables that a function is given. */
const variablesOf = (name: (typeof functionNames)[number]): readonly string[] =>
  Object.keys({ ...environment, ...hubEnvironment, ...environmentOf[name] })
    .filter((variable) => variable.startsWith("CROSSTRAIL_"))
    .toSorted();

/** The variables of crosstrail that a new environment of the function asks for, each of which it is given. */
async function asked(name: string): Promise<readonly string[]> {
  const handler = pathToFileURL(join(root, "functions", name.toLowerCase(), "handler.ts")).href;
  const script = `const asked = new Set();
    process.env = new Proxy(process.env, { get: (env, key) => (asked.add(String(key)), env[key]) });
    await import(${JSON.stringify(handler)});
    console.log(JSON.stringify([...asked].filter((key) => key.startsWith("CROSSTRAIL_")).sort()));`;
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script], {
    env: environmentOfNothing,
  });
  return JSON.parse(stdout);
}

describe("the functions", () => {
  it.each(functionNames)("%s is given the variables that it asks for, and no others", async (name) => {
    expect(variablesOf(name)).toEqual(await asked(name));
  });

  it("know every variable that one of them is given, and are given every variable that is documented", () => {
    const documented = Object.keys(variables).filter((name) => name.startsWith("CROSSTRAIL_"));
    expect([...new Set(functionNames.flatMap(variablesOf))].toSorted()).toEqual(documented.toSorted());
  });

  it("are the bundles that are built, in the folders that they are built into", () => {
    expect(functionNames.map((name) => name.toLowerCase())).toEqual([...bundles]);
    for (const name of bundles) {
      const [settings] = functionNames.filter((one) => one.toLowerCase() === name).map((one) => functions[one]);
      expect(settings?.code).toBe(functionBundle(name).outdir);
    }
  });

  it("name lines of the sources in their stacks: Node is told to read the maps that lie beside the bundles", () => {
    expect(environment.NODE_OPTIONS).toBe("--enable-source-maps");
    for (const name of bundles) expect(functionBundle(name).sourcemap).toBe(true);
  });

  it("detect has twice the memory that a process takes at the most", () => {
    expect(functions.Detect.memoryMb * 1_024 * 1_024).toBeGreaterThan(2 * CAPACITY.processBytes);
  });

  it("read the configuration under the key that they may read, and that is put out", () => {
    for (const name of ["Detect", "Sweep"] as const) {
      expect(environmentOf[name].CROSSTRAIL_CONFIG_KEY).toBe(CONFIG_KEY);
      const objects = rights[name].flatMap(({ actions, resources }) =>
        actions.includes("s3:GetObject") ? [resources] : [],
      );
      expect(objects).toEqual([[`\${ConfigBucket.Arn}/${CONFIG_KEY}`]]);
    }
    expect(outputs.ConfigKey.value).toBe(CONFIG_KEY);
  });

  it("the stream's mapping has a reason for each of its settings", () => {
    expect(Object.keys(streamMappingReasons)).toEqual(Object.keys(streamMapping));
  });
});

it("the stream keeps the partition keys of what writes to it, which is the default", async () => {
  for (const StreamShards of [0, 2]) {
    const { resources } = evaluate(await samTemplate(), {
      parameters: { Clusters: "prod", TrailEvents: "on", StreamShards },
    });
    expect([undefined, "USER_PARTITION_KEY"]).toContain(resources.Stream?.Properties?.RecordDistributionStrategy);
    expect(resources.Stream?.Properties?.StreamEncryption).toMatchObject({ EncryptionType: "KMS" });
  }
}, 900_000);

describe("the table", () => {
  let table: Resource | undefined;
  beforeAll(async () => {
    const parameters = { Clusters: "prod", TrailEvents: "on" };
    // Of SAM: another test says that CDK's is the same.
    table = evaluate(await samTemplate(), { parameters }).resources.Table;
  }, 900_000);

  it("has the keys that items are written under, and no others", () => {
    const { AttributeDefinitions, KeySchema } = table?.Properties ?? {};
    expect({ AttributeDefinitions, KeySchema }).toEqual(tableKeys);
    expect([table?.Properties?.GlobalSecondaryIndexes, table?.Properties?.LocalSecondaryIndexes]).toEqual([
      undefined,
      undefined,
    ]);
  });

  it("forgets items by the attribute that says when", () => {
    expect(table?.Properties?.TimeToLiveSpecification).toEqual({ AttributeName: EXPIRES, Enabled: true });
  });
});
