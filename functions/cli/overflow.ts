import type { Kind } from "../../detectors/ledger/entities.ts";
import { attributeOf } from "../../detectors/ledger/facts.ts";

/** What a person reads of sets that more was told of than is kept, `kind.attribute` and of how many entities. Those of which the first tell enough are full on any busy
 * day, and nothing is missed. */
export function overflowLines(overflows: ReadonlyMap<string, number>): string[] {
  const missed = [...overflows].filter(([name]) => !tellsEnough(name));
  if (missed.length === 0) return [];
  const sum = missed.reduce((total, [, count]) => total + count, 0);
  const each = missed
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => `${name} ${count.toLocaleString("en")}`);
  return [
    `${sum.toLocaleString("en")} sets were told of more than is kept, what came later is not in them: ${each.join(", ")}`,
  ];
}

/** A ledger of another version may hold sets that are not known here. */
function tellsEnough(name: string): boolean {
  const [kind = "", attribute = ""] = name.split(".");
  try {
    return attributeOf(kind as Kind, attribute).enough === true;
  } catch {
    return false;
  }
}

/** What a person reads of entities that memory had no room for. */
export const forgottenLines = (forgotten: number): string[] =>
  forgotten === 0
    ? []
    : [
        `${forgotten.toLocaleString("en")} entities were more than memory is given to, and verdicts on them were not made: a ledger in a file (--ledger) keeps all`,
      ];

/** What a person reads of verdicts that were not made for that reason, by detector. */
export function unmadeLines(full: ReadonlyMap<string, number>): string[] {
  if (full.size === 0) return [];
  const each = [...full]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, count]) => `${id} ${count.toLocaleString("en")}`);
  return [`no verdict, as it would rest on such sets: ${each.join(", ")}`];
}
