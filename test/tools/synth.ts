/** `npm run synth`: writes what CDK and SAM deploy, as plain CloudFormation, into dist/infra/. The CDK app takes the functions from dist/, and what is chosen from `-- -c name=value ...`;
 * the SAM template asks for it when it is deployed. */
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { synthesise } from "../../infra/cdk/synth.ts";
import { root } from "./folders.ts";
import { transform } from "./infra/transform.ts";

const { context } = parseArgs({ options: { context: { type: "string", short: "c", multiple: true } } }).values;
const chosen = context?.map((one): [string, string] => {
  const [name = "", ...value] = one.split("=");
  return [name, value.join("=")];
});
const out = join(root, "dist", "infra");
mkdirSync(out, { recursive: true });
try {
  const template = synthesise(join(out, "cdk.out"), chosen && Object.fromEntries(chosen));
  copyFileSync(template, join(out, "cdk.template.json"));
  const sam = await transform(join(root, "infra", "sam", "template.yaml"));
  writeFileSync(join(out, "sam.template.json"), JSON.stringify(sam, null, 2));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
