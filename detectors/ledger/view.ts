import type { AttributeName, Kind, ValueOf } from "./entities.ts";
import { decode, eventIn, knownSince, OVERFLOW, type State } from "./facts.ts";

/** A value, with the id of the earliest event that told it. */
export type Told<T> = T & { readonly source: string };

/** The same, and since when (ISO 8601) it is known: the time of that event. For settled verdicts only: it may become earlier until then. */
export type Known<T> = Told<T> & { readonly since: string };

/** An entity as a settled verdict sees it: whole, so that what is missing tells, too. */
export interface Entity<K extends Kind> {
  readonly kind: K;
  readonly id: string;
  /** Every value of a set, sorted: the same whatever the order in which they came. */
  readonly all: <A extends AttributeName<K>>(attribute: A) => readonly Known<ValueOf<K, A>>[];
  /** More was told of this attribute than is kept. */
  readonly overflowed: (attribute: AttributeName<K>) => boolean;
}

export const viewOf = <K extends Kind>(state: State & { readonly kind: K }): Entity<K> => ({
  kind: state.kind,
  id: state.id,
  all: (attribute) => {
    const known = sourcedIn(state, attribute).map(({ value, source }) => ({ ...value, since: knownSince(source) }));
    return known as unknown as readonly Known<ValueOf<K, typeof attribute>>[];
  },
  overflowed: (attribute) => state.sets.get(OVERFLOW)?.has(attribute) ?? false,
});

/** An entity as it was known before `at` (ISO 8601): what later events told is not there, whether it has a time of its own or not. When the clock
 * has passed `at`, nothing is added to that any more. */
export function asOf(state: State, at: string): State {
  const sets = new Map<string, ReadonlyMap<string, string>>();
  for (const [attribute, values] of state.sets) {
    const known = [...values].filter(([, source]) => knownSince(source) < at);
    if (known.length > 0) sets.set(attribute, new Map(known));
  }
  return { kind: state.kind, id: state.id, sets };
}

/** The values of a set, sorted, with the names of their parts. */
export const valuesOf = (state: State, attribute: string): readonly Told<Readonly<Record<string, string>>>[] =>
  sourcedIn(state, attribute).map(({ value }) => value);

/** The same, each with its whole source. */
export function sourcedIn(
  { kind, sets }: State,
  attribute: string,
): readonly {
  readonly value: Told<Readonly<Record<string, string>>>;
  readonly source: string;
  /** The value as it stands in its set. */
  readonly text: string;
}[] {
  const values = sets.get(attribute);
  if (values === undefined) return [];
  return [...values]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([value, source]) => ({
      ...{ source, text: value },
      value: { ...decode(kind, attribute, value), source: eventIn(source) } as Told<Record<string, string>>,
    }));
}
