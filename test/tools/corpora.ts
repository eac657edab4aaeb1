/** `npm run corpora -- DIR`: replays other people's public logs from where they are. Fails when a record is neither judged nor set aside with a
 * reason that can be explained, when a detector throws, or when the order of the lines changes a finding. Prints the findings per file. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import Table from "cli-table3";
import { balanced } from "../../functions/pipeline/tally.ts";
import { isFinding } from "../../schemas/validators.generated.js";
import { flow } from "../support/sample.ts";

const dir = process.argv[2] ?? "";
if (!existsSync(dir)) {
  console.error(`corpora: ${dir || "no folder given"}: no such folder`);
  process.exit(1);
}
const files = readdirSync(dir).filter((file) => /\.(?:audit|cloudtrail)\.ndjson(?:\.gz)?$/.test(file));
if (files.length === 0) {
  console.error(`corpora: ${dir}: no NAME.audit.ndjson or NAME.cloudtrail.ndjson`);
  process.exit(1);
}

const table = new Table({ head: ["file", "read", "judged", "set aside", "findings", "by detector"] });
const faults: string[] = [];
for (const file of files.sort()) {
  const bytes = readFileSync(join(dir, file));
  const text = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
  const { findings, totals, aside } = flow([text]);
  const backwards = flow([text.trimEnd().split("\n").reverse().join("\n")]);
  const lines = text.split("\n").filter((line) => line.trim() !== "").length;
  if (!balanced(totals))
    faults.push(`${file}: read ${totals.read}, judged ${totals.judged}, set aside ${totals.setAside}`);
  if (totals.read !== lines) faults.push(`${file}: ${lines} lines, ${totals.read} read`);
  for (const { code, message, origin } of aside) faults.push(`${file}:${origin.line}: ${code} ${message}`);
  for (const finding of findings) {
    const { id } = finding;
    if (!isFinding(finding)) faults.push(`${file}: ${id} is not a valid finding`);
  }
  for (const { detector, title } of findings.filter(({ family }) => family === "health"))
    faults.push(`${file}: ${detector} ${title}`);
  if (ids(findings) !== ids(backwards.findings)) faults.push(`${file}: other findings when read backwards`);
  const detectors = Map.groupBy(findings, ({ detector }) => detector);
  const named = [...detectors].map(([id, of]) => `${id} ${of.length}`).join(", ");
  table.push([file, totals.read, totals.judged, totals.setAside, findings.length, named]);
}
console.log(table.toString());
for (const fault of faults) console.error(`corpora: ${fault}`);
console.log(`${files.length} files, ${faults.length} faults`);
process.exitCode = faults.length === 0 ? 0 : 1;

function ids(findings: readonly { readonly id: string }[]): string {
  return findings
    .map(({ id }) => id)
    .sort()
    .join();
}
