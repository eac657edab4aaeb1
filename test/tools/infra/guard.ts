import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { isSection, type Template } from "../../support/template/template.ts";
import { attempt } from "../command.ts";
import { root } from "../folders.ts";

const RULES = join(root, "infra", "rules");
const BUILDS = join(root, "node_modules", "@cdklabs", "cdk-validator-cfnguard", "bin");
const SYSTEMS: Readonly<Record<string, string>> = { linux: "ubuntu", darwin: "macos" };
const MACHINES: Readonly<Record<string, string>> = { x64: "x86_64", arm64: "aarch64" };

/** Where cfn-guard is, or nothing where its package has none for the system. */
export function cfnGuard(system: string = process.platform, machine: string = process.arch): string | undefined {
  const [folder, build] = [SYSTEMS[system], MACHINES[machine]];
  return folder === undefined || build === undefined ? undefined : join(BUILDS, folder, build, "cfn-guard");
}

/** What the rules say to one template, by their names. */
export interface Verdict {
  readonly kept: readonly string[];
  /** These found nothing to look at. */
  readonly idle: readonly string[];
  readonly broken: readonly Breach[];
}
export interface Breach {
  readonly rule: string;
  /** Each of the rule's demands that was not met, and where. */
  readonly why: readonly string[];
}

/** Asks all rules of templates that have neither parameters nor conditions, as `plain` writes them. Verdicts are in the order of the templates. */
export async function guard(program: string, templates: readonly Template[]): Promise<readonly Verdict[]> {
  const files = (await readdir(RULES)).filter((name) => name.endsWith(".guard")).sort();
  const rules = await Promise.all(files.map((name) => readFile(join(RULES, name), "utf8")));
  const input = JSON.stringify({ rules, data: templates.map((template) => JSON.stringify(template)) });
  const format = ["--structured", "--output-format", "json", "--show-summary", "none"];
  const { code, stdout, stderr } = await attempt(program, ["validate", "--payload", ...format], { input });
  // 19 is a broken rule of ours. What it cannot read it leaves out, and says so here only.
  if ((code !== 0 && code !== 19) || stderr !== "") throw new Error(`cfn-guard ended with ${code}: ${stderr}`);
  const reports: readonly Report[] = JSON.parse(stdout);
  return templates.map((_, at) => verdict(reports.filter(({ name }) => name === `DATA_STDIN[${at + 1}]`)));
}

interface Report {
  readonly name: string;
  readonly compliant: readonly string[];
  readonly not_applicable: readonly string[];
  readonly not_compliant: readonly { readonly Rule: { readonly name: string; readonly checks: readonly unknown[] } }[];
}

const verdict = (reports: readonly Report[]): Verdict => ({
  kept: reports.flatMap(({ compliant }) => compliant).sort(),
  idle: reports.flatMap(({ not_applicable }) => not_applicable).sort(),
  broken: reports
    .flatMap(({ not_compliant }) =>
      not_compliant.map(({ Rule }) => ({ rule: Rule.name, why: [...new Set(reasons(Rule.checks))] })),
    )
    .sort((a, b) => (a.rule < b.rule ? -1 : 1)),
});

/** A report nests as the rules do; demands that failed have a context, and messages. */
function reasons(part: unknown): readonly string[] {
  if (Array.isArray(part)) return part.flatMap(reasons);
  if (!isSection(part)) return [];
  const { context, messages } = part;
  if (typeof context !== "string" || !isSection(messages)) return Object.values(part).flatMap(reasons);
  const { custom_message: asked, error_message: error } = messages;
  const [, path = ""] = /Path=([^[\]]+)/.exec(String(error ?? "")) ?? [];
  // What a filter over keys left out is no demand; it has a path for a context.
  return context.startsWith("/") ? [] : [[String(asked || context).trim(), path].filter(Boolean).join(" at ")];
}
