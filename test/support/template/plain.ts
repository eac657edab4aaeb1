import type { Evaluated } from "./evaluate.ts";
import { isSection, type Json, type Template } from "./template.ts";

/** An evaluated template as a template again, one without parameters and conditions, for tools that read CloudFormation. */
export const plain = ({ resources, outputs }: Evaluated): Template =>
  ({ Resources: written(resources as Json), Outputs: written(outputs) }) as unknown as Template;

function written(value: Json): Json {
  if (Array.isArray(value)) return value.map(written);
  if (isSection(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, written(item)]));
  if (typeof value !== "string") return value;
  const [, name = "", attribute] = /^\$\{([A-Za-z0-9:]+)(?:\.([A-Za-z0-9.]+))?\}$/.exec(value) ?? [];
  if (attribute !== undefined) return { "Fn::GetAtt": [name, attribute] };
  if (name !== "") return { Ref: name };
  return /\$\{[^!]/.test(value) ? { "Fn::Sub": value } : value.replaceAll("${!", "${");
}
