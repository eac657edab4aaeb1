import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Draft } from "../../../detectors/core/compose.ts";
import { mergeDrafts } from "../../../detectors/core/merge.ts";
import { draftOf } from "../../../test/support/drafts.ts";
import { type Dynamo, startDynamo } from "../../../test/support/dynamodb.ts";
import { createDynamoFindings } from "./dynamodb.ts";

const KEEP = Date.UTC(2027, 0);
let dynamo: Dynamo;
beforeAll(async () => {
  dynamo = await startDynamo();
});
afterAll(() => dynamo.stop());

interface Sent {
  readonly name: string;
  readonly input: Record<string, unknown>;
}

/** A store whose requests are looked at, and changed, on their way. */
async function watched(change: (sent: Sent, answer: () => Promise<unknown>) => Promise<unknown>) {
  const client = dynamo.client();
  const table = await dynamo.table();
  const sent: string[] = [];
  const waits: number[] = [];
  const send = (command: { input: Record<string, unknown> }) => {
    const { name } = command.constructor;
    sent.push(name);
    return change({ name, input: command.input }, () => client.send(command as never));
  };
  const wait = async (ms: number): Promise<void> => {
    waits.push(ms);
  };
  const store = createDynamoFindings({ client: { send } as unknown as DynamoDBClient, table, wait });
  return { store, sent, waits, other: createDynamoFindings({ client: dynamo.client(), table, wait }) };
}

describe("a merge", () => {
  it("is one read and one write, and of what is known one read", async () => {
    const { store, sent } = await watched((_, answer) => answer());
    await store.merge(draftOf(), KEEP);
    expect(sent).toEqual(["GetItemCommand", "UpdateItemCommand"]);
    await store.merge(draftOf(), KEEP);
    expect(sent.slice(2)).toEqual(["GetItemCommand"]);
  });

  it("joins again with what another worker wrote after it had read, also the first time", async () => {
    let between = 3;
    const { store, other } = await watched(async ({ name }, answer) => {
      if (name === "UpdateItemCommand" && between > 0) {
        between -= 1;
        await other.merge(draftOf({ event: `other ${between}`, severity: "high" }), KEEP);
      }
      return answer();
    });
    const { draft } = await store.merge(draftOf({ event: "mine" }), KEEP);
    expect(draft.finding).toMatchObject({ severity: "high", events: ["mine", "other 0", "other 1", "other 2"] });
    expect((await other.read([draft.finding.id]))[0]?.draft).toEqual(draft);
  });

  it("whose answer was lost finds what it has written", async () => {
    let lost = 1;
    const { store, other, sent } = await watched(async ({ name }, answer) => {
      const result = await answer();
      if (name !== "UpdateItemCommand" || lost === 0) return result;
      lost -= 1;
      // The client repeats a request without an answer, and the repetition fails on the condition.
      return answer();
    });
    await store.merge(draftOf({ event: "a" }), KEEP);
    await other.mark(draftOf().finding.id, { steps: ["new"], at: 1, seen: "s" });
    lost = 1;
    const { draft, steps } = await store.merge(draftOf({ event: "b" }), KEEP);
    expect(draft.finding.count).toBe(2);
    expect(steps).toEqual(new Set(["new"]));
    expect(sent.filter((name) => name === "UpdateItemCommand")).toHaveLength(2);
  });

  it("that never gets its turn rejects, and may come again", async () => {
    let others = 0;
    const { store, other, waits } = await watched(async ({ name }, answer) => {
      if (name === "UpdateItemCommand") {
        others += 1;
        await other.merge(draftOf({ event: `other ${others}` }), KEEP);
      }
      return answer();
    });
    await expect(store.merge(draftOf({ event: "mine" }), KEEP)).rejects.toMatchObject({
      code: "E_LEDGER",
      kind: "transient",
    });
    expect(waits).toHaveLength(20);
    expect(Math.max(...waits)).toBeLessThan(500);
  });

  it("does not shorten the life of a finding, and lengthens it when the same comes again", async () => {
    const { store, sent } = await watched((_, answer) => answer());
    await store.merge(draftOf(), KEEP);
    await store.merge(draftOf(), KEEP - 86_400_000);
    expect(sent).toHaveLength(3);
    await store.merge(draftOf(), KEEP + 86_400_000);
    expect(await store.prune(KEEP + 1)).toBe(0);
    expect(await store.prune(KEEP + 2 * 86_400_000)).toBe(1);
  });
});

