/** `npm run synth`: writes what CDK and SAM deploy, as plain CloudFormation, into dist/infra/. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./folders.ts";
import { transform } from "./infra/transform.ts";

const out = join(root, "dist", "infra");
const sam = join(root, "infra", "sam", "template.yaml");
mkdirSync(out, { recursive: true });
writeFileSync(join(out, "sam.template.json"), JSON.stringify(await transform(sam), null, 2));
