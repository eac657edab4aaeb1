import { asffLine, type Place } from "../adapters/sinks/asff.ts";
import type { Output } from "../adapters/sinks/output.ts";
import { tableLines } from "../adapters/sinks/table.ts";
import { safe, safeJson, styleOf, wantsColour } from "../terminal.ts";
import type { Format } from "./options.ts";
import { type Outcome, summaryObject } from "./summary.ts";

export interface PrintOptions {
  readonly format?: Format;
  readonly out?: string;
  readonly cluster?: Place;
  readonly color: boolean;
  readonly quiet?: boolean;
}

/** Widest useful table, and the width where there is no terminal. */
const MAX_COLUMNS = 160;
const COLUMNS = 120;

/** Width of a table in a file, or on standard output. */
export const columnsOf = (file: string | undefined): number =>
  file === undefined ? Math.min(process.stdout.columns ?? COLUMNS, MAX_COLUMNS) : COLUMNS;

/** Writes the findings in the format asked for. Gives what Security Hub would refuse, which is written nowhere else. */
export async function print(outcome: Outcome, options: PrintOptions, output: Output): Promise<readonly string[]> {
  const refused: string[] = [];
  for (const line of linesOf(outcome, options, refused)) await output.write(line);
  await output.end();
  return refused;
}

function* linesOf(outcome: Outcome, options: PrintOptions, refused: string[]): Generator<string> {
  const terminal = options.out === undefined && process.stdout.isTTY === true;
  const { findings } = outcome;
  switch (options.format ?? (terminal ? "table" : "ndjson")) {
    case "table":
      yield* table(outcome, options);
      break;
    case "ndjson":
      for (const finding of findings) yield safeJson(finding);
      break;
    case "asff":
      for (const finding of findings) {
        const asff = asffLine(finding, options.cluster);
        if ("line" in asff) yield asff.line;
        else refused.push(asff.refused);
      }
      break;
    case "json-summary":
      yield safeJson(summaryObject(outcome));
      break;
  }
}

function* table({ findings }: Outcome, options: PrintOptions): Generator<string> {
  const [worst] = findings;
  if (worst === undefined) {
    yield "No findings.";
    return;
  }
  const file = options.out !== undefined;
  const style = styleOf(!file && wantsColour(process.stdout, options.color, process.env));
  yield* tableLines(findings, columnsOf(options.out), style);
  if (options.quiet === true) return;
  yield `${style.bold("First step")} for the most severe: ${safe(worst.firstStep)}`;
  yield style.dim(`crosstrail explain ${worst.detector} prints its runbook, --format ndjson the findings whole.`);
}
