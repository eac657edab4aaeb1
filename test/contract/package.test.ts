import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Finding } from "../../schemas/findings/finding.ts";
import { ledgerFlow } from "../support/ledger.ts";
import { root } from "../tools/folders.ts";
import { recordingsIn } from "../tools/labels.ts";

const run = promisify(execFile);
const elsewhere = mkdtempSync(join(tmpdir(), "crosstrail-package-"));
const installed = join(elsewhere, "node_modules/.bin");
const [attack] = recordingsIn(`${root}test/recordings/audit`).filter(({ name }) => name === "attack-chain");
/** The oldest Node that package.json promises to run on. */
const OLDEST_NODE = "22.12.0";
const MINUTES_MS = 60_000;

/** The installed command, under the oldest Node. */
async function crosstrail(...args: readonly string[]): Promise<string> {
  const env = { ...process.env, PATH: `${installed}:${process.env.PATH}`, NODE_OPTIONS: "" };
  const { stdout } = await run(join(installed, "crosstrail"), args, { cwd: elsewhere, env, maxBuffer: 64 * 1024 ** 2 });
  return stdout;
}

describe("the tarball, installed elsewhere on the oldest Node it is made for", () => {
  beforeAll(async () => {
    await run("npm", ["pack", "--silent", "--pack-destination", elsewhere], { cwd: root });
    const tarball = readdirSync(elsewhere).find((name) => name.endsWith(".tgz")) ?? "";
    const manifest = { private: true, allowScripts: { node: true }, dependencies: { node: OLDEST_NODE } };
    writeFileSync(join(elsewhere, "package.json"), JSON.stringify(manifest));
    writeFileSync(join(elsewhere, "attack.ndjson"), attack?.events ?? "");
    await run("npm", ["install", "--silent", "--no-audit", "--no-fund", `./${tarball}`], { cwd: elsewhere });
  }, 5 * MINUTES_MS);
  afterAll(() => rmSync(elsewhere, { recursive: true }));

  it("brings nothing but itself", () => {
    const packages = readdirSync(join(elsewhere, "node_modules")).filter((name) => !name.startsWith("."));
    // `node` and its platform's binary are this test's own.
    expect(packages.filter((name) => !name.startsWith("node"))).toEqual(["crosstrail"]);
    expect(readdirSync(join(elsewhere, "node_modules/crosstrail")).sort()).toEqual(
      ["LICENSE", "README.md", "detectors", "dist", "functions", "package.json"].sort(),
    );
  });

  it("finds what the sources find", async () => {
    const { stdout } = await run(join(installed, "node"), ["--version"]);
    expect(stdout.trim()).toBe(`v${OLDEST_NODE}`);
    const out = await crosstrail("replay", "--quiet", "--cluster", "111122223333/eu-central-1/demo", "attack.ndjson");
    const ids = (text: string): string[] =>
      text
        .trimEnd()
        .split("\n")
        .map((line) => (JSON.parse(line) as Finding).id)
        .sort();
    const { findings } = await ledgerFlow([attack?.events ?? ""]);
    expect(ids(out)).toEqual(findings.map(({ id }) => id).sort());
  });

  it("has an attack to be sent", () => {
    const folder = join(elsewhere, "node_modules/crosstrail/dist/samples/attack");
    expect(readdirSync(folder).sort()).toEqual(["audit.ndjson.gz", "cloudtrail.json.gz"]);
  });

  it("loads the parts that talk to AWS", async () => {
    for (const command of [
      ["hunt", "--log-group", "g", "--since", "1h"],
      ["tail", "--log-group", "g", "--since", "1h"],
      ["doctor", "--cluster", "c"],
    ])
      await expect(crosstrail(...command, "--profile", "none")).rejects.toThrow(/no AWS (?:Region|credentials)/);
  });

  it("knows its version, its detectors and their runbooks without the checkout's folders", async () => {
    expect(await crosstrail("--version")).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(JSON.parse(await crosstrail("detectors", "--format", "json")).length).toBeGreaterThanOrEqual(24);
    const runbook = await crosstrail("explain", "imds/exec-endpoint");
    for (const heading of ["## What it sees", "## Triage", "## Parameters"]) expect(runbook).toContain(heading);
  });

  describe("in somebody's CDK app", () => {
    // A CommonJS module, as most apps are; types are checked as strictly as ours.
    const app = `
      import { App, Stack } from "aws-cdk-lib";
      import { Crosstrail } from "crosstrail/cdk";
      const app = new App({ outdir: process.argv[2] ?? "" });
      const stack = new Stack(app, "security");
      const { topic } = new Crosstrail(stack, "Crosstrail", { clusters: ["prod"], trailEvents: true });
      console.log(topic.topicArn.length > 0);
      app.synth();
    `;
    const compile = (text: string) => {
      writeFileSync(join(elsewhere, "app.ts"), text);
      const options = ["--module", "nodenext", "--target", "es2022", "--strict", "--skipLibCheck", "--ignoreConfig"];
      return run(join(root, "node_modules/.bin/tsc"), [...options, "--types", "node", "app.ts"], { cwd: elsewhere });
    };
    beforeAll(() => {
      for (const name of ["aws-cdk-lib", "constructs", "@types"])
        symlinkSync(join(root, "node_modules", name), join(elsewhere, "node_modules", name));
    });

    it("makes a stack with the bundles that came with it", async () => {
      await compile(app);
      const { stdout } = await run(join(installed, "node"), ["app.js", "out"], { cwd: elsewhere });
      expect(stdout).toBe("true\n");
      const { Resources } = JSON.parse(readFileSync(join(elsewhere, "out/security.template.json"), "utf8"));
      const types = Object.values<{ Type: string }>(Resources).map(({ Type }) => Type);
      expect(types.filter((type) => type === "AWS::Lambda::Function")).toHaveLength(3);
      const assets = readdirSync(join(elsewhere, "out")).filter((name) => name.startsWith("asset."));
      for (const asset of assets) expect(readdirSync(join(elsewhere, "out", asset))).toContain("index.mjs");
      expect(assets).toHaveLength(3);
    });

    it("has types that refuse what it does not know", async () => {
      const compiled = compile(app.replace("clusters:", "cluster:"));
      await expect(compiled).rejects.toMatchObject({ stdout: expect.stringContaining("'clusters'") });
    });
  });
});
