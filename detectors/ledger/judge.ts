import type { LedgerContext, LedgerDetector, LedgerHit, SettledDetector } from "./contracts.ts";
import type { State } from "./facts.ts";
import { valuesOf, viewOf } from "./view.ts";

/** Most choices of values that one detector is asked about in one entity: an attacker chooses how many values there are. */
const MAX_CHOICES = 200_000;

/** Everything that a "there exists" detector finds in an entity. */
export function joinHits(
  detector: Extract<LedgerDetector, { readonly kind: "join" }>,
  state: State,
  context: LedgerContext<unknown>,
): readonly LedgerHit[] {
  const sets = detector.match.map((attribute) => valuesOf(state, attribute));
  if (sets.some((values) => values.length === 0)) return [];
  const hits: LedgerHit[] = [];
  let left = MAX_CHOICES;
  const choose = (chosen: readonly unknown[]): void => {
    const values = sets[chosen.length];
    if (values === undefined) {
      left -= 1;
      const hit = detector.detect(chosen, context);
      if (hit !== undefined) hits.push(hit);
      return;
    }
    for (const value of values) if (left > 0) choose([...chosen, value]);
  };
  choose([]);
  return hits;
}

/** Since when (ms) each trail has been read. */
export type Warmth = ReadonlyMap<string, number>;

export function warmthOf(trails: readonly State[]): Warmth {
  return new Map(
    trails.flatMap((state) => {
      const [first] = valuesOf(state, "heard");
      return first?.time ? [[state.id, Date.parse(first.time)] as const] : [];
    }),
  );
}

/** The verdict on an entity of which nothing more is expected: that its time `at` (ms) has come. Silent, and counted, while the ledger is too cold to
 * tell. */
export function settledHits(
  detector: SettledDetector,
  state: State,
  context: LedgerContext<unknown>,
  { warmth, at }: { readonly warmth: Warmth; readonly at: number },
): readonly LedgerHit[] | "cold" {
  const { birth, warm } = detector.coldness ?? {};
  if (birth !== undefined && (state.sets.get(birth)?.size ?? 0) === 0) return "cold";
  const since = warm === undefined ? undefined : warmth.get(warm.trail);
  // Warm before the anchor, not before the verdict.
  if (warm !== undefined && (since === undefined || since + warm.ms > at - detector.settleMs)) return "cold";
  return detector.detect(viewOf(state), { ...context, until: new Date(at - detector.settleMs).toISOString() });
}

/** When the verdicts on an entity fall due that rest on what was told just now: whole minutes, rounded up. */
export function dueTimes(
  detector: SettledDetector,
  values: Iterable<Readonly<Record<string, string>>>,
): readonly string[] {
  const minutes = new Set<number>();
  for (const { time } of values) {
    const ms = Date.parse(time ?? "");
    if (!Number.isNaN(ms)) minutes.add(Math.ceil((ms + detector.settleMs) / 60_000));
  }
  return [...minutes].sort((a, b) => a - b).map((minute) => new Date(minute * 60_000).toISOString());
}
