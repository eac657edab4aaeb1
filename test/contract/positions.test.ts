import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDynamoStore } from "../../functions/adapters/ledger/dynamodb.ts";
import { openSqliteStore } from "../../functions/adapters/ledger/sqlite.ts";
import { createDynamoPositions } from "../../functions/adapters/positions/dynamodb.ts";
import { openSqlitePositions } from "../../functions/adapters/positions/sqlite.ts";
import { createMemoryPositions, type Positions } from "../../functions/positions.ts";
import { type Dynamo, startDynamo } from "../support/dynamodb.ts";

const dir = mkdtempSync(join(tmpdir(), "crosstrail-positions-"));
let dynamo: Dynamo;
beforeAll(async () => {
  dynamo = await startDynamo();
});
afterAll(async () => {
  await dynamo.stop();
  rmSync(dir, { recursive: true });
});

let files = 0;
const kinds: readonly (readonly [string, () => Promise<Positions>])[] = [
  ["memory", async () => createMemoryPositions()],
  [
    "SQLite",
    async () => {
      files += 1;
      return openSqlitePositions(join(dir, `${files}.db`));
    },
  ],
  ["DynamoDB", async () => createDynamoPositions(dynamo.client(), await dynamo.table())],
];

describe.each(kinds)("positions in %s", (_, open) => {
  it("are what was written last, each by its name", async () => {
    const positions = await open();
    expect(await positions.read("a")).toBeUndefined();
    await positions.write("a", "1");
    await positions.write("b", "2");
    await positions.write("a", '{"sequence":"3"}');
    expect([await positions.read("a"), await positions.read("b")]).toEqual(['{"sequence":"3"}', "2"]);
  });
});

it("outlast the process, and stand beside the ledger in its file", async () => {
  const file = join(dir, "beside.db");
  const ledger = openSqliteStore(file);
  const positions = openSqlitePositions(file);
  await positions.write("a", "1");
  positions.close();
  await ledger.merge({ kind: "pod", id: "p" }, [], 1);
  expect((await ledger.stats()).facts).toBe(0);
  ledger.close();
  const again = openSqlitePositions(file);
  expect(await again.read("a")).toBe("1");
  again.close();
});

it("are no entities of the table that they stand in, nor due", async () => {
  const [client, table] = [dynamo.client(), await dynamo.table()];
  await createDynamoPositions(client, table).write("a", "1");
  const store = createDynamoStore({ client, table });
  expect(await store.stats()).toMatchObject({ entities: {}, facts: 0, due: 0 });
  const all: unknown[] = [];
  for await (const state of store.all()) all.push(state);
  expect(all).toEqual([]);
});
