import type { Attribute } from "../../detectors/ledger/declare.ts";
import { entities, type Kind } from "../../detectors/ledger/entities.ts";
import { attributeOf, type Fact, type State } from "../../detectors/ledger/facts.ts";

/** How much is kept of one set: names in it are chosen by attackers. */
interface Room {
  readonly values: number;
  readonly bytes: number;
}

/** What the smallest store takes of an entity is 400 KB (DynamoDB), and one merge may go beyond a cap. */
const ENTITY_BYTES = 320 * 1_024;
const LEAST_BYTES = 4 * 1_024;

/** The bytes of an entity are shared out by the caps of its sets: a flood of one keeps no other out. */
const rooms: ReadonlyMap<string, Room> = new Map(
  Object.entries(entities).flatMap(([kind, declared]) => {
    const sets: readonly [string, Attribute][] = Object.entries(declared.attributes);
    const shared = ENTITY_BYTES - LEAST_BYTES * sets.length;
    const caps = sets.reduce((sum, [, { cap }]) => sum + cap, 0);
    return sets.map(([name, { cap }]): [string, Room] => [
      `${kind}.${name}`,
      { values: cap, bytes: LEAST_BYTES + (shared * cap) / caps },
    ]);
  }),
);

export function roomOf(kind: Kind, attribute: string): Room {
  return rooms.get(`${kind}.${attribute}`) ?? { values: attributeOf(kind, attribute).cap, bytes: LEAST_BYTES };
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
