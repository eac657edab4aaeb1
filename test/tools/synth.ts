/** `npm run synth`: writes what CDK and SAM deploy, as plain CloudFormation, into dist/infra/. The CDK app takes the functions from dist/. */
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { synthesise } from "../../infra/cdk/synth.ts";
import { root } from "./folders.ts";
import { transform } from "./infra/transform.ts";

const out = join(root, "dist", "infra");
const sam = join(root, "infra", "sam", "template.yaml");
mkdirSync(out, { recursive: true });
copyFileSync(synthesise(join(out, "cdk.out")), join(out, "cdk.template.json"));
if (existsSync(sam)) writeFileSync(join(out, "sam.template.json"), JSON.stringify(await transform(sam), null, 2));
