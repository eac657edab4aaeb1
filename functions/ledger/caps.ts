import type { Attribute } from "../../detectors/ledger/declare.ts";
import { entities, type Kind } from "../../detectors/ledger/entities.ts";
import { attributeOf, type Fact, type State } from "../../detectors/ledger/facts.ts";

const PART_BYTES = 512 * 3;
const TIME_BYTES = "2026-11-22T10:00:00.000Z".length;

/** How much is kept of one set: names in it are chosen by attackers. */
interface Room {
  readonly values: number;
  readonly bytes: number;
}

/** What the smallest store takes of an entity is 400 KB (DynamoDB). One merge may go beyond a room, so that what is merged at once is bounded, too; more
 * than one worker may do so at the same time, and then the store refuses (E_LEDGER_FULL). */
export const ENTITY_BYTES = 296 * 1_024;
export const MERGE_BYTES = 56 * 1_024;

/** The bytes of an entity are shared out by the caps of its sets, each with room for the longest value that there can be: a flood of one keeps no other out,
 * and no value is too long to be kept. */
const rooms: ReadonlyMap<string, Room> = new Map(
  Object.entries(entities).flatMap(([kind, declared]) => {
    const sets: readonly [string, Attribute][] = Object.entries(declared.attributes);
    const shared = ENTITY_BYTES - sets.reduce((sum, [name, { fields }]) => sum + longestOf(name, fields), 0);
    const caps = sets.reduce((sum, [, { cap }]) => sum + cap, 0);
    return sets.map(([name, { cap, fields }]): [string, Room] => [
      `${kind}.${name}`,
      { values: cap, bytes: Math.floor(longestOf(name, fields) + (shared * cap) / caps) },
    ]);
  }),
);

/** Bytes of the longest value of a set, with its source: a part has 512 units of UTF-16, each of three bytes at most. */
function longestOf(name: string, fields: readonly string[]): number {
  const parts = fields.map((field) => (field === "time" ? TIME_BYTES : PART_BYTES) + 1);
  return Buffer.byteLength(name) + 1 + parts.reduce((sum, bytes) => sum + bytes, 0) + TIME_BYTES + 1 + PART_BYTES;
}

export function roomOf(kind: Kind, attribute: string): Room {
  return rooms.get(`${kind}.${attribute}`) ?? { values: attributeOf(kind, attribute).cap, bytes: 0 };
}

/** Beyond its room: what was added last was one too many. */
export function isFull({ kind, sets }: State, attribute: string): boolean {
  const room = roomOf(kind, attribute);
  const values = sets.get(attribute) ?? new Map<string, string>();
  if (values.size > room.values) return true;
  let bytes = 0;
  for (const [value, source] of values) bytes += bytesOf(attribute, value, source);
  return bytes > room.bytes;
}

/** Facts about one entity in portions that may be merged at once. */
export function portions(facts: readonly Fact[]): readonly (readonly Fact[])[] {
  const all: Fact[][] = [];
  let bytes = MERGE_BYTES;
  for (const fact of facts) {
    const more = bytesOf(fact.attribute, fact.value, fact.source);
    if (bytes + more > MERGE_BYTES) {
      all.push([]);
      bytes = 0;
    }
    all.at(-1)?.push(fact);
    bytes += more;
  }
  return all;
}

/** Of facts that tell of one set, as many as an empty one would have room for. */
export function fitting(facts: readonly Fact[]): readonly Fact[] {
  const [first] = facts;
  if (first === undefined) return [];
  const room = roomOf(first.kind, first.attribute);
  let bytes = 0;
  return facts.slice(0, room.values).filter(({ attribute, value, source }) => {
    bytes += bytesOf(attribute, value, source);
    return bytes <= room.bytes;
  });
}

const bytesOf = (attribute: string, value: string, source: string): number =>
  Buffer.byteLength(attribute) + Buffer.byteLength(value) + Buffer.byteLength(source) + 1;
