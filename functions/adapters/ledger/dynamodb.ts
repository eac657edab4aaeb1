import { setTimeout as sleep } from "node:timers/promises";
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DeleteItemCommandInput,
  type DynamoDBClient,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { Kind } from "../../../detectors/ledger/entities.ts";
import { type Fact, OVERFLOW, type Ref } from "../../../detectors/ledger/facts.ts";
import { CrosstrailError } from "../../../schemas/errors.ts";
import type { LedgerStats, Store, Waiting } from "../../ledger/ports.ts";
import {
  attributeName,
  dueItem,
  dueOf,
  dueOrder,
  dueShard,
  EXPIRES,
  entityKey,
  FIRST_DUE,
  type Item,
  isDue,
  isEntity,
  lastDue,
  refOf,
  SHARDS,
  stateOf,
  wholeId,
} from "./dynamodb-items.ts";
import { answered, chunks, firstOf, getAll, putAll, scan, type Table } from "./dynamodb-requests.ts";

export interface DynamoOptions {
  /** Repeats what is throttled: its retries are the only ones. */
  readonly client: DynamoDBClient;
  /** Keys: `tableKeys`; time to live: `expires`. */
  readonly table: string;
  /** Default: a timer. */
  readonly wait?: (ms: number) => Promise<void>;
}

/** Of one expression: 4 KB of text, of which a fact takes at most 30 bytes, and 300 operators and functions, of which it takes two. */
const FACTS_AT_A_TIME = 120;
const MAX_ITEM_BYTES = 400 * 1_024;
/** Grain of the time to live: the workers' clocks differ by less, so that few updates meet a later one. */
const HOUR_S = 3_600;
/** Deletions under way at a time. */
const PARALLEL = 16;

/** A ledger in a DynamoDB table, for any number of processes. One entity is one item, and a fact is one attribute of it: its name is the set
 * and the value, its content the source, set only if it is not there, and then where ours is earlier than what the answer shows. So a merge
 * reads nothing, conflicts with no other and stores each value once; of a set of value/source pairs an item would grow with every worker that
 * tells the same.
 *
 * More than 120 facts about one entity are several updates, which are not one: a crash may leave the first of them. Nothing is lost by that. The batch
 * comes again, and whoever takes it merges all of it; each update's answer is the whole item, and the last one's holds all that the ones before it added
 * and what others wrote in between. So of a fact and a link that two workers write, the later update sees both, whichever part it is in. */
