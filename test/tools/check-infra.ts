/** `npm run check:infra`: linters and our own rules over what `npm run synth` wrote. Prints what they have against it, and fails when that is anything. */
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { evaluate } from "../support/template/evaluate.ts";
import { plain } from "../support/template/plain.ts";
import type { Template } from "../support/template/template.ts";
import { root } from "./folders.ts";
import { cfnGuard, guard } from "./infra/guard.ts";
import { lint } from "./infra/lint.ts";
import { REGION } from "./infra/python.ts";
import { transform } from "./infra/transform.ts";
import { variants } from "./infra/variants.ts";

const written = (name: string): string => join(root, "dist", "infra", `${name}.template.json`);
const read = (file: string): Template => JSON.parse(readFileSync(file, "utf8"));

const sam = join(root, "infra", "sam", "template.yaml");
const role = join(root, "infra", "sam", "hub-role.yaml");
const PUBLISHER = "arn:aws:iam::111122223333:role/crosstrail-publish";
const faults = [...(await lint([written("cdk"), written("sam"), role], [sam])), ...(await ruled())];
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;

/** What our rules have against each way to deploy each template. */
async function ruled(): Promise<readonly string[]> {
  const program = cfnGuard();
  if (program === undefined) {
    const reason = `cfn-guard has no build for ${process.platform} on ${process.arch}: infra/rules/ was not asked.`;
    console.error(reason);
    return process.env.CI === undefined ? [] : [reason];
  }
  const ways = [
    { name: relative(root, written("cdk")), template: read(written("cdk")), parameters: {} },
    { name: relative(root, role), template: await transform(role), parameters: { PublishRoleArns: PUBLISHER } },
    ...variants.map(({ name, parameters }) => ({
      ...{ name: `${relative(root, written("sam"))} ${name}`, template: read(written("sam")), parameters },
    })),
  ];
  const pseudo = { "AWS::Region": REGION };
  const verdicts = await guard(
    program,
    ways.map(({ template, parameters }) => plain(evaluate(template, { parameters, pseudo }))),
  );
  return verdicts.flatMap(({ broken }, at) =>
    broken.map(({ rule, why }) => [`${ways[at]?.name}: ${rule}`, ...why].join("\n  ")),
  );
}
