import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { tableLines } from "../../functions/adapters/sinks/table.ts";
import { summaryLines } from "../../functions/cli/summary.ts";
import { styleOf } from "../../functions/terminal.ts";
import { ledgerFlow } from "../support/ledger.ts";
import { root } from "./folders.ts";

const SHOWN = 6;
const COLUMNS = 100;

/** What `npm start` prints, as far as it fits a page and does not hang on the machine. */
export async function demoOutput(): Promise<readonly string[]> {
  const files = ["audit.ndjson.gz", "cloudtrail.json.gz"];
  const texts = files.map((file) =>
    gunzipSync(readFileSync(join(root, "test/recordings/demo", file))).toString("utf8"),
  );
  const { findings, totals, counts } = await ledgerFlow(texts);
  const style = styleOf(false);
  const outcome = {
    ...{ totals, findings, shadow: 0, leftOut: 0, suppressions: [], inputErrors: [], elapsedMs: 1, interrupted: false },
    counts: { hits: new Map(), threw: new Map(), suppressed: 0 },
    cold: counts.cold,
    overflows: new Map(),
    full: new Map(),
    forgotten: 0,
    firstAside: new Map(),
  };
  return [
    ...tableLines(findings.slice(0, SHOWN), COLUMNS, style),
    `… ${findings.length - SHOWN} more …`,
    ...summaryLines(outcome, style).slice(0, -1),
  ];
}
