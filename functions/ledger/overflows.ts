import { count } from "../../detectors/core/chain.ts";
import type { Kind } from "../../detectors/ledger/entities.ts";
import { attributeOf, type Fact, knownSince, type Ref } from "../../detectors/ledger/facts.ts";
import { setOf } from "./caps.ts";

/** A set of an entity that was told of more than is kept, on a UTC day. */
export interface Overflowed extends Ref {
  readonly attribute: string;
  /** ISO 8601: the earliest event of those that told of it. */
  readonly at: string;
}

/** Which sets are full, and of which of them somebody has heard: one of all entities of a kind, on each day. */
export function createOverflows() {
  const counts = new Map<string, number>();
  // By sets, which are declared, and days of events, of which the last few count.
  const heard = new Map<string, string[]>();
  const nameOf = ({ kind, attribute }: Pick<Overflowed, "kind" | "attribute">): string => `${kind}.${attribute}`;
  const dayOf = ({ at }: Overflowed): string => at.slice(0, "2026-11-22".length);
  return {
    /** Of how many entities since the start. */
    counts: counts as ReadonlyMap<string, number>,
    count: (kind: Kind, attribute: string): void => count(counts, nameOf({ kind, attribute })),
    /** Whatever of an entity's full sets tells anything. */
    in({ kind, id }: Ref, full: readonly string[], told: readonly Fact[]): readonly Overflowed[] {
      return [...new Set(full.map(setOf))]
        .filter((attribute) => attributeOf(kind, attribute).enough !== true)
        .map((attribute) => {
          const times = told.filter((fact) => fact.attribute === attribute).map(({ source }) => knownSince(source));
          return { kind, id, attribute, at: times.sort()[0] ?? "" };
        });
    },
    news(all: readonly Overflowed[]): readonly Overflowed[] {
      const fresh = all.filter((one) => heard.get(nameOf(one))?.includes(dayOf(one)) !== true);
      return [...new Map(fresh.map((one) => [`${nameOf(one)} ${dayOf(one)}`, one])).values()];
    },
    /** To be called when it is out. */
    remember(all: readonly Overflowed[]): void {
      for (const one of all) heard.set(nameOf(one), [dayOf(one), ...(heard.get(nameOf(one)) ?? [])].slice(0, DAYS));
    },
  };
}

/** Of what comes late, and of a replay beside the stream. */
const DAYS = 8;
