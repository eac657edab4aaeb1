import { detached } from "../../schemas/detached.ts";
import type { Attribute } from "./declare.ts";
import { type AttributeName, entities, type Kind, type ValueOf } from "./entities.ts";

/** Which entity: its kind, and the parts of its key joined. */
export interface Ref {
  readonly kind: Kind;
  readonly id: string;
}

/** One thing that an event tells about an entity. */
export interface Fact extends Ref {
  readonly attribute: string;
  /** The parts, joined. */
  readonly value: string;
  /** When it was told, and by which event: `sourceOf`. Of several that tell the same the earliest stays, whatever the order in which they come. */
  readonly source: string;
}

/** An entity as it stands: its sets, each value with the earliest source that told it. */
export interface State extends Ref {
  readonly sets: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/** The set that names the attributes whose cap was reached. */
export const OVERFLOW = "overflow";

const SEPARATOR = "\t";
const MAX_PART = 512;

/** Part of a key or value: no separator, no control character, no half of a character (no store but memory keeps one), not endless. Texts of attackers
 * stand here. */
const part = (text: string): string =>
  (text.length > MAX_PART ? detached(text.slice(0, MAX_PART)) : text).toWellFormed().replace(/\p{Cc}/gu, " ");

/** The id of an entity. `/` within a part is kept: the parts are never taken apart again. */
export const idOf = (kind: Kind, parts: readonly string[]): string => {
  if (parts.length !== entities[kind].key.length)
    throw new RangeError(`${kind} has the key ${entities[kind].key.join("/")}, not ${parts.length} parts`);
  return parts.map(part).join("/");
};

export const attributeOf = (kind: Kind, attribute: string): Attribute => {
  const attributes: Readonly<Record<string, Attribute>> = entities[kind].attributes;
  const found = Object.hasOwn(attributes, attribute) ? attributes[attribute] : undefined;
  if (found === undefined) throw new RangeError(`${kind} has no attribute ${attribute}`);
  return found;
};

export function encode<K extends Kind, A extends AttributeName<K>>(
  kind: K,
  attribute: A,
  value: ValueOf<K, A>,
): string {
  const { fields, bucketMs = 1 } = attributeOf(kind, attribute);
  const parts = value as Readonly<Record<string, string>>;
  return fields
    .map((field) => {
      const text = parts[field] ?? "";
      return field === "time" ? rounded(text, bucketMs) : part(text);
    })
    .join(SEPARATOR);
}

export function decode(kind: Kind, attribute: string, value: string): Readonly<Record<string, string>> {
  const parts = value.split(SEPARATOR);
  return Object.fromEntries(attributeOf(kind, attribute).fields.map((field, index) => [field, parts[index] ?? ""]));
}

const INSTANT_LENGTH = "2026-11-22T10:00:00.000Z".length;

/** The time of an event (ISO 8601 UTC, ms) and its id. Such texts sort by time: the smallest is the earliest. */
export const sourceOf = ({ id, time }: { readonly id: string; readonly time: number }): string =>
  `${new Date(time).toISOString()} ${id}`;

/** ISO 8601: since when something is known; empty, and so before all times, where its source tells none. */
export const knownSince = (source: string): string =>
  source[INSTANT_LENGTH] === " " && source[INSTANT_LENGTH - 1] === "Z" ? source.slice(0, INSTANT_LENGTH) : "";

/** The id of the event that told it. */
export const eventIn = (source: string): string =>
  knownSince(source) === "" ? source : source.slice(INSTANT_LENGTH + 1);

export const earlier = (a: string, b: string): string => (a <= b ? a : b);
export const later = (a: string, b: string): string => (a >= b ? a : b);

/** ISO 8601 UTC with milliseconds, rounded down. A time that is none stays empty. */
function rounded(time: string, bucketMs: number): string {
  const ms = Date.parse(time);
  if (Number.isNaN(ms)) return "";
  return new Date(Math.floor(ms / bucketMs) * bucketMs).toISOString();
}

/** A fact, its parts checked by the declaration. */
export const fact = <K extends Kind, A extends AttributeName<K>>(
  kind: K,
  id: string,
  attribute: A,
  value: ValueOf<K, A>,
  source: string,
): Fact => ({ kind, id, attribute, value: encode(kind, attribute, value), source: part(source) });
