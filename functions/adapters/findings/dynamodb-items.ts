import { createHash } from "node:crypto";
import { brotliCompressSync, brotliDecompressSync, constants } from "node:zlib";
import type { Draft } from "../../../detectors/core/compose.ts";
import type { Kept, Mark, Publication, Reminder } from "../../findings/ports.ts";
import { draftOf, draftText } from "../../findings/text.ts";
import { type Item, SHARDS } from "../ledger/dynamodb-items.ts";

/** How findings and reminders look in the table, beside the entities of the ledger. */
const FINDING = "finding";

export const findingKey = (id: string): Item => ({ pk: { S: `${FINDING}/${id}` }, sk: { S: FINDING } });
export const findingId = ({ pk }: Item): string => (pk?.S ?? "").slice(FINDING.length + 1);

/** Good enough and fast: a finding takes a third of a millisecond, and a quarter of its size. */
const QUALITY = 4;
/** Of the 400 KB of an item; the rest is for its marks. */
const MAX_BYTES = 360 * 1_024;

/** A draft as it goes into an item. */
export interface Packed {
  readonly draft: Draft;
  readonly text: string;
  readonly bytes: Uint8Array;
}

/** Compressed: a finding names an event's id twice and much else more than once, and a table is paid by the kilobyte. Of what somebody has made
 * larger than an item, what it is and what it counts stays. */
export function packed(draft: Draft): Packed {
  const [whole, ...briefer] = [draft, withoutRecord(draft), bare(draft)];
  let result = pack(whole);
  for (const less of briefer) if (result.bytes.length > MAX_BYTES) result = pack(less);
  return result;
}

function pack(draft: Draft): Packed {
  const text = draftText(draft);
  const params = { [constants.BROTLI_PARAM_QUALITY]: QUALITY };
  return { draft, text, bytes: brotliCompressSync(text, { params }) };
}

const withoutRecord = (draft: Draft): Draft => ({ ...draft, finding: { ...draft.finding, raw: [], truncated: true } });

const FEW = 10;
function bare({ finding, events, ...rest }: Draft): Draft {
  const { actor, actingAs, action, reasons, related, notExempted } = finding;
  const { argv, uri, ...act } = action;
  return {
    ...rest,
    // The identities count; what the log calls them is looked up by the first.
    events: new Map([...events.keys()].map((identity) => [identity, ""])),
    finding: {
      ...finding,
      ...{ raw: [], evidence: [], forwardedFor: [], queries: [], truncated: true, action: act },
      ...{ reasons: reasons.slice(0, FEW), related: related.slice(0, FEW), notExempted: notExempted.slice(0, FEW) },
      actor: { ...actor, groups: [] },
      ...(actingAs !== undefined && { actingAs: { ...actingAs, groups: [] } }),
      events: finding.events.slice(0, FEW),
    },
  };
}

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
