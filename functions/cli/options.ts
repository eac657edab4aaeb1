import { InvalidArgumentError } from "commander";
import { type Severity, severities } from "../../schemas/findings/finding.ts";

export const formats = ["table", "ndjson", "asff", "json-summary"] as const;
export type Format = (typeof formats)[number];

/** `ACCOUNT/REGION/NAME`. */
export function clusterOf(value: string): { account: string; region: string; cluster: string } {
  const match = /^(\d{12})\/([a-z]{2}(?:-[a-z]+)+-\d)\/([A-Za-z0-9][A-Za-z0-9_-]{0,99})$/.exec(value);
  if (match === null) throw new InvalidArgumentError("Write ACCOUNT/REGION/NAME, as 111122223333/eu-central-1/prod.");
  return { account: match[1] as string, region: match[2] as string, cluster: match[3] as string };
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A time (ISO 8601, UTC unless it says otherwise) or an age (`90s`, `30m`, `6h`, `7d`), in ms since 1970. */
export function timeOf(now: number): (value: string) => number {
  return (value) => {
    const age = /^(\d+)([smhd])$/.exec(value);
    if (age) return now - Number(age[1]) * (UNITS[age[2] as string] ?? 0);
    const iso = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/.exec(value);
    const time = iso ? Date.parse(value.includes("T") && iso[1] === undefined ? `${value}Z` : value) : Number.NaN;
    if (Number.isNaN(time)) throw new InvalidArgumentError("Write a time as 2026-11-22T10:00Z or an age as 6h.");
    return time;
  };
}

export function severityOf(value: string): Severity {
  const found = severities.find((severity) => severity === value.toLowerCase());
  if (found === undefined) throw new InvalidArgumentError(`Allowed are ${severities.join(", ")}.`);
  return found;
}

/** Repeatable, and each a list: `--only imds,trail --only impersonation`. */
export function names(value: string, before: readonly string[] | undefined): readonly string[] {
  return [
    ...(before ?? []),
    ...value
      .split(",")
      .map((name) => name.trim())
      .filter(Boolean),
  ];
}
