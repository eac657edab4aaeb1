import { registry } from "../../detectors/registry.ts";
import { awsCommands } from "../../functions/cli/rights.ts";
import { variables } from "../../functions/runtime/environment.ts";
import { tactics } from "../../schemas/attack.ts";
import { errorCodes } from "../../schemas/errors.ts";
import { type Metric, metrics } from "../../schemas/metrics.ts";
import { between } from "./between.ts";
import { demoOutput } from "./readme-output.ts";

/** The README with its tables of detectors and of error codes and its picture renewed; a text without a place for them stays as it is. */
export async function readmeTables(readme: string): Promise<string> {
  const detectors = registry.map(({ meta }) => {
    const names = [...new Set(meta.attack.map(({ tactic, technique }) => `${technique} (${tactics[tactic]})`))].join(
      ", ",
    );
    return `| [\`${meta.id}\`](detectors/${meta.id}/README.md) | ${meta.title} | ${meta.severity} | ${names} |`;
  });
  const errors = Object.entries(errorCodes).map(([code, { kind, means }]) => `| \`${code}\` | ${kind} | ${means} |`);
  const withDetectors = between(readme, "detectors", [
    "| detector | reports | at most | ATT&CK |",
    "| --- | --- | --- | --- |",
    ...detectors,
  ]);
  const withErrors = between(withDetectors, "errors", [
    "| code | kind | what it means |",
    "| --- | --- | --- |",
    ...errors,
  ]);
  const commands = Object.entries(awsCommands).map(
    ([name, { does, rights }]) => `| \`crosstrail ${name}\` | ${does} | ${rights.join("<br>")} |`,
  );
  const withCommands = between(withErrors, "commands", [
    "| command | what it does | IAM actions |",
    "| --- | --- | --- |",
    ...commands,
  ]);
  const environment = Object.entries(variables)
    .filter(([name]) => name.startsWith("CROSSTRAIL_"))
    .map(([name, what]) => `| \`${name}\` | ${what} |`);
  const withEnvironment = between(withCommands, "environment", [
    "| variable | what it is |",
    "| --- | --- |",
    ...environment,
  ]);
  const withMetrics = between(withEnvironment, "metrics", [
    "| metric | of | by | what it is |",
    "| --- | --- | --- | --- |",
    ...Object.entries(metrics).map(([name, metric]) => metricRow(name, metric)),
  ]);
  return between(withMetrics, "output", ["```", ...(await demoOutput()), "```"]);
}

function metricRow(name: string, { unit, of, by, only, is }: Metric): string {
  const divided = by === undefined ? "" : `\`${by}\`${only ? "" : ", and whole"}`;
  return `| \`${name}\` | ${of} | ${divided} | ${unit === "Count" ? "" : "ms "}${is} |`;
}
