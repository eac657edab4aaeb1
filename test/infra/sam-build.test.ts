import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { functionNames } from "../../infra/settings.ts";
import { SAM_TEMPLATE } from "../support/both-stacks.ts";
import { functionNames as bundles, functionBundle } from "../tools/bundles.ts";
import { root } from "../tools/folders.ts";
import { python } from "../tools/infra/python.ts";

const folder = mkdtempSync(join(tmpdir(), "crosstrail-sam-build-"));
const built = join(folder, "build");
afterAll(() => rmSync(folder, { recursive: true }));

interface Built {
  readonly Metadata: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly Resources: Readonly<Record<string, { readonly Properties: Readonly<Record<string, string>> }>>;
}

describe("sam build", () => {
  let template: Built;
  beforeAll(async () => {
    const args = ["-m", "samcli", "build", "--build-dir", built];
    const { code, stderr } = await python(args, { cwd: dirname(SAM_TEMPLATE) });
    expect(code, stderr).toBe(0);
    // Its short forms of functions are not asked for here.
    template = parse(readFileSync(join(built, "template.yaml"), "utf8"), { logLevel: "silent" });
  }, 900_000);

  it.each(functionNames)("leaves the bundle of %s as npm run build makes it", (name) => {
    const code = join(built, template.Resources[name]?.Properties.CodeUri ?? "");
    expect(bundles.map((one) => join(root, functionBundle(one).outdir))).toContain(code);
    expect(code.endsWith(name.toLowerCase())).toBe(true);
    // Nothing is copied, so that nothing can be another.
    expect(existsSync(join(built, name))).toBe(false);
  });

  it("hands on what the Serverless Application Repository asks for", () => {
    // docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-template-publishing-applications-metadata-properties.html
    const {
      Name = "",
      Description = "",
      Author = "",
      ...rest
    } = template.Metadata["AWS::ServerlessRepo::Application"] ?? {};
    expect(Name).toMatch(/^[a-zA-Z0-9-]{1,140}$/);
    expect(Description).toMatch(/^.{1,256}$/);
    expect(Author).toMatch(/^[a-z0-9](([a-z0-9]|-(?!-))*[a-z0-9])?$/);
    const { license, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    expect([rest.SpdxLicenseId, rest.SemanticVersion]).toEqual([license, version]);
    expect([rest.LicenseUrl, rest.ReadmeUrl].map((path = "") => join(built, path))).toEqual([
      join(root, "LICENSE"),
      join(root, "README.md"),
    ]);
  });
});
