import { setTimeout as sleep } from "node:timers/promises";
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DeleteItemCommandInput,
  GetItemCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import { mergeDrafts } from "../../../detectors/core/merge.ts";
import { CrosstrailError } from "../../../schemas/errors.ts";
import type { Findings, Kept, Stamps, Told } from "../../findings/ports.ts";
import type { DynamoOptions } from "../ledger/dynamodb.ts";
import { EXPIRES, type Item, SHARDS } from "../ledger/dynamodb-items.ts";
import { answered, chunks, firstOf, getAll, putAll, scan, type Table } from "../ledger/dynamodb-requests.ts";
import {
  findingId,
  findingKey,
  keptOf,
  type Packed,
  packed,
  publicationText,
  reminderItem,
  reminderOf,
  reminderOrder,
  reminderShard,
  type Stored,
  storedOf,
} from "./dynamodb-items.ts";

/** Until a merge has found nobody between its reading and its writing: of many that merge one finding at a time, one wins each round. */
const MAX_ROUNDS = 20;
const FIRST_WAIT_MS = 10;
const MAX_WAIT_MS = 500;
/** Grain of the time to live. */
const HOUR_S = 3_600;
const PARALLEL = 16;

/** Findings in the ledger's table, for any number of processes. A finding is one item; a merge writes only over the revision that it read, marks
 * are added without reading, and neither stands in the other's way. */
