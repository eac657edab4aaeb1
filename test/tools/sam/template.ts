import { regions } from "./regions.ts";

const MARK = /^( *)# generated: (.+) \(npm run generate\)$/;

/** The SAM template with everything renewed that comes from the data of infra/. Throws when a region is unknown, not closed, or nowhere to be found. */
export function samTemplate(template: string): string {
  const lines = template.split("\n");
  const unused = new Set(Object.keys(regions));
  const renewed: string[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? "";
    renewed.push(line);
    const [, indent = "", name = ""] = MARK.exec(line) ?? [];
    if (name === "") continue;
    const region = regions[name];
    const end = lines.indexOf(`${indent}# end`, at);
    if (region === undefined || end < 0)
      throw new Error(`infra/sam/template.yaml: "${line.trim()}" is unknown or has no end`);
    unused.delete(name);
    renewed.push(
      ...region()
        .trimEnd()
        .split("\n")
        .map((one) => (one === "" ? "" : indent + one)),
      `${indent}# end`,
    );
    at = end;
  }
  if (unused.size > 0) throw new Error(`infra/sam/template.yaml has no place for ${[...unused].join(", ")}`);
  return renewed.join("\n");
}
