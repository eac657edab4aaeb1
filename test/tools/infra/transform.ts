import { join } from "node:path";
import type { Json, Template } from "../../support/template/template.ts";
import { root } from "../folders.ts";
import { python } from "./python.ts";

/**
 * What the SAM transform makes of a template file: plain CloudFormation, its parameters and conditions kept. `parameters` are for the few
 * properties that the transform itself has to read; the others stay references. Throws with the reasons when the template is invalid.
 */
export async function transform(template: string, parameters: Readonly<Record<string, Json>> = {}): Promise<Template> {
  const script = join(import.meta.dirname, "transform.py");
  const { code, stdout, stderr } = await python([script, template, root], { input: JSON.stringify(parameters) });
  if (code !== 0) throw new Error(`${template}: ${stderr.trim()}`);
  return JSON.parse(stdout);
}
