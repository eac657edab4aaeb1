import { createHash } from "node:crypto";
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import type { Kind } from "../../../detectors/ledger/entities.ts";
import type { Fact, Ref, State } from "../../../detectors/ledger/facts.ts";
import type { Due, Waiting } from "../../ledger/ports.ts";

/** How entities, facts and due records look in the table. */
export type Item = Readonly<Record<string, AttributeValue>>;

/** Seconds since 1970: the attribute that the table's time to live goes by. */
export const EXPIRES = "expires";
/** Where the table is made: its keys, and nothing else. No index. */
export const tableKeys = {
  AttributeDefinitions: [
    { AttributeName: "pk", AttributeType: "S" },
    { AttributeName: "sk", AttributeType: "S" },
  ],
  KeySchema: [
    { AttributeName: "pk", KeyType: "HASH" },
    { AttributeName: "sk", KeyType: "RANGE" },
  ],
} as const;

/** Between the name of a set and its value in the name of an attribute: neither pk, sk, id nor expires hold it, nor does any set's name. */
const SEPARATOR = "\t";
const ENTITY = "entity";
const MAX_PARTITION_KEY = 2_048;
const MAX_SORT_KEY = 1_024;
/** Spreads the records over partitions of the table, each good for a thousand writes a second. Every question asks all of them. */
export const SHARDS = 4;

const hashOf = (text: string): Buffer => createHash("sha256").update(text).digest();

/** What is too long for a key is cut and ends in a hash, behind a character that no id holds. */
function keyText(text: string, max: number): string {
  if (Buffer.byteLength(text) <= max) return text;
  // A character that is cut in two becomes another one, of at most two bytes more.
  const head = Buffer.from(text)
    .subarray(0, max - 70)
    .toString();
  return `${head}\u0000${hashOf(text).toString("hex")}`;
}

export function entityKey({ kind, id }: Ref): Item {
  return { pk: { S: keyText(`${kind}/${id}`, MAX_PARTITION_KEY) }, sk: { S: ENTITY } };
}

/** The whole id, where the key does not hold it. */
export const wholeId = (ref: Ref): string | undefined =>
  entityKey(ref).pk?.S === `${ref.kind}/${ref.id}` ? undefined : ref.id;

export const isEntity = (item: Item): boolean => item.sk?.S === ENTITY;
export const isDue = (item: Item): boolean => item.pk?.S?.startsWith("due#") === true;

export function refOf(item: Item): Ref {
  const pk = item.pk?.S ?? "";
  const slash = pk.indexOf("/");
  return { kind: pk.slice(0, slash) as Kind, id: item.id?.S ?? pk.slice(slash + 1) };
}

export const attributeName = ({ attribute, value }: Fact): string => `${attribute}${SEPARATOR}${value}`;

export function stateOf({ kind, id }: Ref, item: Item = {}): State {
  const sets = new Map<string, Map<string, string>>();
  for (const [name, { S: source }] of Object.entries(item)) {
    const at = name.indexOf(SEPARATOR);
    if (at < 0 || source === undefined) continue;
    const values = sets.get(name.slice(0, at)) ?? new Map<string, string>();
    sets.set(name.slice(0, at), values.set(name.slice(at + 1), source));
  }
  return { kind, id, sets };
}

/** Due records begin with their time, so that what is due stands together. */
export const dueShard = (shard: number): string => `due#${shard}`;
export const dueOrder = ({ at, kind, id, detector }: Due): string =>
  keyText(`${at}\n${kind}\n${id}\n${detector}`, MAX_SORT_KEY - 1);
/** Before and behind all sort keys of due records that there are at `until` or before. */
export const FIRST_DUE = "!";
export const lastDue = (until: string): string => `${until}\u000b`;

export function dueItem({ at, kind, id, detector }: Due, mark: string): Item {
  const order = dueOrder({ at, kind, id, detector });
  const own = { at: { S: at }, kind: { S: kind }, id: { S: id }, detector: { S: detector }, mark: { S: mark } };
  return { pk: { S: dueShard((hashOf(order)[0] ?? 0) % SHARDS) }, sk: { S: order }, ...own };
}

export const dueOf = ({ at, kind, id, detector, mark }: Item): Waiting => ({
  ...{ at: at?.S ?? "", kind: (kind?.S ?? "") as Kind, id: id?.S ?? "", detector: detector?.S ?? "" },
  mark: mark?.S ?? "",
});
