import Table from "cli-table3";
import type { Finding } from "../../../schemas/findings/finding.ts";
import { type Style, safe } from "../../terminal.ts";

/** Widths of borders and padding around five columns. */
const FRAME = 16;
const SEVERITY = 8;
const WHEN = 8;
const COUNT = 5;

/** Findings as a table that fits the terminal: most severe first, each with who, from where, on what and how often. */
export function findingsTable(findings: readonly Finding[], columns: number, style: Style): string {
  const rest = Math.max(40, columns - FRAME - SEVERITY - WHEN - COUNT);
  const who = Math.min(34, Math.floor(rest * 0.36));
  const table = new Table({
    head: ["severity", "UTC", "finding", "who, from where", "count"].map((title) => style.dim(title)),
    colWidths: [SEVERITY + 2, WHEN + 2, rest - who + 2, who + 2, COUNT + 2],
    wordWrap: true,
    wrapOnWordBoundary: false,
    style: { head: [], border: [] },
  });
  for (const finding of findings) {
    const { severity, firstSeen, title, detector, eventsTotal } = finding;
    table.push([
      style.severity(severity, severity === "informational" ? "info" : severity),
      `${firstSeen.slice(5, 10)}\n${firstSeen.slice(11, 19)}`,
      `${safe(title)}\n${style.dim(detector)}`,
      whoOf(finding),
      { content: eventsTotal, hAlign: "right" },
    ]);
  }
  return table.toString();
}

function whoOf({ actor, actingAs, sourceIP, cluster }: Finding): string {
  const name =
    actor.serviceAccount ??
    (actor.session && actor.role ? `${actor.session} (${actor.role.split("/").at(-1)})` : actor.name);
  const lines = [
    name,
    ...(actingAs ? [`as ${actingAs.name}`] : []),
    ...(sourceIP ? [`from ${sourceIP}`] : []),
    ...(cluster === "unknown" ? [] : [`on ${cluster}`]),
  ];
  return lines.map(safe).join("\n");
}
