import { failedIn } from "../../detectors/core/deed.ts";
import type { Attribute } from "../../detectors/ledger/declare.ts";
import { entities, type Kind } from "../../detectors/ledger/entities.ts";
import { attributeOf, decode, type Fact, type State } from "../../detectors/ledger/facts.ts";

const PART_BYTES = 512 * 3;
const TIME_BYTES = "2026-11-22T10:00:00.000Z".length;

/** How much is kept of one set, tries aside: names in it are chosen by attackers. */
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
    const longest = sets.reduce((sum, [name, set]) => sum + longestOf(name, set.fields) * lanesOf(set), 0);
    const shared = ENTITY_BYTES - longest;
    const caps = sets.reduce((sum, [, set]) => sum + set.cap * lanesOf(set), 0);
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

const TRIED = "?";

/** What may be kept of a set, in its caps: half as much again of what was tried only. */
export function lanesOf({ tries }: Attribute): number {
  return tries === "half" ? 1.5 : 1;
}

/** Where a fact takes its room: in its set, or beside it, with what was tried only (`tries`). Neither keeps the other out. */
export function laneOf({ kind, attribute, value }: Pick<Fact, "kind" | "attribute" | "value">): string {
  if (attributeOf(kind, attribute).tries !== "half") return attribute;
  const { outcome = "" } = decode(kind, attribute, value);
  return failedIn({ outcome }) ? `${attribute}${TRIED}` : attribute;
}

/** The set of a lane. */
export const setOf = (lane: string): string => (lane.endsWith(TRIED) ? lane.slice(0, -TRIED.length) : lane);

/** Beyond its room: what was added last was one too many. */
export function isFull({ kind, sets }: State, lane: string): boolean {
  const attribute = setOf(lane);
  const room = laneRoomOf(kind, lane);
  let [count, bytes] = [0, 0];
  for (const [value, source] of sets.get(attribute) ?? []) {
    if (laneOf({ kind, attribute, value }) !== lane) continue;
    count += 1;
    bytes += bytesOf(attribute, value, source);
  }
  return count > room.values || bytes > room.bytes;
}

function laneRoomOf(kind: Kind, lane: string): Room {
  const { values, bytes } = roomOf(kind, setOf(lane));
  return lane === setOf(lane) ? { values, bytes } : { values: Math.floor(values / 2), bytes: bytes / 2 };
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

/** Of facts of one lane, as many as an empty one would have room for. */
export function fitting(facts: readonly Fact[]): readonly Fact[] {
  const [first] = facts;
  if (first === undefined) return [];
  const room = laneRoomOf(first.kind, laneOf(first));
  let bytes = 0;
  return facts.slice(0, room.values).filter((fact) => {
    bytes += bytesOf(fact.attribute, fact.value, fact.source);
    return bytes <= room.bytes || fact === first;
  });
}

const bytesOf = (attribute: string, value: string, source: string): number =>
  Buffer.byteLength(attribute) + Buffer.byteLength(value) + Buffer.byteLength(source) + 1;
