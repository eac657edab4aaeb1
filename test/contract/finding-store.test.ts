import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Draft } from "../../detectors/core/compose.ts";
import { mergeDrafts } from "../../detectors/core/merge.ts";
import { createDynamoFindings } from "../../functions/adapters/findings/dynamodb.ts";
import { createMemoryFindings } from "../../functions/adapters/findings/memory.ts";
import { openSqliteFindings } from "../../functions/adapters/findings/sqlite.ts";
import { createDynamoStore } from "../../functions/adapters/ledger/dynamodb.ts";
import { createMemoryStore } from "../../functions/adapters/ledger/memory.ts";
import { openSqliteStore } from "../../functions/adapters/ledger/sqlite.ts";
import type { FindingStore, Findings, Kept, Reminder, Stamps, Told } from "../../functions/findings/ports.ts";
import type { Store } from "../../functions/ledger/ports.ts";
import { draftOf } from "../support/drafts.ts";
import { type Dynamo, startDynamo } from "../support/dynamodb.ts";

/** A place for findings, further ways into it as other workers have them, and the ledger beside it. */
interface Place {
  readonly store: Findings;
  readonly again: () => Findings;
  readonly ledger: Store;
}

const folder = mkdtempSync(join(tmpdir(), "crosstrail-findings-"));
const opened: { readonly close: () => void }[] = [];
function track<T extends { readonly close: () => void }>(store: T): T {
  opened.push(store);
  return store;
}
let dynamo: Dynamo | undefined;
let files = 0;

