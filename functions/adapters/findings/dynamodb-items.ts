import { createHash } from "node:crypto";
import { brotliCompressSync, brotliDecompressSync, constants } from "node:zlib";
import type { Draft } from "../../../detectors/core/compose.ts";
import type { Kept, Mark, Publication, Reminder } from "../../findings/ports.ts";
import { draftOf } from "../../findings/text.ts";
import { type Item, SHARDS } from "../ledger/dynamodb-items.ts";

/** How findings and reminders look in the table, beside the entities of the ledger. */
const FINDING = "finding";

export const findingKey = (id: string): Item => ({ pk: { S: `${FINDING}/${id}` }, sk: { S: FINDING } });
export const findingId = ({ pk }: Item): string => (pk?.S ?? "").slice(FINDING.length + 1);

/** Good enough and fast: a finding takes a third of a millisecond, and a quarter of its size. */
const QUALITY = 4;

/** Compressed: a finding names an event's id twice and much else more than once, and a table is paid by the kilobyte. */
export const packed = (text: string): { readonly B: Uint8Array } => ({
  B: brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: QUALITY } }),
});
const unpacked = (item: Item): string => brotliDecompressSync(item.draft?.B ?? new Uint8Array()).toString();

/** A finding as it was read, and what a merge needs to know beside it. */
export interface Stored {
  readonly kept: Kept;
  readonly text: string;
  /** Another one after each merge. */
  readonly revision: number;
  /** Seconds since 1970. */
  readonly expires: number;
}

export function storedOf(item: Item): Stored {
  const text = unpacked(item);
  return { kept: keptOf(item, draftOf(text)), text, revision: Number(item.rev?.N), expires: Number(item.expires?.N) };
}

export function keptOf(item: Item, draft: Draft): Kept {
  const last = publicationOf(item.last?.S);
  return { draft, steps: new Set(item.steps?.SS ?? []), ...(last && { last }) };
}

/** As text that sorts as publications do: ms in as many digits as they will have until the year 5138, then the digest. */
export const publicationText = ({ at, seen }: Mark): string => `${String(at).padStart(14, "0")} ${seen}`;

function publicationOf(text: string | undefined): Publication | undefined {
  return text === undefined ? undefined : { at: Number(text.slice(0, 14)), seen: text.slice(15) };
}

/** Reminders begin with their time, so that what is due stands together. */
export const reminderShard = (shard: number): string => `again#${shard}`;
export const reminderOrder = (at: number): string => String(at).padStart(14, "0");

export function reminderItem({ at, id }: Reminder): Item {
  const shard = (createHash("sha256").update(id).digest()[0] ?? 0) % SHARDS;
  return { pk: { S: reminderShard(shard) }, sk: { S: `${reminderOrder(at)}/${id}` } };
}

export function reminderOf({ sk }: Item): Reminder {
  const text = sk?.S ?? "";
  return { at: Number(text.slice(0, 14)), id: text.slice(15) };
}
