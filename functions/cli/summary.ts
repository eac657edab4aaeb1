import type { ChainCounts } from "../../detectors/core/chain.ts";
import type { SuppressionState } from "../../detectors/core/suppress.ts";
import { type ErrorCode, errorCodes } from "../../schemas/errors.ts";
import { type Finding, severities } from "../../schemas/findings/finding.ts";
import type { SetAside } from "../pipeline/records.ts";
import type { Totals } from "../pipeline/tally.ts";
import { type Style, safe } from "../terminal.ts";
import { forgottenLines, overflowLines, unmadeLines } from "./overflow.ts";

export interface Outcome {
  readonly totals: Totals;
  readonly findings: readonly Finding[];
  /** Findings of detectors in shadow that were not shown. */
  readonly shadow: number;
  /** Findings that were too many to be kept. */
  readonly leftOut: number;
  readonly counts: ChainCounts;
  /** Verdicts that were not made, by detector: the ledger was too young to tell. */
  readonly cold: ReadonlyMap<string, number>;
  /** Sets that more was told of than is kept, and verdicts that were not made for it, by detector. */
  readonly overflows: ReadonlyMap<string, number>;
  readonly full: ReadonlyMap<string, number>;
  /** Entities that a ledger in memory had no room for. */
  readonly forgotten: number;
  readonly suppressions: readonly SuppressionState[];
  /** The first piece that was set aside for each reason. */
  readonly firstAside: ReadonlyMap<ErrorCode, SetAside>;
  readonly inputErrors: readonly string[];
  readonly elapsedMs: number;
  readonly interrupted: boolean;
}

const n = (value: number): string => value.toLocaleString("en");
const perSecond = ({ totals, elapsedMs }: Outcome): number =>
  Math.round((totals.read * 1_000) / Math.max(1, elapsedMs));

/** What a person reads under the findings. */
export function summaryLines(outcome: Outcome, style: Style): string[] {
  const { totals, findings, counts, suppressions, interrupted, shadow } = outcome;
  const bySeverity = severities
    .toReversed()
    .map((severity) => [severity, findings.filter((finding) => finding.severity === severity).length] as const)
    .filter(([, count]) => count > 0)
    .map(([severity, count]) => style.severity(severity, `${count} ${severity}`));
  const trails = `${n(totals.byTrail["k8s-audit"])} audit events, ${n(totals.byTrail.cloudtrail)} CloudTrail records`;
  return [
    ...(interrupted ? [style.bold("Interrupted: what follows covers the part that was read.")] : []),
    `${n(totals.read)} events read, ${n(totals.judged)} judged (${trails}), ${n(totals.setAside)} set aside`,
    ...asideLines(outcome),
    ...(totals.late > 0
      ? [
          `${n(totals.late)} events came later than verdicts waited for them: they are kept, and what was reported stands`,
        ]
      : []),
    ...(totals.truncated > 0
      ? [`${n(totals.truncated)} events were cut by the log; what was left of them was judged`]
      : []),
    `${findings.length} findings${bySeverity.length > 0 ? `: ${bySeverity.join(", ")}` : ""}${shadow > 0 ? `; ${shadow} of detectors in shadow not shown` : ""}`,
    ...(outcome.leftOut > 0
      ? [
          style.bold(
            `${n(outcome.leftOut)} findings more were too many to be kept, the least severe: narrow the time or the detectors`,
          ),
        ]
      : []),
    ...suppressions.map(suppressionLine),
    ...[...counts.threw].map(([id, times]) => `${nameOf(id)} failed ${n(times)} times; see its health finding`),
    ...coldLines(outcome.cold),
    ...overflowLines(outcome.overflows),
    ...unmadeLines(outcome.full),
    ...forgottenLines(outcome.forgotten).map(style.bold),
    style.dim(
      `${(outcome.elapsedMs / 1_000).toFixed(1)} s, ${n(perSecond(outcome))} events/s, ${n(totals.screened)} told by their text and not parsed`,
    ),
  ];
}

/** Learners and relays say what they are. */
const nameOf = (id: string): string => (/^(?:learner|relay)\//.test(id) ? id : `detector ${id}`);

function coldLines(cold: Outcome["cold"]): string[] {
  const sum = [...cold.values()].reduce((total, count) => total + count, 0);
  if (sum === 0) return [];
  const each = [...cold].sort(([a], [b]) => (a < b ? -1 : 1)).map(([id, count]) => `${id} ${n(count)}`);
  return [`${n(sum)} verdicts were not made, as too little was read before them: ${each.join(", ")}`];
}

function asideLines({ totals, firstAside }: Outcome): string[] {
  return (Object.entries(totals.reasons) as [ErrorCode, number][]).map(([code, count]) => {
    const first = firstAside.get(code);
    const where =
      first === undefined
        ? ""
        : `, first at ${safe(first.origin.from)}${first.origin.line === undefined ? "" : `:${first.origin.line}`}: ${safe(first.message)}`;
    return `  ${n(count)} ${code}, ${errorCodes[code].means}${where}`;
  });
}

function suppressionLine({ rule, number, used, expired }: SuppressionState): string {
  const what = `suppression ${number} (${rule.detector}, ${rule.owner}: ${rule.reason})`;
  if (used === 0 && expired === 0) return safe(`${what} hid nothing: is it still needed?`);
  return safe(
    `${what} hid ${n(used)} hits${expired > 0 ? `; ${n(expired)} later ones are reported, as it expired ${rule.expires}` : ""}`,
  );
}

/** The same for machines. */
export function summaryObject(outcome: Outcome): Record<string, unknown> {
  const { totals, findings, counts, suppressions, elapsedMs, interrupted, inputErrors, shadow } = outcome;
  const tally = (key: (finding: Finding) => string): Record<string, number> =>
    Object.fromEntries(
      [...Map.groupBy(findings, key)]
        .map(([name, members]) => [name, members.length] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  return {
    totals,
    findings: {
      total: findings.length,
      shadow,
      leftOut: outcome.leftOut,
      bySeverity: tally(({ severity }) => severity),
      byDetector: tally(({ detector }) => detector),
    },
    hits: Object.fromEntries(counts.hits),
    threw: Object.fromEntries(counts.threw),
    cold: Object.fromEntries(outcome.cold),
    overflows: Object.fromEntries(outcome.overflows),
    full: Object.fromEntries(outcome.full),
    forgotten: outcome.forgotten,
    suppressed: counts.suppressed,
    suppressions: suppressions.map(({ rule, number, used, expired }) => ({
      number,
      detector: rule.detector,
      owner: rule.owner,
      reason: rule.reason,
      expires: rule.expires,
      used,
      expired,
    })),
    inputErrors,
    elapsedMs: Math.round(elapsedMs),
    eventsPerSecond: perSecond(outcome),
    interrupted,
  };
}
