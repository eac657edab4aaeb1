import { readFileSync } from "node:fs";
import Table from "cli-table3";
import type { DetectorMeta } from "../../detectors/core/contracts.ts";
import { type Detector, ofLedger } from "../../detectors/ledger/contracts.ts";
import { registry } from "../../detectors/registry.ts";
import { tactics, techniques } from "../../schemas/attack.ts";
import { CrosstrailError } from "../../schemas/errors.ts";
import { styleOf } from "../terminal.ts";
import { packageFile } from "./package-file.ts";

const attackOf = ({ attack }: DetectorMeta): string =>
  attack.map(({ tactic, technique }) => `${technique} ${techniques[technique].name} (${tactics[tactic]})`).join("\n");
function logsOf(detector: Detector): string {
  const { meta } = detector;
  if (detector.kind !== "event") return `both trails, through the ledger's ${detector.watch}`;
  const trail = `${meta.auditLevel === undefined ? "CloudTrail" : "Kubernetes audit log"}, facet ${detector.on}`;
  const watched = new Set(ofLedger(detector).map(({ watch }) => watch));
  return watched.size === 0 ? trail : `${trail}; and both trails, through the ledger's ${[...watched].join(", ")}`;
}

/** The facet of an event, or the entity of the ledger, that it looks at. */
const subjectOf = (detector: Detector): object =>
  detector.kind === "event" ? { on: detector.on } : { watch: detector.watch };

/** The catalogue, from the registry. */
export function catalogue(format: "table" | "json" | "markdown", columns: number, colour: boolean): string {
  if (format === "json") {
    return JSON.stringify(
      registry.map((detector) => ({ ...detector.meta, ...subjectOf(detector), params: detector.params.properties })),
      null,
      2,
    );
  }
  if (format === "markdown") {
    const rows = registry.map(({ meta }) => `| \`${meta.id}\` | ${meta.title} | ${meta.severity} | ${meta.status} |`);
    return ["| detector | reports | at most | status |", "| --- | --- | --- | --- |", ...rows].join("\n");
  }
  const style = styleOf(colour);
  const table = new Table({
    head: ["detector", "reports", "at most"].map(style.dim),
    wordWrap: true,
    style: { head: [], border: [] },
    colWidths: [42, Math.max(30, columns - 42 - 12 - 4), 12],
  });
  for (const { meta } of registry)
    table.push([
      meta.status === "shadow" ? `${meta.id} (shadow)` : meta.id,
      meta.title,
      style.severity(meta.severity, meta.severity),
    ]);
  return `${table.toString()}\n${registry.length} detectors; crosstrail explain DETECTOR tells more.`;
}

/** One detector: its runbook, parameters, the logs it needs, what it cannot see. Throws E_CONFIG for a name that is none, with the nearest. */
export function explain(id: string): string {
  const detector = registry.find((entry) => entry.meta.id === id);
  if (detector === undefined) {
    const near = registry.map((entry) => entry.meta.id).filter((name) => name.includes(id) || distance(name, id) <= 4);
    throw new CrosstrailError(
      "E_CONFIG",
      `no detector is named "${id}"${near.length > 0 ? `; did you mean ${near.slice(0, 3).join(", ")}?` : "; crosstrail detectors lists them"}`,
      { cause: undefined },
    );
  }
  const { meta, params } = detector;
  const readme = packageFile(`detectors/${id}/README.md`);
  const runbook = readme === undefined ? `# ${meta.title}` : readFileSync(readme, "utf8").trimEnd();
  const properties = Object.entries(params.properties as Record<string, { default?: unknown; description?: string }>);
  return [
    runbook,
    "",
    "## Facts",
    "",
    `- severity at most ${meta.severity}, confidence ${meta.confidence}, status ${meta.status}, version ${meta.version}`,
    `- needs: ${logsOf(detector)}${meta.auditLevel?.better ? `; says more at level ${meta.auditLevel.better}` : ""}`,
    `- reads: ${meta.reads.join(", ")}`,
    ...attackOf(meta)
      .split("\n")
      .map((line) => `- ATT&CK: ${line}`),
    ...(meta.syntheticShape
      ? ["- its own CloudTrail samples are made up: the shape was never seen in a public log"]
      : []),
    ...meta.gaps.map((gap) => `- cannot see: ${gap}`),
    ...meta.references.map((url) => `- ${url}`),
    "",
    "## Parameters",
    "",
    ...(properties.length === 0
      ? ["None."]
      : properties.map(
          ([name, { default: value, description }]) => `- \`${name}\` = ${JSON.stringify(value)}: ${description ?? ""}`,
        )),
  ].join("\n");
}

/** Levenshtein distance of two short names. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, x] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, y] of [...b].entries())
      next.push(Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, (row[j] ?? 0) + (x === y ? 0 : 1)));
    row = next;
  }
  return row.at(-1) ?? 0;
}