beforeAll(async () => {
  dynamo = await startDynamo();
});
afterAll(async () => {
  for (const store of opened) store.close();
  await dynamo?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const places: Readonly<Record<string, () => Promise<Place>>> = {
  async memory() {
    const store = createMemoryFindings();
    return { store, again: () => store, ledger: createMemoryStore() };
  },
  async SQLite() {
    files += 1;
    const file = join(folder, `${files}.db`);
    const again = (): Findings => track(openSqliteFindings(file));
    return { store: again(), again, ledger: track(openSqliteStore(file)) };
  },
  async DynamoDB() {
    if (dynamo === undefined) throw new Error("the emulator has not started");
    const { client, table } = dynamo;
    const name = await table();
    const again = (): Findings => createDynamoFindings({ client: client(), table: name, wait: async () => undefined });
    return { store: again(), again, ledger: createDynamoStore({ client: client(), table: name }) };
  },
};

const HOUR_MS = 3_600_000;
const KEEP = 20_000 * 24 * HOUR_MS;
const SEEN = "seen";

async function read(store: FindingStore, { finding: { id } }: Draft): Promise<Kept | undefined> {
  const [kept] = await store.read([id]);
  return kept;
}
async function everything(store: Findings): Promise<Kept[]> {
  const all: Kept[] = [];
  for await (const kept of store.all()) all.push(kept);
  return all.sort((a, b) => (a.draft.finding.id < b.draft.finding.id ? -1 : 1));
}
const severityOf = (kept: Kept | undefined) => kept?.draft.finding.severity;

describe.each(Object.entries(places))("findings in %s", (_name, open) => {
  describe("merge", () => {
    it("answers with everything that was merged before, by whomever", async () => {
      const { store, again } = await open();
      await store.merge(draftOf({ event: "a", severity: "high", second: 5, reason: "one" }), KEEP);
      const { draft } = await again().merge(draftOf({ event: "b", severity: "low", second: 1, reason: "two" }), KEEP);
      expect(draft.finding).toMatchObject({
        ...{ severity: "high", title: "x at 5", count: 2, events: ["a", "b"], reasons: ["one", "two"] },
        ...{ firstSeen: "2026-11-22T10:00:01.000Z", lastSeen: "2026-11-22T10:00:05.000Z" },
      });
      expect((await read(store, draft))?.draft).toEqual(draft);
    });

    it("keeps findings apart, and knows those that are not there", async () => {
      const { store } = await open();
      const [x, y, z] = [draftOf({ on: "x" }), draftOf({ on: "y", severity: "high" }), draftOf({ on: "z" })];
      await store.merge(x, KEEP);
      await store.merge(y, KEEP);
      const ids = [y, z, x, y].map(({ finding }) => finding.id);
      expect((await store.read(ids)).map(severityOf)).toEqual(["high", undefined, "low", "high"]);
      expect((await store.read([])).length).toBe(0);
    });

    it("of the same again changes nothing", async () => {
      const { store, again } = await open();
      const first = await store.merge(draftOf({ event: "a" }), KEEP);
      await store.merge(draftOf({ event: "b" }), KEEP);
      expect((await again().merge(draftOf({ event: "b" }), KEEP)).draft.finding.count).toBe(2);
      expect((await again().merge(first.draft, KEEP)).draft.finding.count).toBe(2);
    });

    it("counts what many workers tell at the same time to 200 exactly, and then says 200+", async () => {
      const { store, again } = await open();
      const workers = [store, again(), again(), again()];
      const tell = (from: number, to: number) =>
        Promise.all(
          workers.map(async (worker, index) => {
            for (let n = from; n < to; n += 1)
              // Each event is told by two of them.
              if (n % 4 === index || (n + 1) % 4 === index) await worker.merge(draftOf({ event: `e${n}` }), KEEP);
          }),
        );
      await tell(0, 200);
      expect((await read(store, draftOf()))?.draft.finding).toMatchObject({ count: 200, eventsTotal: "200" });
      await tell(196, 204);
      expect((await read(store, draftOf()))?.draft.finding).toMatchObject({ count: 200, eventsTotal: "200+" });
    });

    const told = fc.record({
      event: fc.constantFrom("a", "b", "c", "d"),
      on: fc.constantFrom("x", "y"),
      severity: fc.constantFrom("low", "medium", "high"),
      second: fc.nat({ max: 9 }),
      reason: fc.constantFrom("é", "🦀", '"'),
    });
    const merges = fc.array(fc.record({ told, worker: fc.nat({ max: 2 }), lost: fc.boolean() }), { maxLength: 10 });

    it("gives the join of all drafts, in whatever order, however often, by however many, with whatever answers lost", async () => {
      await fc.assert(
        fc.asyncProperty(merges, fc.boolean(), async (all, atOnce) => {
          const { store, again } = await open();
          const workers = [store, again(), again()];
          const tell = async ({ told: one, worker, lost }: (typeof all)[number]) => {
            const work = () => (workers[worker] ?? store).merge(draftOf(one), KEEP);
            if (lost) await work();
            await work();
          };
          if (atOnce) await Promise.all(all.map(tell));
          else for (const one of all) await tell(one);
          const joined = Map.groupBy(
            all.map((one) => draftOf(one.told)),
            ({ finding }) => finding.id,
          );
          const expected = [...joined.values()].map((drafts) => drafts.reduce(mergeDrafts));
          expect((await everything(store)).map(({ draft }) => draft)).toEqual(
            expected.sort((a, b) => (a.finding.id < b.finding.id ? -1 : 1)),
          );
        }),
        { numRuns: 25 },
      );
    });
  });

  describe("marks", () => {
    const at = Date.UTC(2026, 10, 22, 11);

    it("are added up, and of publications the latest stays", async () => {
      const { store, again } = await open();
      const draft = draftOf();
      const { id } = draft.finding;
      expect(await store.merge(draft, KEEP)).toEqual({ draft, steps: new Set() });
      await store.mark(id, { steps: ["new", "10"], at, seen: "b" });
      await again().mark(id, { steps: ["10", "100"], at: at - 1, seen: "c" });
      await again().mark(id, { steps: [], at: at - 2, seen: "d" });
      const expected = { steps: new Set(["new", "10", "100"]), last: { at, seen: "b" } };
      expect(await read(store, draft)).toMatchObject(expected);
      expect(await again().merge(draftOf({ event: "other" }), KEEP)).toMatchObject(expected);
      await store.mark(id, { steps: [], at, seen: "c" });
      await store.mark(id, { steps: ["x"], at, seen: "a" });
      expect(await read(store, draft)).toMatchObject({
        steps: new Set(["new", "10", "100", "x"]),
        last: { at, seen: "c" },
      });
    });

    it("of a finding that is not there leave nothing behind", async () => {
      const { store } = await open();
      const draft = draftOf();
      await store.mark(draft.finding.id, { steps: ["new"], at, seen: SEEN });
      expect(await read(store, draft)).toBeUndefined();
      expect(await store.count()).toBe(0);
      expect((await store.merge(draft, KEEP)).steps).toEqual(new Set());
    });

    it("and merges at the same time do not stand in each other's way", async () => {
      const { store, again } = await open();
      const { id } = (await store.merge(draftOf({ event: "first" }), KEEP)).draft.finding;
      const [one, other] = [again(), again()];
      const some = Array.from({ length: 20 }, (_, index) => index);
      await Promise.all([
        ...some.map((n) => one.merge(draftOf({ event: `e${n}` }), KEEP)),
        ...some.map((n) => other.mark(id, { steps: [`step ${n}`], at: at + n, seen: SEEN })),
      ]);
      const kept = await read(store, draftOf());
      expect(kept?.draft.finding.count).toBe(21);
      expect(kept?.steps).toEqual(new Set(some.map((n) => `step ${n}`)));
      expect(kept?.last).toEqual({ at: at + 19, seen: SEEN });
    });
  });

  describe("a finding", () => {
    it("is kept as long as anybody asked for, and goes with its marks", async () => {
      const { store, again } = await open();
      const draft = draftOf();
      await store.merge(draft, 10 * HOUR_MS);
      await store.merge(draftOf({ on: "stays" }), 90 * HOUR_MS);
      await store.mark(draft.finding.id, { steps: ["new"], at: 1, seen: SEEN });
      await again().merge(draftOf({ event: "later" }), 5 * HOUR_MS);
      expect(await store.prune(9 * HOUR_MS)).toBe(0);
      // The same again is a sign of life.
      await again().merge(draft, 20 * HOUR_MS);
      expect(await store.prune(19 * HOUR_MS)).toBe(0);
      expect((await read(store, draft))?.steps).toEqual(new Set(["new"]));
      expect(await again().prune(21 * HOUR_MS)).toBe(1);
      expect((await everything(store)).map((kept) => kept.draft.finding.title)).toEqual(["stays at 0"]);
      const back = await store.merge(draft, 30 * HOUR_MS);
      expect(back).toEqual({ draft, steps: new Set() });
      expect(await read(store, draft)).toEqual(back);
      expect(await store.prune(21 * HOUR_MS)).toBe(0);
    });

    it("is no entity of the ledger, nor the other way round", async () => {
      const { store, ledger } = await open();
      const ref = { kind: "key", id: "ASIAEXAMPLE00000001" } as const;
      await ledger.merge(ref, [{ ...ref, attribute: "used", value: "a", source: "e" }], 10 * HOUR_MS);
      await ledger.put([{ at: "2026-11-22T10:05:00.000Z", ...ref, detector: "a/b" }]);
      await store.merge(draftOf(), 10 * HOUR_MS);
      await store.remind([{ at: 1, id: "ct-1" }]);
      expect(await ledger.stats()).toMatchObject({ entities: { key: 1 }, facts: 1, due: 1 });
      expect(await store.count()).toBe(1);
      expect(await everything(store)).toHaveLength(1);
      const ids: string[] = [];
      for await (const { id } of ledger.all()) ids.push(id);
      expect(ids).toEqual([ref.id]);
      expect(await ledger.prune(20 * HOUR_MS)).toBe(1);
      expect(await store.count()).toBe(1);
      expect(await store.prune(20 * HOUR_MS)).toBe(1);
      expect((await ledger.stats()).due).toBe(1);
    });
  });

  describe("reminders", () => {
    const one = (at: number, id = "ct-a"): Reminder => ({ at, id });

    it("come when it is time, the oldest first, each once", async () => {
      const { store, again } = await open();
      const far = Date.UTC(2026, 10, 22, 11);
      await store.remind([one(far), one(5, "ct-b"), one(5, "ct-b"), one(7), one(900)]);
      await again().remind([one(7), one(1)]);
      const order = [one(1), one(5, "ct-b"), one(7), one(900), one(far)];
      expect(await store.reminders(0, 10)).toEqual([]);
      expect(await store.reminders(7, 10)).toEqual(order.slice(0, 3));
      expect(await store.reminders(far - 1, 10)).toEqual(order.slice(0, 4));
      expect(await store.reminders(far, 2)).toEqual(order.slice(0, 2));
      expect(await store.reminders(far, 10)).toEqual(order);
    });

    it("are gone when they are forgotten, and no others", async () => {
      const { store, again } = await open();
      await store.remind([one(1), one(1, "ct-b"), one(2)]);
      await again().forget([one(1), one(3)]);
      expect(await store.reminders(9, 9)).toEqual([one(1, "ct-b"), one(2)]);
    });

    it("are many", async () => {
      const { store } = await open();
      const many = Array.from({ length: 130 }, (_, index) => one(index, `ct-${index % 7}`));
      await store.remind(many);
      expect(await store.reminders(999, 100)).toEqual(many.slice(0, 100));
      await store.forget(many.slice(0, 100));
      expect(await store.reminders(999, 100)).toEqual(many.slice(100));
    });
  });
});

/** Those that the publisher has: a file on a laptop publishes nothing. */
const published: Readonly<
  Record<string, () => Promise<{ store: FindingStore & Stamps & Told; others: (Stamps & Told)[] }>>
> = {
  memory: async () => {
    const store = createMemoryFindings();
    return { store, others: [store, store] };
  },
  DynamoDB: async () => {
    const table = (await dynamo?.table()) ?? "";
    const open = () => createDynamoFindings({ client: (dynamo as Dynamo).client(), table });
    return { store: open(), others: [open(), open()] };
  },
};

describe.each(Object.entries(published))("publications of findings in %s", (_name, open) => {
  it("have times that grow, also when the clock stands still or goes back", async () => {
    const { store } = await open();
    const { id } = (await store.merge(draftOf(), KEEP)).draft.finding;
    expect(await store.stamp(id, 1_000)).toBe(1_000);
    expect(await store.stamp(id, 1_000)).toBe(1_001);
    expect(await store.stamp(id, 400)).toBe(1_002);
    expect(await store.stamp(id, 5_000)).toBe(5_000);
  });

  it("never have one time twice, however many publish at once", async () => {
    const { store, others } = await open();
    const { id } = (await store.merge(draftOf(), KEEP)).draft.finding;
    const all = [store, ...others].flatMap((one) => [7, 7, 9].map((now) => one.stamp(id, now)));
    expect(new Set(await Promise.all(all)).size).toBe(9);
  });

  it("leave the finding, its marks and its merges as they are", async () => {
    const { store } = await open();
    const { id } = (await store.merge(draftOf(), KEEP)).draft.finding;
    await store.mark(id, { steps: ["severity low"], at: 3, seen: SEEN });
    await store.stamp(id, 50);
    await store.told(id, "told low");
    await store.told(id, "told low");
    await store.told(id, "told high");
    const kept = await store.merge(draftOf({ event: "another" }), KEEP);
    expect(kept.steps).toEqual(new Set(["severity low", "told low", "told high"]));
    expect(kept.last).toEqual({ at: 3, seen: SEEN });
    expect(await store.stamp(id, 1)).toBe(51);
  });

  it("of a finding that is gone are none, and make none", async () => {
    const { store } = await open();
    expect(await store.stamp("ct-none", 1)).toBeUndefined();
    await store.told("ct-none", "told low");
    expect(await store.read(["ct-none"])).toEqual([undefined]);
  });
});
