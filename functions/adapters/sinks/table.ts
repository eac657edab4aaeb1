import Table from "cli-table3";
import wrapAnsi from "wrap-ansi";
import type { Finding } from "../../../schemas/findings/finding.ts";
import { type Style, safe } from "../../terminal.ts";

/** Border and padding of five columns, and the columns whose width does not change. */
const FRAME = 16;
const SEVERITY = 8;
const WHEN = 8;
const COUNT = 5;

/** Findings as a table that fits the terminal: most severe first, each with who, from where, on what and how often. */
export function findingsTable(findings: readonly Finding[], columns: number, style: Style): string {
  const rest = Math.max(40, columns - FRAME - SEVERITY - WHEN - COUNT);
  const who = Math.min(36, Math.floor(rest * 0.38));
  const widths = [SEVERITY, WHEN, rest - who, who, COUNT];
  const table = new Table({
    head: ["severity", "UTC", "finding", "who, from where", "count"].map(style.dim),
    colWidths: widths.map((width) => width + 2),
    style: { head: [], border: [] },
  });
  for (const finding of findings) {
    const { severity, firstSeen, title, detector, eventsTotal } = finding;
    table.push([
      style.severity(severity, severity === "informational" ? "info" : severity),
      `${firstSeen.slice(5, 10)}\n${firstSeen.slice(11, 19)}`,
      `${wrapped(title, rest - who)}\n${style.dim(wrapped(detector, rest - who))}`,
      whoOf(finding)
        .map((line) => wrapped(line, who))
        .join("\n"),
      { content: eventsTotal, hAlign: "right" },
    ]);
  }
  return table.toString();
}

/** Wrapped at words, and within one that is too long; made safe before it is measured. */
const wrapped = (text: string, width: number): string => wrapAnsi(safe(text), width, { hard: true, trim: false });

function whoOf({ actor, actingAs, sourceIP, cluster }: Finding): string[] {
  const role = actor.role?.split("/").at(-1);
  const name = actor.serviceAccount ?? (actor.session && role ? `${actor.session} (${role})` : actor.name);
  return [
    name,
    ...(actingAs ? [`as ${actingAs.name}`] : []),
    ...(sourceIP ? [`from ${sourceIP}`] : []),
    ...(cluster === "unknown" ? [] : [`on ${cluster}`]),
  ];
}