export function createDynamoStore({ client, table, wait = (ms) => sleep(ms) }: DynamoOptions): Store {
  const to: Table = { client, table, wait };

  /** One UpdateItem. `renewing`: only if it does not shorten the item's life. */
  async function update(ref: Ref, facts: readonly Fact[], expires: number, renewing: boolean): Promise<Item> {
    const names: Record<string, string> = { "#t": EXPIRES };
    const values: Item = Object.fromEntries([[":t", { N: String(expires) }], ...sourcesOf(facts)]);
    const sources = new Map(Object.entries(values).map(([key, value]) => [value.S, key]));
    const sets = facts.map((fact, index) => {
      names[`#${index}`] = attributeName(fact);
      return `#${index}=if_not_exists(#${index},${sources.get(fact.source)})`;
    });
    const id = wholeId(ref);
    const whole = id === undefined ? {} : { ":id": { S: id } };
    const expiry = renewing ? "#t=:t" : "#t=if_not_exists(#t,:t)";
    const command = new UpdateItemCommand({
      TableName: table,
      Key: { ...entityKey(ref) },
      UpdateExpression: `SET ${[expiry, ...(id === undefined ? [] : ["id=:id"]), ...sets].join(",")}`,
      ...(renewing && { ConditionExpression: "attribute_not_exists(#t) OR #t<=:t" }),
      ExpressionAttributeNames: names,
      ExpressionAttributeValues: { ...values, ...whole },
      ReturnValues: "ALL_NEW",
    });
    const { Attributes } = await answered(table, client.send(command));
    return Attributes ?? {};
  }

  async function renew(ref: Ref, facts: readonly Fact[], expires: number): Promise<Item> {
    try {
      return await update(ref, facts, expires, true);
    } catch (error) {
      if (!isConditionFailed(error)) throw error;
      return update(ref, facts, expires, false);
    }
  }

  /** Puts earlier sources in the place of later ones: few, as events come nearly in the order of their times. One at a time, so that each is right
   * whatever others write. */
  async function predate(ref: Ref, facts: readonly Fact[], merged: Item): Promise<Item> {
    let item = merged;
    for (const fact of facts) {
      const name = attributeName(fact);
      if ((merged[name]?.S ?? "") <= fact.source) continue;
      const command = new UpdateItemCommand({
        TableName: table,
        Key: { ...entityKey(ref) },
        UpdateExpression: "SET #0=:0",
        ConditionExpression: "#0 > :0",
        ExpressionAttributeNames: { "#0": name },
        ExpressionAttributeValues: { ":0": { S: fact.source } },
        ReturnValues: "ALL_NEW",
      });
      try {
        const { Attributes } = await answered(table, client.send(command));
        item = Attributes ?? item;
      } catch (error) {
        // Somebody else was earlier still.
        if (!isConditionFailed(error)) throw error;
      }
    }
    return item;
  }

  async function remove(key: Item, condition: Omit<DeleteItemCommandInput, "TableName" | "Key">): Promise<number> {
    try {
      const command = new DeleteItemCommand({ TableName: table, Key: { ...key }, ...condition });
      await answered(table, client.send(command));
      return 1;
    } catch (error) {
      if (!isConditionFailed(error)) throw error;
      return 0;
    }
  }

  async function dueIn(shard: number, range: readonly [string, string], limit: number): Promise<readonly Item[]> {
    const [from, until] = range;
    return firstOf(to, limit, {
      KeyConditionExpression: "pk = :pk AND sk BETWEEN :from AND :until",
      ExpressionAttributeValues: { ":pk": { S: dueShard(shard) }, ":from": { S: from }, ":until": { S: until } },
    });
  }

  return {
    async merge(ref, facts, keepUntil) {
      const expires = Math.ceil(keepUntil / 1_000 / HOUR_S) * HOUR_S;
      const [first = [], ...rest] = chunks(distinct(facts, table), FACTS_AT_A_TIME);
      let item = await renew(ref, first, expires);
      for (const more of rest) item = await update(ref, more, expires, false);
      return stateOf(ref, await predate(ref, [first, ...rest].flat(), item));
    },
    async read(refs) {
      const keys = new Map(refs.map((ref) => [entityKey(ref).pk?.S ?? "", entityKey(ref)]));
      const items = new Map((await getAll(to, [...keys.values()])).map((item) => [item.pk?.S, item]));
      return refs.map((ref) => stateOf(ref, items.get(entityKey(ref).pk?.S)));
    },
    async put(records) {
      const mark = crypto.randomUUID();
      const items = new Map(records.map((due) => [dueOrder(due), dueItem(due, mark)]));
      await putAll(to, [...items.values()]);
    },
    async due(until, limit, after) {
      const range = [after === undefined ? FIRST_DUE : `${dueOrder(after)}\u0000`, lastDue(until)] as const;
      if (range[0] > range[1]) return [];
      const shards = Array.from({ length: SHARDS }, (_, shard) => dueIn(shard, range, limit));
      return (await Promise.all(shards)).flat().sort(byKey).slice(0, limit).map(dueOf);
    },
    async done(records) {
      for (const some of chunks(records, PARALLEL)) await Promise.all(some.map((record) => remove(...settled(record))));
    },
    async *all() {
      for await (const item of scan(to)) if (isEntity(item)) yield stateOf(refOf(item), item);
    },
    async prune(now) {
      const old = { ":now": { N: String(now / 1_000) } };
      const expired = { ExpressionAttributeNames: { "#t": EXPIRES }, ExpressionAttributeValues: old };
      let gone = 0;
      for await (const item of scan(to, { ...expired, FilterExpression: "#t < :now" }))
        if (isEntity(item))
          gone += await remove(entityKey(refOf(item)), { ...expired, ConditionExpression: "#t < :now" });
      return gone;
    },
    async stats(): Promise<LedgerStats> {
      const entities: Partial<Record<Kind, number>> = {};
      const count = { facts: 0, due: 0 };
      const overflows: Record<string, number> = {};
      for await (const item of scan(to)) {
        if (isDue(item)) count.due += 1;
        if (isEntity(item)) {
          const { kind, sets } = stateOf(refOf(item), item);
          entities[kind] = (entities[kind] ?? 0) + 1;
          for (const values of sets.values()) count.facts += values.size;
          for (const attribute of sets.get(OVERFLOW)?.keys() ?? []) {
            const name = `${kind}.${attribute}`;
            overflows[name] = (overflows[name] ?? 0) + 1;
          }
        }
      }
      return { entities, ...count, overflows };
    },
    // The client is the caller's.
    close: () => undefined,
  };
}

/** A record that was read, and that nobody put again since. */
function settled(record: Waiting): [Item, Omit<DeleteItemCommandInput, "TableName" | "Key">] {
  const { pk, sk } = dueItem(record, record.mark);
  return [
    { ...(pk && { pk }), ...(sk && { sk }) },
    { ConditionExpression: "mark = :mark", ExpressionAttributeValues: { ":mark": { S: record.mark } } },
  ];
}

const sourcesOf = (facts: readonly Fact[]): [string, { S: string }][] =>
  [...new Set(facts.map(({ source }) => source))].map((source, index) => [`:${index}`, { S: source }]);

/** Each value once, with the earliest source that tells it. What alone is larger than an item is refused before any of it is written. */
function distinct(facts: readonly Fact[], table: string): readonly Fact[] {
  const byName = new Map<string, Fact>();
  let bytes = 0;
  for (const fact of facts) {
    const name = attributeName(fact);
    const known = byName.get(name);
    if (known === undefined || fact.source < known.source) byName.set(name, fact);
    if (known === undefined) bytes += Buffer.byteLength(name) + Buffer.byteLength(fact.source);
  }
  if (bytes > MAX_ITEM_BYTES)
    throw new CrosstrailError("E_LEDGER_FULL", `${table}: ${bytes} bytes of facts about one entity`, {
      cause: undefined,
    });
  return [...byName.values()];
}

const isConditionFailed = (error: unknown): boolean =>
  error instanceof CrosstrailError && error.cause instanceof ConditionalCheckFailedException;

/** As DynamoDB sorts: by bytes. */
const byKey = (a: Item, b: Item): number => Buffer.compare(Buffer.from(a.sk?.S ?? ""), Buffer.from(b.sk?.S ?? ""));
