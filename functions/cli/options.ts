import { InvalidArgumentError } from "commander";
import { type Severity, severities } from "../../schemas/findings/finding.ts";

export const formats = ["table", "ndjson", "asff", "json-summary"] as const;
export type Format = (typeof formats)[number];
/** Of findings that are written as they appear. */
export const liveFormats = ["table", "ndjson", "asff"] as const;
export type LiveFormat = (typeof liveFormats)[number];

/** `ACCOUNT/REGION/NAME`. */
export function clusterOf(value: string): { account: string; region: string; cluster: string } {
  const match = /^(\d{12})\/([a-z]{2}(?:-[a-z]+)+-\d)\/([A-Za-z0-9][A-Za-z0-9_-]{0,99})$/.exec(value);
  const [, account, region, cluster] = match ?? [];
  if (account === undefined || region === undefined || cluster === undefined)
    throw new InvalidArgumentError("Write ACCOUNT/REGION/NAME, as 111122223333/eu-central-1/prod.");
  return { account, region, cluster };
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const ISO = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/;

/** A time (ISO 8601, UTC unless it says otherwise) or an age (`90s`, `30m`, `6h`, `7d`), in ms since 1970. */
export function timeOf(now: number): (value: string) => number {
  return (value) => {
    const [, count, unit] = /^(\d+)([smhd])$/.exec(value) ?? [];
    const time = unit === undefined ? isoTime(value) : now - Number(count) * (UNITS[unit] ?? Number.NaN);
    if (Number.isNaN(time) || time < 0)
      throw new InvalidArgumentError("Write a time as 2026-11-22T10:00Z or an age as 6h.");
    return time;
  };
}

function isoTime(value: string): number {
  const [, day, clock, zone] = ISO.exec(value) ?? [];
  if (day === undefined) return Number.NaN;
  // JavaScript reads the 30th of February as the 2nd of March.
  const midnight = Date.parse(day);
  if (Number.isNaN(midnight) || !new Date(midnight).toISOString().startsWith(day)) return Number.NaN;
  return Date.parse(clock !== undefined && zone === undefined ? `${value}Z` : value);
}

export function severityOf(value: string): Severity {
  const found = severities.find((severity) => severity === value.toLowerCase());
  if (found === undefined) throw new InvalidArgumentError(`Allowed are ${severities.join(", ")}.`);
  return found;
}

/** Repeatable, and each a list: `--only imds,trail --only impersonation`. */
export function names(value: string, before: readonly string[] | undefined): readonly string[] {
  const more = value
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);
  // No name at all would choose no detector, and find nothing.
  if (more.length === 0) throw new InvalidArgumentError("Write names with commas between them, as imds,trail.");
  return [...(before ?? []), ...more];
}

/** Repeatable, one name each: a log group's may hold whatever a name may hold. */
export const named = (value: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  value,
];

/** Whole seconds, at least one. */
export function secondsOf(value: string): number {
  const seconds = /^\d+$/.test(value) ? Number(value) : 0;
  if (seconds < 1) throw new InvalidArgumentError("Write whole seconds, as 5.");
  return seconds;
}

/** A time or an age, or `oldest`. */
export function fromOf(now: number): (value: string) => number | "oldest" {
  const time = timeOf(now);
  return (value) => (value === "oldest" ? value : time(value));
}
