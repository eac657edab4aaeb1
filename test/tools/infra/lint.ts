import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../folders.ts";
import { python, REGION } from "./python.ts";

/** Where the linters find their settings: infra/.cfnlintrc.yaml. */
const SETTINGS = join(root, "infra");
const CFN_LINT = ["-c", "import sys; from cfnlint.runner import main; sys.exit(main())"];

/** What cfn-lint and, for a SAM template, `sam validate --lint` have against templates, as they print it. Nothing when all is well. */
export async function lint(templates: readonly string[], sam: readonly string[] = []): Promise<readonly string[]> {
  const strict = ["--non-zero-exit-code", "informational", "--regions", REGION];
  const runs = [
    ...(templates.length + sam.length > 0 ? [[...CFN_LINT, ...strict, "--", ...templates, ...sam]] : []),
    ...sam.map((template) => ["-m", "samcli", "validate", "--lint", "--region", REGION, "--template", template]),
  ];
  const faults: string[] = [];
  for (const template of [...templates, ...sam])
    if (/\bcfn-lint["']?\s*:/.test(await readFile(template, "utf8")))
      faults.push(`${template}: ignores findings in its metadata. What is ignored stands in infra/.cfnlintrc.yaml.`);
  for (const args of runs) {
    const { code, stdout, stderr } = await python(args, { cwd: SETTINGS });
    if (code !== 0) faults.push(`${stdout}${stderr}`.trim());
  }
  return faults;
}
