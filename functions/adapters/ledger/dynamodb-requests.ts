import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  type DynamoDBClient,
  QueryCommand,
  type QueryCommandInput,
  ScanCommand,
  type ScanCommandInput,
  type WriteRequest,
} from "@aws-sdk/client-dynamodb";
import { CrosstrailError, type ErrorCode } from "../../../schemas/errors.ts";
import type { Item } from "./dynamodb-items.ts";

export interface Table {
  readonly client: DynamoDBClient;
  readonly table: string;
  /** Waits between two questions for what DynamoDB left over. */
  readonly wait: (ms: number) => Promise<void>;
}

const GET_AT_A_TIME = 100;
const WRITE_AT_A_TIME = 25;
const MAX_ROUNDS = 8;
const FIRST_WAIT_MS = 25;

/** The answer, or an error with a code that says what to do next. */
export async function answered<T>(table: string, request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (cause) {
    throw ledgerError(table, cause);
  }
}

const ledgerError = (table: string, cause: unknown): CrosstrailError =>
  new CrosstrailError(codeOf(cause), `${table}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });

/** Told apart by name: what the caller did wrong stays wrong, everything else may pass. */
const PASSING: ReadonlySet<string> = new Set([
  "ExpiredTokenException",
  "ProvisionedThroughputExceededException",
  "RequestLimitExceeded",
  "RequestTimeoutException",
  "ThrottlingException",
  "TransactionConflictException",
  "TransactionInProgressException",
]);

function codeOf(cause: unknown): ErrorCode {
  const { name, message, $fault } = cause as { name?: string; message?: string; $fault?: string };
  if (name === "ValidationException" && /maximum allowed size/.test(message ?? "")) return "E_LEDGER_FULL";
  if (name === "CredentialsProviderError") return "E_LEDGER_REFUSED";
  return $fault === "client" && !PASSING.has(name ?? "") ? "E_LEDGER_REFUSED" : "E_LEDGER";
}

/** Asks again for what is left over, at growing distance, until nothing is or nothing moves. */
async function untilNothingIsLeft<T>(
  { table, wait }: Table,
  all: readonly T[],
  ask: (some: readonly T[]) => Promise<readonly T[]>,
): Promise<void> {
  let left = all;
  for (let round = 0; ; round += 1) {
    const before = left.length;
    left = await ask(left);
    if (left.length === 0) return;
    if (left.length < before) round = 0;
    if (round >= MAX_ROUNDS)
      throw new CrosstrailError("E_LEDGER", `${table}: ${left.length} items stay unprocessed`, { cause: undefined });
    await wait(FIRST_WAIT_MS * 2 ** round * (0.5 + Math.random() / 2));
  }
}

/** The items of these keys, each key once; of a key without an item, nothing. */
export async function getAll(to: Table, keys: readonly Item[]): Promise<readonly Item[]> {
  const found = chunks(keys, GET_AT_A_TIME).map(async (some) => {
    const items: Item[] = [];
    await untilNothingIsLeft(to, some, async (left) => {
      const request = { [to.table]: { Keys: [...left], ConsistentRead: true } };
      const command = new BatchGetItemCommand({ RequestItems: request });
      const { Responses, UnprocessedKeys } = await answered(to.table, to.client.send(command));
      items.push(...(Responses?.[to.table] ?? []));
      return UnprocessedKeys?.[to.table]?.Keys ?? [];
    });
    return items;
  });
  return (await Promise.all(found)).flat();
}

/** Puts items, each key once. */
export async function putAll(to: Table, items: readonly Item[]): Promise<void> {
  const requests = items.map((item): WriteRequest => ({ PutRequest: { Item: { ...item } } }));
  for (const some of chunks(requests, WRITE_AT_A_TIME))
    await untilNothingIsLeft(to, some, async (left) => {
      const command = new BatchWriteItemCommand({ RequestItems: { [to.table]: [...left] } });
      const { UnprocessedItems } = await answered(to.table, to.client.send(command));
      return UnprocessedItems?.[to.table] ?? [];
    });
}

/** Every item of a query, page by page. */
export async function* query({ client, table }: Table, input: Omit<QueryCommandInput, "TableName">) {
  for (let from: Item | undefined; ; ) {
    const command = new QueryCommand({ ...input, TableName: table, ConsistentRead: true, ...start(from) });
    const { Items, LastEvaluatedKey } = await answered(table, client.send(command));
    yield* Items ?? [];
    from = LastEvaluatedKey;
    if (from === undefined) return;
  }
}

/** The first `limit` items that a question finds. */
export async function firstOf(
  to: Table,
  limit: number,
  input: Omit<QueryCommandInput, "TableName" | "Limit">,
): Promise<readonly Item[]> {
  const found: Item[] = [];
  for await (const item of query(to, { ...input, Limit: limit })) {
    found.push(item);
    if (found.length >= limit) break;
  }
  return found;
}

/** Every item of the table: what an operator may ask for, and no detector. */
export async function* scan({ client, table }: Table, input: Omit<ScanCommandInput, "TableName"> = {}) {
  for (let from: Item | undefined; ; ) {
    const command = new ScanCommand({ ...input, TableName: table, ConsistentRead: true, ...start(from) });
    const { Items, LastEvaluatedKey } = await answered(table, client.send(command));
    yield* Items ?? [];
    from = LastEvaluatedKey;
    if (from === undefined) return;
  }
}

const start = (from: Item | undefined) => (from === undefined ? {} : { ExclusiveStartKey: { ...from } });

export const chunks = <T>(all: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, index) => all.slice(index * size, (index + 1) * size));
