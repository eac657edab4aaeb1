import type { Finding } from "../../../schemas/findings/finding.ts";
import type { Style } from "../../terminal.ts";
import { columns, GAP } from "./columns.ts";
import { wrapped } from "./wrap.ts";

const SEVERITY = 8;
const COUNT = 5;
/** From this width on there is room for the year. */
const WIDE = 100;
const MIN_TEXT = 40;

/** Findings as a table that fits the terminal, line by line: each with who, from where, on what and how often. */
export function* tableLines(findings: readonly Finding[], width: number, style: Style): Generator<string> {
  const { head, rule, row } = createTable(width, style);
  yield head;
  for (const finding of findings) {
    yield rule;
    yield row(finding);
  }
  yield rule;
}

/** The parts of such a table, for findings that come one by one. */
export function createTable(width: number, style: Style) {
  const when = width < WIDE ? "MM-DD".length + 3 : "YYYY-MM-DD".length;
  const text = Math.max(MIN_TEXT, width - SEVERITY - when - COUNT - 4 * GAP);
  const who = Math.min(36, Math.floor(text * 0.38));
  const widths = [SEVERITY, when, text - who, who, COUNT];
  return {
    head: columns(["severity", "UTC", "finding", "who, from where", "count"].map(style.dim), widths),
    rule: style.dim("─".repeat(widths.reduce((sum, column) => sum + column, 4 * GAP))),
    row(finding: Finding): string {
      const { severity, firstSeen, title, detector, eventsTotal } = finding;
      return columns(
        [
          style.severity(severity, severity === "informational" ? "info" : severity),
          `${firstSeen.slice(when > 8 ? 0 : 5, 10)}\n${firstSeen.slice(11, 19)}`,
          `${wrapped(title, text - who)}\n${dimmed(wrapped(detector, text - who), style)}`,
          whoOf(finding)
            .map((line) => wrapped(line, who))
            .join("\n"),
          { content: eventsTotal, hAlign: "right" },
        ],
        widths,
      );
    },
  };
}

/** Line by line: a colour that ran over the end of a line would colour the column beside it. */
const dimmed = (lines: string, style: Style): string => lines.split("\n").map(style.dim).join("\n");

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
