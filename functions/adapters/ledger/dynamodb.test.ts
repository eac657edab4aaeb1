import { type DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Fact, Ref } from "../../../detectors/ledger/facts.ts";
import { type Dynamo, startDynamo } from "../../../test/support/dynamodb.ts";
import type { Due } from "../../ledger/ports.ts";
import { createDynamoStore } from "./dynamodb.ts";

const KEY: Ref = { kind: "key", id: "ASIAEXAMPLE00000001" };
const used = (value: string, source = "event"): Fact => ({ ...KEY, attribute: "used", value, source });
const DAY_MS = 86_400_000;

let dynamo: Dynamo;
beforeAll(async () => {
  dynamo = await startDynamo();
});
afterAll(() => dynamo.stop());

interface Sent {
  readonly name: string;
  readonly input: Record<string, unknown>;
}

/** A client whose answers are looked at, and changed, on their way. */
function watched(change: (sent: Sent, answer: () => Promise<unknown>) => Promise<unknown>) {
  const client = dynamo.client();
  const sent: Sent[] = [];
  const send = (command: { input: Record<string, unknown> }) => {
    const one = { name: command.constructor.name, input: command.input };
    sent.push(one);
    return change(one, () => client.send(command as never));
  };
  return { client: { send } as unknown as DynamoDBClient, sent };
}

const through = (_: Sent, answer: () => Promise<unknown>): Promise<unknown> => answer();
const failing = (error: object) => async (): Promise<never> => {
  throw Object.assign(new Error("no"), error);
};

describe("a merge", () => {
  it("is one UpdateItem that reads nothing and names each value once", async () => {
    const { client, sent } = watched(through);
    const store = createDynamoStore({ client, table: await dynamo.table() });
    await store.merge(KEY, [used("a"), used("b"), used("a", "later")], DAY_MS);
    expect(sent.map(({ name }) => name)).toEqual(["UpdateItemCommand"]);
    expect(sent[0]?.input.UpdateExpression).toBe("SET #t=:t,#0=if_not_exists(#0,:0),#1=if_not_exists(#1,:0)");
  });

  it("cuts its expressions below 4 KB and 300 operators and functions", async () => {
    const { client, sent } = watched(through);
    const store = createDynamoStore({ client, table: await dynamo.table() });
    await store.merge(
      KEY,
      Array.from({ length: 500 }, (_, index) => used(`value ${index}`, `source ${index}`)),
      DAY_MS,
    );
    expect(sent).toHaveLength(5);
    for (const { input } of sent) {
      const expression = String(input.UpdateExpression);
      expect(expression.length).toBeLessThan(4_096);
      expect(expression.split(/=|if_not_exists/).length - 1).toBeLessThan(300);
    }
  });

  const many = Array.from({ length: 500 }, (_, index) => used(`value ${index}`));
  const gone: Fact = { ...KEY, attribute: "podGone", value: "gone", source: "other" };

  it.each([0, 1, 2, 4])(
    "of several parts that fails behind part %i has added the ones before it, and all when it comes again",
    async (parts) => {
      const table = await dynamo.table();
      let left = parts;
      const { client } = watched(async (_, answer) => {
        left -= 1;
        if (left < 0) throw Object.assign(new Error("away"), { name: "InternalServerError", $fault: "server" });
        return answer();
      });
      await expect(createDynamoStore({ client, table }).merge(KEY, many, DAY_MS)).rejects.toMatchObject({
        ...{ code: "E_LEDGER", kind: "transient" },
      });
      const other = createDynamoStore({ client: dynamo.client(), table });
      // Who writes in between sees what there is, and is seen.
      const between = await other.merge(KEY, [gone], DAY_MS);
      expect(between.sets.get("used")?.size ?? 0).toBe(parts * 120);
      const again = await other.merge(KEY, many, DAY_MS);
      expect(again.sets.get("used")?.size).toBe(500);
      expect(again.sets.get("podGone")?.size).toBe(1);
    },
  );

  it("of several parts answers with all of them, and with what others wrote between them: of two that meet, one sees both", async () => {
    const table = await dynamo.table();
    const other = createDynamoStore({ client: dynamo.client(), table });
    let updates = 0;
    let seenByOther: number | undefined;
    const { client } = watched(async (_, answer) => {
      updates += 1;
      if (updates === 3) seenByOther = (await other.merge(KEY, [gone], DAY_MS)).sets.get("used")?.size;
      return answer();
    });
    const state = await createDynamoStore({ client, table }).merge(KEY, many, DAY_MS);
    expect(updates).toBe(5);
    // The other saw two parts; this one all five, and the other's.
    expect(seenByOther).toBe(240);
    expect(state.sets.get("used")?.size).toBe(500);
    expect(state.sets.get("podGone")?.size).toBe(1);
  });

  it("sets no attribute to an empty text of a name: an empty value is a fact like any other", async () => {
    const store = createDynamoStore({ client: dynamo.client(), table: await dynamo.table() });
    const state = await store.merge(KEY, [used(""), used("", "later"), used("a", "")], DAY_MS);
    expect([...(state.sets.get("used") ?? [])].sort()).toEqual([
      ["", "event"],
      ["a", ""],
    ]);
    // Sets of which nothing was told are not there.
    expect([...state.sets.keys()]).toEqual(["used"]);
  });

  it("leaves throttling to the SDK: it asks once, and says that it may pass", async () => {
    const { client, sent } = watched(failing({ name: "ThrottlingException", $fault: "client" }));
    await expect(createDynamoStore({ client, table: "t" }).merge(KEY, [used("a")], DAY_MS)).rejects.toMatchObject({
      kind: "transient",
    });
    expect(sent).toHaveLength(1);
  });

  it("gives the item a life in seconds, to the hour, that no later merge shortens", async () => {
    const table = await dynamo.table();
    const { client, sent } = watched(through);
    const store = createDynamoStore({ client, table });
    const life = async () => {
      const Key = { pk: { S: `key/${KEY.id}` }, sk: { S: "entity" } };
      return (await dynamo.client().send(new GetItemCommand({ TableName: table, Key }))).Item?.expires?.N;
    };
    await store.merge(KEY, [used("a")], DAY_MS + 1);
    expect(await life()).toBe(String(25 * 3_600));
    await store.merge(KEY, [used("b")], DAY_MS / 2);
    expect(await life()).toBe(String(25 * 3_600));
    expect(sent).toHaveLength(3);
    await store.merge(KEY, [used("c")], 2 * DAY_MS);
    expect(await life()).toBe(String(48 * 3_600));
    expect((await store.read([KEY]))[0]?.sets.get("used")?.size).toBe(3);
  });
});