export function createDynamoFindings({
  client,
  table,
  wait = (ms) => sleep(ms),
}: DynamoOptions): Findings & Stamps & Told {
  const to: Table = { client, table, wait };
  const own = { ":sk": { S: findingKey("").sk?.S ?? "" } };

  async function get(id: string): Promise<Stored | undefined> {
    const command = new GetItemCommand({ TableName: table, Key: { ...findingKey(id) }, ConsistentRead: true });
    const { Item: item } = await answered(table, client.send(command));
    return item?.rev && storedOf(item);
  }

  /** The item as it is afterwards, or undefined when the condition did not hold. */
  async function update(id: string, input: Omit<UpdateItemCommandInput, "TableName" | "Key">) {
    const command = new UpdateItemCommand({ TableName: table, Key: { ...findingKey(id) }, ...input });
    try {
      return (await answered(table, client.send(command))).Attributes ?? {};
    } catch (error) {
      if (!isConditionFailed(error)) throw error;
      return undefined;
    }
  }

  async function write({ draft, bytes }: Packed, expires: number, over?: Stored): Promise<Kept | undefined> {
    const item = await update(draft.finding.id, {
      UpdateExpression: "SET draft = :draft, rev = :next, #t = :t",
      ConditionExpression: over === undefined ? "attribute_not_exists(rev)" : "rev = :rev",
      ExpressionAttributeNames: { "#t": EXPIRES },
      ExpressionAttributeValues: {
        ...{ ":draft": { B: bytes }, ":next": { N: String((over?.revision ?? 0) + 1) }, ":t": { N: String(expires) } },
        ...(over !== undefined && { ":rev": { N: String(over.revision) } }),
      },
      ReturnValues: "ALL_NEW",
    });
    return item && keptOf(item, draft);
  }

  async function remove(key: Item, condition: Omit<DeleteItemCommandInput, "TableName" | "Key"> = {}): Promise<number> {
    try {
      const command = new DeleteItemCommand({ TableName: table, Key: { ...key }, ...condition });
      await answered(table, client.send(command));
      return 1;
    } catch (error) {
      if (!isConditionFailed(error)) throw error;
      return 0;
    }
  }

  async function remindersIn(shard: number, until: number, limit: number): Promise<readonly Item[]> {
    return firstOf(to, limit, {
      KeyConditionExpression: "pk = :pk AND sk < :until",
      ExpressionAttributeValues: { ":pk": { S: reminderShard(shard) }, ":until": { S: reminderOrder(until + 1) } },
    });
  }

  return {
    async merge(draft, keepUntil) {
      const { id } = draft.finding;
      const asked = Math.ceil(keepUntil / 1_000 / HOUR_S) * HOUR_S;
      for (let round = 0; round < MAX_ROUNDS; round += 1) {
        const known = await get(id);
        const merged = packed(known === undefined ? draft : mergeDrafts(known.kept.draft, draft));
        if (known?.text === merged.text && known.expires >= asked) return known.kept;
        const kept = await write(merged, Math.max(asked, known?.expires ?? 0), known);
        if (kept !== undefined) return kept;
        await wait(Math.min(FIRST_WAIT_MS * 2 ** round, MAX_WAIT_MS) * Math.random());
      }
      throw new CrosstrailError("E_LEDGER", `${table}: others kept changing ${id}`, { cause: undefined });
    },
    async read(ids) {
      const keys = new Map(ids.map((id) => [id, findingKey(id)]));
      const items = (await getAll(to, [...keys.values()])).map((item) => [findingId(item), item] as const);
      const found = new Map(
        items.filter(([, { rev }]) => rev !== undefined).map(([id, item]) => [id, storedOf(item).kept]),
      );
      return ids.map((id) => found.get(id));
    },
    async mark(id, mark) {
      const sets = mark.steps.length > 0 ? { ":steps": { SS: [...mark.steps] } } : undefined;
      const add = sets === undefined ? "" : " ADD steps :steps";
      const latest = await update(id, {
        UpdateExpression: `SET #last = :last${add}`,
        ConditionExpression: "attribute_exists(rev) AND (attribute_not_exists(#last) OR #last < :last)",
        ExpressionAttributeNames: { "#last": "last" },
        ExpressionAttributeValues: { ":last": { S: publicationText(mark) }, ...sets },
      });
      if (latest !== undefined || sets === undefined) return;
      await update(id, {
        UpdateExpression: "ADD steps :steps",
        ConditionExpression: "attribute_exists(rev)",
        ExpressionAttributeValues: sets,
      });
    },
    async told(id, step) {
      await update(id, {
        UpdateExpression: "ADD steps :steps",
        ConditionExpression: "attribute_exists(rev)",
        ExpressionAttributeValues: { ":steps": { SS: [step] } },
      });
    },
    async stamp(id, now) {
      for (let next = now; ; ) {
        const stamped = await update(id, {
          UpdateExpression: "SET stamp = :next",
          ConditionExpression: "attribute_exists(rev) AND (attribute_not_exists(stamp) OR stamp < :next)",
          ExpressionAttributeValues: { ":next": { N: String(next) } },
        });
        if (stamped !== undefined) return next;
        const command = new GetItemCommand({ TableName: table, Key: { ...findingKey(id) }, ConsistentRead: true });
        const { Item: item } = await answered(table, client.send(command));
        if (item?.rev === undefined) return undefined;
        next = Math.max(now, Number(item.stamp?.N ?? 0) + 1);
      }
    },
    async remind(reminders) {
      const items = new Map(reminders.map((reminder) => [`${reminder.at} ${reminder.id}`, reminderItem(reminder)]));
      await putAll(to, [...items.values()]);
    },
    async reminders(until, limit) {
      const shards = Array.from({ length: SHARDS }, (_, shard) => remindersIn(shard, until, limit));
      const found = (await Promise.all(shards)).flat().map(reminderOf);
      return found.sort((a, b) => a.at - b.at).slice(0, limit);
    },
    async forget(reminders) {
      for (const some of chunks(reminders, PARALLEL))
        await Promise.all(some.map((reminder) => remove(reminderItem(reminder))));
    },
    async *all() {
      const input = { FilterExpression: "sk = :sk", ExpressionAttributeValues: own };
      for await (const item of scan(to, input)) yield storedOf(item).kept;
    },
    async count() {
      let count = 0;
      const input = { FilterExpression: "sk = :sk", ExpressionAttributeValues: own, ProjectionExpression: "pk" };
      for await (const _ of scan(to, input)) count += 1;
      return count;
    },
    async prune(now) {
      const old = { ":now": { N: String(now / 1_000) } };
      const names = { ExpressionAttributeNames: { "#t": EXPIRES } };
      const input = {
        ...names,
        FilterExpression: "sk = :sk AND #t < :now",
        ExpressionAttributeValues: { ...old, ...own },
      };
      let gone = 0;
      for await (const item of scan(to, input))
        gone += await remove(findingKey(findingId(item)), {
          ...names,
          ConditionExpression: "#t < :now",
          ExpressionAttributeValues: old,
        });
      return gone;
    },
    // The client is the caller's.
    close: () => undefined,
  };
}

const isConditionFailed = (error: unknown): boolean =>
  error instanceof CrosstrailError && error.cause instanceof ConditionalCheckFailedException;