describe("the largest finding", () => {
  /** Text of a client who wants it to be large: what it says does not repeat, and takes three bytes a character. */
  function hostile(seed: number, length: number): string {
    let state = seed + 1;
    return Array.from({ length }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return String.fromCharCode(0x4e00 + ((state >>> 8) % 20_000));
    }).join("");
  }

  const lines = (from: number, count: number, length: number) =>
    Array.from({ length: count }, (_, index) => hostile(from + index, length)).sort();

  /** As large as its parts may be, from two hundred events. */
  function large({ record, words }: { readonly record: number; readonly words: number }): Draft {
    const events = lines(0, 200, 256).map((event) => draftOf({ event }));
    const { finding, ...rest } = events.reduce(mergeDrafts);
    return {
      ...rest,
      finding: {
        ...finding,
        ...{ reasons: lines(1_000, 30, 512), notExempted: lines(3_000, 30, 512), title: hostile(5_001, 256) },
        evidence: lines(4_000, 20, 1_024).map((value) => ({ field: "a", value, event: hostile(1, 256) })),
        ...{
          description: hostile(5_002, 2_100),
          subject: hostile(5_003, 512),
          raw: [{ text: hostile(6_000, record) }],
        },
        ...{ actor: { ...finding.actor, groups: lines(7_000, 50, 512) } },
        ...{ action: { ...finding.action, argv: lines(8_000, words, 1_024) } },
      },
    };
  }

  it.each([
    ["whole", { record: 20_000, words: 2 }, { raw: 1, evidence: 20 }],
    ["without its record", { record: 65_000, words: 20 }, { raw: 0, evidence: 20 }],
    ["bare", { record: 65_000, words: 64 }, { raw: 0, evidence: 0 }],
  ])("fits into an item: %s", async (_, size, { raw, evidence }) => {
    const { store, sent } = await watched((_request, answer) => answer());
    const { draft } = await store.merge(large(size), KEEP);
    expect([draft.finding.raw.length, draft.finding.evidence.length]).toEqual([raw, evidence]);
    const { id, subject } = draft.finding;
    await store.mark(id, { steps: ["new"], at: 1, seen: "s" });
    expect((await store.read([id]))[0]).toEqual({ draft, steps: new Set(["new"]), last: { at: 1, seen: "s" } });
    sent.length = 0;
    await store.merge(large(size), KEEP);
    expect(sent).toEqual(["GetItemCommand"]);
    const more = await store.merge(draftOf({ event: "one more", severity: "high" }), KEEP);
    expect(more.draft.finding).toMatchObject({ count: 200, eventsTotal: "200+", severity: "high", id });
    expect(subject).toBe(hostile(5_003, 512));
  });
});

describe("an error", () => {
  it.each([
    ["of throttling", { name: "ThrottlingException", $fault: "client" }, "E_LEDGER"],
    ["of rights", { name: "AccessDeniedException", $fault: "client" }, "E_LEDGER_REFUSED"],
  ])("%s says whether it may pass", async (_, error, code) => {
    const { store } = await watched(async () => {
      throw Object.assign(new Error("no"), error);
    });
    const calls = [
      store.merge(draftOf(), KEEP),
      store.read(["ct-1"]),
      store.mark("ct-1", { steps: ["new"], at: 1, seen: "s" }),
      store.remind([{ at: 1, id: "ct-1" }]),
      store.reminders(1, 1),
      store.forget([{ at: 1, id: "ct-1" }]),
      store.count(),
      store.prune(1),
    ];
    for (const call of calls) await expect(call).rejects.toMatchObject({ code });
  });
});
