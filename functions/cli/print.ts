import { toAsff } from "../../schemas/findings/asff.ts";
import type { Finding } from "../../schemas/findings/finding.ts";
import { isAsffFinding } from "../../schemas/validators.generated.js";
import type { Output } from "../adapters/sinks/output.ts";
import { findingsTable } from "../adapters/sinks/table.ts";
import { safe, safeJson, styleOf, wantsColour } from "../terminal.ts";
import type { Format } from "./options.ts";
import { type Outcome, summaryObject } from "./summary.ts";

interface PrintOptions {
  readonly format?: Format;
  readonly out?: string;
  readonly cluster?: { readonly account: string; readonly region: string };
  readonly color: boolean;
  readonly quiet?: boolean;
}

/** Widest useful table; a pipe has no width. */
const MAX_COLUMNS = 160;

/** Writes the findings in the format asked for. Gives what Security Hub's format refused, which is written nowhere else. */
export async function print(outcome: Outcome, options: PrintOptions, output: Output): Promise<readonly string[]> {
  const terminal = options.out === undefined && process.stdout.isTTY === true;
  const refused: string[] = [];
  switch (options.format ?? (terminal ? "table" : "ndjson")) {
    case "table":
      for (const line of tableLines(outcome, options)) await output.write(line);
      break;
    case "ndjson":
      for (const finding of outcome.findings) await output.write(safeJson(finding));
      break;
    case "asff":
      for (const finding of outcome.findings) {
        const asff = toAsff(finding, publisherOf(finding, options.cluster));
        if (isAsffFinding(asff)) await output.write(safeJson(asff));
        else
          refused.push(
            `${finding.id}: ${isAsffFinding.errors?.[0]?.instancePath ?? ""} ${isAsffFinding.errors?.[0]?.message ?? ""}`,
          );
      }
      break;
    case "json-summary":
      await output.write(safeJson(summaryObject(outcome)));
      break;
  }
  await output.end();
  return refused;
}

function tableLines({ findings }: Outcome, options: PrintOptions): string[] {
  if (findings.length === 0) return ["No findings."];
  const style = styleOf(options.out === undefined && wantsColour(process.stdout, options.color, process.env));
  const [worst] = findings;
  const lines = [findingsTable(findings, Math.min(process.stdout.columns ?? 120, MAX_COLUMNS), style)];
  if (worst === undefined || options.quiet === true) return lines;
  return [
    ...lines,
    `${style.bold("First step")} for the most severe: ${safe(worst.firstStep)}`,
    style.dim(`crosstrail explain ${worst.detector} prints its runbook, --format ndjson the findings whole.`),
  ];
}

/** Off AWS nobody publishes: the account that the finding is about, else the one of --cluster, stands for the publisher. */
function publisherOf(finding: Finding, cluster: PrintOptions["cluster"]): { account: string; region: string } {
  const account = /^\d{12}$/.test(finding.account) ? finding.account : (cluster?.account ?? "000000000000");
  const region = finding.region === "unknown" ? (cluster?.region ?? "us-east-1") : finding.region;
  return { account, region };
}
