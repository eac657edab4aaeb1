import type { Outcome, Result } from "../../functions/doctor/result.ts";
import { start, type Where } from "./command-line.ts";

/** What `crosstrail doctor` says of a deployment. */
export interface Examination {
  /** The exit code. */
  readonly code: number | null;
  /** `stack: dead letters` -> result. */
  readonly results: ReadonlyMap<string, Result>;
}

export async function examine(aws: Where, stack: string): Promise<Examination> {
  const { code, out, err } = await start(aws, "doctor", "--stack", stack, "--format", "json").ended;
  if (out === "") throw new Error(`crosstrail doctor said nothing but:\n${err}`);
  const { results } = JSON.parse(out) as { readonly results: readonly Result[] };
  return { code, results: new Map(results.map((result) => [`${result.of.split(" ")[0]}: ${result.check}`, result])) };
}

/** LocalStack looks at alarms by a clock of its own, and measures little of what they watch. */
const ALARMS = "stack: alarms";

/** Names of checks, by their outcome; sorted. */
export function byOutcome({ results }: Examination): Readonly<Partial<Record<Outcome, readonly string[]>>> {
  const names = [...results.keys()].filter((name) => name !== ALARMS).toSorted();
  return Object.groupBy(names, (name) => results.get(name)?.outcome ?? "unknown");
}

/** What another examination says otherwise. */
export const changed = (before: Examination, after: Examination): Readonly<Record<string, Outcome>> =>
  Object.fromEntries(
    [...after.results].flatMap(([name, { outcome }]) =>
      name === ALARMS || outcome === before.results.get(name)?.outcome ? [] : [[name, outcome]],
    ),
  );
