/** `npm run score -- DIR`: compares the findings of labelled recordings with their labels. Prints, per family, how many shapes of attack were
 * found, the missed ones by name, and every benign event that was flagged. Exits 1 when DIR has no recording. */
import Table from "cli-table3";
import { type Finding, severityRank } from "../../schemas/findings/finding.ts";
import { flow } from "../support/sample.ts";
import { root } from "./folders.ts";
import { isBenign, type Label, type Recording, recordingsIn, shapeOf } from "./labels.ts";

interface Flag {
  readonly rank: number;
  readonly by: string;
}

interface Score {
  readonly shapes: Map<string, { found: boolean; family: string }>;
  readonly benign: { label: Label; recording: string; flag: Flag }[];
  events: number;
  benignEvents: number;
}

const LOW = severityRank("low");
const MEDIUM = severityRank("medium");
const dir = process.argv[2] ?? `${root}test/recordings/audit`;
const recordings = recordingsIn(dir);
if (recordings.length === 0) {
  console.error(`score: ${dir}: no NAME.audit.ndjson[.gz]`);
  process.exit(1);
}

const total: Score = { shapes: new Map(), benign: [], events: 0, benignEvents: 0 };
const perRecording = new Table({
  head: ["recording", "events", "findings", "low", "medium", "high", "critical", "core shapes", "found"],
});
for (const recording of recordings) perRecording.push(scoreOne(recording, total));
console.log(perRecording.toString());
report(total);

/** The highest finding on each event. */
function flagsOf(findings: readonly Finding[]): Map<string, Flag> {
  const flags = new Map<string, Flag>();
  for (const { events, severity, detector } of findings) {
    const rank = severityRank(severity);
    for (const event of events) {
      if (rank > (flags.get(event)?.rank ?? -1)) flags.set(event, { rank, by: `${detector} (${severity})` });
    }
  }
  return flags;
}

function scoreOne({ name, events, labels }: Recording, score: Score): (string | number)[] {
  const { findings, totals } = flow([events]);
  const flags = flagsOf(findings);
  const flagged = (label: Label): boolean => (flags.get(label.auditID)?.rank ?? -1) >= LOW;
  const core = labels.filter((label) => label.malicious && label.core === true);
  for (const label of core) {
    const found = flagged(label) || (score.shapes.get(shapeOf(label))?.found ?? false);
    score.shapes.set(shapeOf(label), { found, family: label.family ?? "?" });
  }
  const benign = [...new Map(labels.filter(isBenign).map((label) => [label.auditID, label])).values()];
  for (const label of benign.filter(flagged)) {
    score.benign.push({ label, recording: name, flag: flags.get(label.auditID) ?? { rank: 0, by: "" } });
  }
  score.events += totals.read;
  score.benignEvents += benign.length;
  const by = (severity: string): number => findings.filter((finding) => finding.severity === severity).length;
  const shapes = new Set(core.map(shapeOf));
  const found = new Set(core.filter(flagged).map(shapeOf));
  return [
    name,
    totals.read,
    findings.length,
    by("low"),
    by("medium"),
    by("high"),
    by("critical"),
    shapes.size,
    found.size,
  ];
}

function report({ shapes, benign, events, benignEvents }: Score): void {
  const families = Map.groupBy(shapes.entries(), ([, { family }]) => family);
  const table = new Table({ head: ["family", "shapes", "found", "%"] });
  for (const [family, members] of [...families].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const found = members.filter(([, shape]) => shape.found).length;
    table.push([family, members.length, found, `${Math.round((100 * found) / members.length)}`]);
  }
  console.log(table.toString());
  const missed = [...shapes].filter(([, shape]) => !shape.found).map(([shape]) => shape);
  console.log(`Missed shapes: ${missed.length}${missed.map((shape) => `\n  ${shape}`).join("")}`);
  const medium = benign.filter(({ flag }) => flag.rank >= MEDIUM);
  console.log(
    `\n${events} events; benign and background requests: ${benignEvents}, flagged at medium or above: ${medium.length}, at low: ${benign.length - medium.length}`,
  );
  for (const { label, recording, flag } of benign)
    console.log(`  ${flag.by}: ${recording}, ${label.technique}, ${label.note ?? ""} ${label.auditID}`);
}