describe("what DynamoDB leaves over", () => {
  /** Answers of which half, rounded up, is left over. */
  async function halved({ name }: Sent, answer: () => Promise<unknown>, input: Record<string, unknown>) {
    const requests = input.RequestItems as Record<string, { Keys?: unknown[] } | unknown[]>;
    const [table = "", wanted] = Object.entries(requests)[0] ?? [];
    const all = (Array.isArray(wanted) ? wanted : wanted?.Keys) ?? [];
    const left = all.splice(Math.ceil(all.length / 2));
    const result = (await answer()) as object;
    if (left.length === 0) return result;
    return name === "BatchGetItemCommand"
      ? { ...result, UnprocessedKeys: { [table]: { Keys: left } } }
      : { ...result, UnprocessedItems: { [table]: left } };
  }

  it("is asked for again, at growing distance, until it is there", async () => {
    const waits: number[] = [];
    const { client } = watched((sent, answer) =>
      sent.name.startsWith("Batch") ? halved(sent, answer, sent.input) : answer(),
    );
    const wait = async (ms: number): Promise<void> => {
      waits.push(ms);
    };
    const store = createDynamoStore({ client, table: await dynamo.table(), wait });
    const refs = Array.from({ length: 30 }, (_, index): Ref => ({ kind: "key", id: String(index) }));
    for (const ref of refs) await store.merge(ref, [{ ...used(ref.id), ...ref }], DAY_MS);
    const states = await store.read(refs);
    expect(states.map(({ id, sets }) => [id, ...(sets.get("used")?.keys() ?? [])])).toEqual(
      refs.map(({ id }) => [id, id]),
    );
    await store.put(refs.map((ref): Due => ({ at: "2026-11-22T10:05:00.000Z", ...ref, detector: "a/b" })));
    expect(await store.due("2027", 100)).toHaveLength(30);
    expect(waits.length).toBeGreaterThan(5);
  });

  it("is the ledger's error when it stays", async () => {
    const waits: number[] = [];
    const { client } = watched(async ({ input }) => ({ UnprocessedKeys: input.RequestItems }));
    const wait = async (ms: number): Promise<void> => {
      waits.push(ms);
    };
    const store = createDynamoStore({ client, table: "table", wait });
    await expect(store.read([KEY])).rejects.toMatchObject({ code: "E_LEDGER", kind: "transient" });
    expect(waits.length).toBe(8);
    expect(Math.max(...waits)).toBeLessThan(10_000);
    expect((waits.at(-1) ?? 0) / (waits[0] ?? 1)).toBeGreaterThan(16);
  });
});

describe("an error", () => {
  it.each([
    ["of throttling", { name: "ThrottlingException", $fault: "client" }, "E_LEDGER"],
    ["of capacity", { name: "ProvisionedThroughputExceededException", $fault: "client" }, "E_LEDGER"],
    ["of the server", { name: "InternalServerError", $fault: "server" }, "E_LEDGER"],
    ["of the network", { name: "Error", code: "ECONNREFUSED" }, "E_LEDGER"],
    ["of an old session", { name: "ExpiredTokenException", $fault: "client" }, "E_LEDGER"],
    ["of rights", { name: "AccessDeniedException", $fault: "client" }, "E_LEDGER_REFUSED"],
    ["of a request that is not valid", { name: "ValidationException", $fault: "client" }, "E_LEDGER_REFUSED"],
    ["of missing credentials", { name: "CredentialsProviderError" }, "E_LEDGER_REFUSED"],
  ])("%s says whether it may pass", async (_, error, code) => {
    const { client } = watched(failing(error));
    const store = createDynamoStore({ client, table: "table" });
    const due: Due = { at: "2026-11-22T10:05:00.000Z", ...KEY, detector: "a/b" };
    const calls = [
      store.merge(KEY, [used("a")], DAY_MS),
      store.read([KEY]),
      store.put([due]),
      store.due("2027", 1),
      store.done([{ ...due, mark: "1" }]),
      store.stats(),
      store.prune(1),
    ];
    for (const call of calls) await expect(call).rejects.toMatchObject({ code, message: "table: no" });
  });

  it("of a table that is not there is not tried again", async () => {
    const store = createDynamoStore({ client: dynamo.client(), table: "no-such-table" });
    await expect(store.read([KEY])).rejects.toMatchObject({ code: "E_LEDGER_REFUSED", kind: "refused" });
  });
});
