import type { LedgerContext, LedgerDetector, LedgerHit, SettledDetector } from "./contracts.ts";
import type { Kind } from "./entities.ts";
import { attributeOf, decode, knownSince, later, OVERFLOW, type Ref, type State } from "./facts.ts";
import { asOf, type Entity, sourcedIn, valuesOf, viewOf } from "./view.ts";

/** Most choices of values that one detector is asked about at a time in one entity: an attacker chooses how many values there are. */
const MAX_CHOICES = 200_000;

/** Most hits at a time that would be one finding of one severity. It counts to two hundred. */
const MAX_ALIKE = 256;

/** Values that were told of, by their sets. */
export type ToldValues = ReadonlyMap<string, ReadonlySet<string>>;

/** A hit, and since when (ISO 8601) all that it rests on is known. */
export interface KnownHit {
  readonly hit: LedgerHit;
  readonly since: string;
}

/** What a detector answered about an entity. */
export interface Judgement {
  readonly hits: readonly KnownHit[];
  /** What it threw, the first time; what it says of other values stands. */
  readonly thrown?: Thrown;
  /** There were more choices than it may be asked about. */
  readonly cut?: true;
}

export interface Thrown {
  readonly cause: unknown;
  /** ISO 8601. */
  readonly at: string;
  /** Id of one of the events that it was asked about. */
  readonly event: string;
}

/** Everything that a "there exists" detector finds in an entity. `told`: only where one of the values was told of just now, known before or not. Who told
 * of the last value of a choice saw all of it, and tells of it again until what he found is out. */
export function joinHits(
  detector: Extract<LedgerDetector, { readonly kind: "join" }>,
  state: State,
  context: LedgerContext<unknown>,
  told?: ToldValues,
): Judgement {
  const empty = (attribute: string): boolean => (state.sets.get(attribute)?.size ?? 0) === 0;
  const touched = told === undefined || detector.match.some((attribute) => told.has(attribute));
  if (!touched || detector.match.some(empty)) return { hits: [] };
  const sets = detector.match.map((attribute) => sourcedIn(state, attribute));
  const news = sets.map((values, index) => {
    const some = told?.get(detector.match[index] ?? "");
    return told === undefined ? values : values.filter(({ text }) => some?.has(text) === true);
  });
  const olds = sets.map((values, index) => {
    const some = new Set(news[index]);
    return values.filter((value) => !some.has(value));
  });
  const asked = asking();
  const wanted = createSelection();
  let left = MAX_CHOICES;
  const choose = (from: typeof sets, chosen: readonly (typeof sets)[number][number][]): void => {
    const values = from[chosen.length];
    if (values === undefined) {
      left -= 1;
      const source = chosen.map((one) => one.source).reduce(later);
      asked.ask(knownSince(source), chosen[0]?.value.source ?? "", () => {
        const hit = detector.detect(
          chosen.map(({ value }) => value),
          context,
        );
        return hit !== undefined && wanted(hit) ? [hit] : [];
      });
      return;
    }
    for (const value of values) if (left > 0) choose(from, [...chosen, value]);
  };
  // By the first of the sets whose value is new: each choice once.
  let choices = 0;
  for (const first of sets.keys()) {
    const from = [...olds.slice(0, first), ...news.slice(first, first + 1), ...sets.slice(first + 1)];
    choices += from.reduce((product, { length }) => product * length, 1);
    choose(from, []);
  }
  return { ...asked.judgement(), ...(choices > MAX_CHOICES && { cut: true }) };
}

