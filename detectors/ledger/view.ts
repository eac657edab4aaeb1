import type { AttributeName, Kind, ValueOf } from "./entities.ts";
import { decode, OVERFLOW, type State } from "./facts.ts";

/** A value, with one of the events that told it. */
export type Told<T> = T & { readonly source: string };

/** An entity as a settled verdict sees it: whole, so that what is missing tells, too. */
export interface Entity<K extends Kind> {
  readonly kind: K;
  readonly id: string;
  /** Every value of a set, sorted: the same whatever the order in which they came. */
  readonly all: <A extends AttributeName<K>>(attribute: A) => readonly Told<ValueOf<K, A>>[];
  /** More was told of this attribute than is kept. */
  readonly overflowed: (attribute: AttributeName<K>) => boolean;
}

export const viewOf = <K extends Kind>(state: State & { readonly kind: K }): Entity<K> => ({
  kind: state.kind,
  id: state.id,
  all: (attribute) => valuesOf(state, attribute) as readonly Told<ValueOf<K, typeof attribute>>[],
  overflowed: (attribute) => state.sets.get(OVERFLOW)?.has(attribute) ?? false,
});

/** The values of a set, sorted, with the names of their parts. */
export function valuesOf({ kind, sets }: State, attribute: string): readonly Told<Readonly<Record<string, string>>>[] {
  const values = sets.get(attribute);
  if (values === undefined) return [];
  return [...values]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([value, source]) => ({ ...decode(kind, attribute, value), source }) as Told<Record<string, string>>);
}