/** Where whatever there is meets whatever there is, hits are made by the hundred thousand, and of one finding: of that, no more than it counts. */
function createSelection(): (hit: LedgerHit) => boolean {
  const alike = new Map<string, Set<string>>();
  return ({ on, by, of, at, severity, scope, counts, evidence }) => {
    const { account, region, cluster } = scope ?? {};
    const key = [on, by, of?.kind, of?.id, at.slice(0, 10), severity, account, region, cluster].join("\n");
    const some = alike.get(key) ?? new Set();
    alike.set(key, some);
    const occurrence = counts ?? evidence.map(({ value }) => value).join("\n");
    return some.has(occurrence) || (some.size < MAX_ALIKE && some.add(occurrence) === some);
  };
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

/** The verdicts on an entity whose time is `at` (ISO 8601, whole minutes), when nothing more is expected of what was before it. Silent, and counted,
 * while the ledger is too cold to tell, or where more was told than is kept of what the verdict rests on. */
export function settledHits(
  detector: SettledDetector,
  state: State,
  context: LedgerContext<unknown>,
  { warmth, at, epochs = [] }: { readonly warmth: Warmth; readonly at: string; readonly epochs?: readonly State[] },
): Judgement | "cold" | "full" {
  const known = asOf(state, at);
  const dues = sourcedIn(known, detector.anchor).filter(({ value, source }) => dueTime(detector, value, source) === at);
  // They were told of by an earlier event since: their time was another one.
  if (dues.length === 0) return { hits: [] };
  const { birth, warm } = detector.coldness ?? {};
  if (birth !== undefined && (known.sets.get(birth)?.size ?? 0) === 0) return "cold";
  const since = warm === undefined ? undefined : warmth.get(warm.trail);
  // Warm before the anchor, not before the verdict.
  if (warm !== undefined && (since === undefined || since + warm.ms > Date.parse(at) - detector.settleMs))
    return "cold";
  if (detector.rests?.some((attribute) => state.sets.get(OVERFLOW)?.has(attribute)) === true) return "full";
  const asked = asking();
  const event = dues[0]?.value.source ?? "";
  let verdict: ReturnType<SettledDetector["detect"]>;
  asked.ask(at, event, () => {
    const seen = epochs.map((epoch) => viewOf(asOf(epoch, at)));
    verdict = detector.detect(viewOf(known), {
      ...context,
      epochs: <K extends Kind>(kind: K) => seen.filter((one) => one.kind === kind) as unknown as readonly Entity<K>[],
    });
    return [];
  });
  for (const { value, source } of dues)
    asked.ask(at, value.source, () => verdict?.({ ...value, since: knownSince(source) } as never) ?? []);
  return asked.judgement();
}

/** The epochs that a detector asks for over the sets of an entity, each once, kind by kind in the order of time. */
export const epochsOf = (detector: SettledDetector, state: State): readonly Ref[] =>
  linked(detector, [state], undefined);

/** Those that it asks for over the sets of these epochs. */
export const furtherEpochsOf = (detector: SettledDetector, epochs: readonly State[]): readonly Ref[] =>
  [...Map.groupBy(epochs, ({ kind }) => kind)].flatMap(([kind, some]) => linked(detector, some, kind));

function linked({ epochs = [] }: SettledDetector, from: readonly State[], of: Kind | undefined): readonly Ref[] {
  const refs = new Map<string, Ref>();
  for (const asked of epochs.filter((some) => some.of === of))
    for (const { kind: own, sets } of from)
      for (const link of sets.get(asked.over)?.keys() ?? []) {
        const { id = "" } = decode(own, asked.over, link);
        refs.set(`${asked.kind}\n${id}`, { kind: asked.kind, id });
      }
  return [...refs].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, ref]) => ref);
}

function asking() {
  const hits: KnownHit[] = [];
  let thrown: Thrown | undefined;
  return {
    ask(since: string, event: string, answer: () => readonly LedgerHit[]): void {
      try {
        hits.push(...answer().map((hit) => ({ hit, since })));
      } catch (cause) {
        thrown ??= { cause, at: since, event };
      }
    },
    judgement: (): Judgement => ({ hits, ...(thrown && { thrown }) }),
  };
}

/** When the verdict on a value of the anchor falls due: a whole minute, rounded up, and later than it was known here. What comes over a link may be
 * known long after its time. Where a value stands for longer than the verdict waits, the first time in it counts. */
export function dueTime(
  { watch, anchor, settleMs }: SettledDetector,
  { time = "" }: Readonly<Record<string, string>>,
  source: string,
): string | undefined {
  const { bucketMs = 0 } = attributeOf(watch, anchor);
  const first = bucketMs > settleMs ? knownSince(source) : "";
  const ms = Date.parse(first > time ? first : time);
  if (Number.isNaN(ms)) return undefined;
  const settled = Math.ceil((ms + settleMs) / 60_000);
  const known = Math.floor(Date.parse(knownSince(source)) / 60_000) + 1;
  return new Date(Math.max(settled, Number.isNaN(known) ? settled : known) * 60_000).toISOString();
}
