import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Fact, fact, idOf, OVERFLOW, type Ref, type State } from "../../detectors/ledger/facts.ts";
import { createDynamoStore } from "../../functions/adapters/ledger/dynamodb.ts";
import { createMemoryStore } from "../../functions/adapters/ledger/memory.ts";
import { openSqliteStore } from "../../functions/adapters/ledger/sqlite.ts";
import type { Due, Store } from "../../functions/ledger/ports.ts";
import { CrosstrailError } from "../../schemas/errors.ts";
import { type Dynamo, startDynamo } from "../support/dynamodb.ts";

/** A ledger, and further ways into the same one: as other workers have them, or the same one after a restart. */
interface Ledger {
  readonly store: Store;
  /** Undefined where there is only one way in. */
  readonly again?: () => Store;
}

const folder = mkdtempSync(join(tmpdir(), "crosstrail-ledger-"));
const opened: Store[] = [];
const track = (store: Store): Store => {
  opened.push(store);
  return store;
};
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

const stores: Readonly<Record<string, () => Promise<Ledger>>> = {
  memory: async () => ({ store: track(createMemoryStore()) }),
  async SQLite() {
    files += 1;
    const file = join(folder, `${files}.db`);
    const again = (): Store => track(openSqliteStore(file));
    return { store: again(), again };
  },
  async DynamoDB() {
    if (dynamo === undefined) throw new Error("the emulator has not started");
    const { client, table } = dynamo;
    const name = await table();
    const again = (): Store => track(createDynamoStore({ client: client(), table: name }));
    return { store: again(), again };
  },
};

const DAY_MS = 86_400_000;
const KEEP = 20_000 * DAY_MS;
const KEY: Ref = { kind: "key", id: "ASIAEXAMPLE00000001" };
const OTHER: Ref = { kind: "key", id: "ASIAEXAMPLE00000002" };
const POD: Ref = { kind: "pod", id: "111122223333/eu-central-1/demo/uid" };

const told = (ref: Ref, attribute: string, value: string, source = "event"): Fact => ({
  ...{ kind: ref.kind, id: ref.id, attribute, value, source },
});
const setsOf = ({ sets }: State): Record<string, Record<string, string>> =>
  Object.fromEntries([...sets].map(([attribute, values]) => [attribute, Object.fromEntries(values)]));
const valuesIn = ({ sets }: State): string[] =>
  [...sets].flatMap(([attribute, values]) => [...values.keys()].map((value) => `${attribute}=${value}`)).sort();
const read = async (store: Store, ref: Ref): Promise<State> => {
  const [state] = await store.read([ref]);
  if (state === undefined) throw new Error("no answer");
  return state;
};
async function everything(store: Store): Promise<State[]> {
  const states: State[] = [];
  for await (const state of store.all()) states.push(state);
  return states.sort((a, b) => (`${a.kind}/${a.id}` < `${b.kind}/${b.id}` ? -1 : 1));
}

describe.each(Object.entries(stores))("a ledger in %s", (_name, open) => {
  describe("merge", () => {
    it("answers with everything that was merged before, by whomever", async () => {
      const { store, again = () => store } = await open();
      await store.merge(KEY, [told(KEY, "used", "a", "1")], KEEP);
      await again().merge(KEY, [told(KEY, "used", "b", "2"), told(KEY, "pod", "p", "2")], KEEP);
      const state = await store.merge(KEY, [told(KEY, "used", "c", "3")], KEEP);
      expect(state).toMatchObject(KEY);
      expect(setsOf(state)).toEqual({ used: { a: "1", b: "2", c: "3" }, pod: { p: "2" } });
    });

    it("keeps the smallest source that told a value, and answers with it", async () => {
      const { store, again = () => store } = await open();
      await store.merge(KEY, [told(KEY, "used", "a", "3"), told(KEY, "used", "a", "2")], KEEP);
      expect(setsOf(await read(store, KEY))).toEqual({ used: { a: "2" } });
      const state = await again().merge(KEY, [told(KEY, "used", "a", "1"), told(KEY, "used", "b", "1")], KEEP);
      expect(setsOf(state)).toEqual({ used: { a: "1", b: "1" } });
      expect(setsOf(await store.merge(KEY, [told(KEY, "used", "a", "4")], KEEP))).toEqual(setsOf(state));
      expect(setsOf(await read(store, KEY))).toEqual(setsOf(state));
    });

    it("keeps entities, sets and values apart", async () => {
      const { store } = await open();
      await store.merge(KEY, [told(KEY, "used", "a"), told(KEY, "pod", "a")], KEEP);
      await store.merge(OTHER, [told(OTHER, "used", "b")], KEEP);
      await store.merge({ kind: "pod", id: KEY.id }, [told({ kind: "pod", id: KEY.id }, "name", "c")], KEEP);
      const states = await store.read([KEY, OTHER, { kind: "pod", id: KEY.id }]);
      expect(states.map(valuesIn)).toEqual([["pod=a", "used=a"], ["used=b"], ["name=c"]]);
    });

    it("of nothing changes nothing", async () => {
      const { store } = await open();
      expect(setsOf(await store.merge(KEY, [], KEEP))).toEqual({});
      await store.merge(KEY, [told(KEY, "used", "a")], KEEP);
      expect(setsOf(await store.merge(KEY, [], KEEP))).toEqual({ used: { a: "event" } });
    });

    it("loses nothing of what several writers merge at the same time, and each sees what was answered before", async () => {
      const { store, again = () => store } = await open();
      const writers = [store, again(), again(), again()];
      const answers = await Promise.all(
        writers.flatMap((writer, index) =>
          Array.from({ length: 10 }, (_, n) =>
            writer.merge(
              KEY,
              [told(KEY, "used", `${index}-${n}`), told(KEY, "used", "same"), told(KEY, "pod", `${n}`)],
              KEEP,
            ),
          ),
        ),
      );
      const state = await read(store, KEY);
      expect(state.sets.get("used")?.size).toBe(41);
      expect(state.sets.get("pod")?.size).toBe(10);
      // Each answer is one moment of the entity: of any two, one holds the other.
      const sizes = answers.map(valuesIn).sort((a, b) => a.length - b.length);
      for (const [index, values] of sizes.entries())
        if (index > 0) expect(values).toEqual(expect.arrayContaining(sizes[index - 1] ?? []));
    });

    it("adds nothing of a merge that fails", async () => {
      const { store } = await open();
      await store.merge(KEY, [told(KEY, "used", "a")], KEEP);
      function* failing(): Generator<Fact> {
        yield told(KEY, "used", "b");
        throw new Error("in the middle");
      }
      const facts = { [Symbol.iterator]: failing } as unknown as readonly Fact[];
      await expect(store.merge(KEY, facts, KEEP)).rejects.toThrow("in the middle");
      expect(valuesIn(await read(store, KEY))).toEqual(["used=a"]);
      // And is none the worse for it.
      expect(valuesIn(await store.merge(KEY, [told(KEY, "used", "c")], KEEP))).toEqual(["used=a", "used=c"]);
    });

    it("gives answers that do not change when others write", async () => {
      const { store } = await open();
      const before = await store.merge(KEY, [told(KEY, "used", "a")], KEEP);
      await store.merge(KEY, [told(KEY, "used", "b")], KEEP);
      expect(valuesIn(before)).toEqual(["used=a"]);
    });

    it("takes a thousand facts about one entity", async () => {
      const { store } = await open();
      const facts = Array.from({ length: 1_000 }, (_, index) =>
        told(KEY, "used", `value ${index}`, `event ${index % 7}`),
      );
      const state = await store.merge(KEY, facts, KEEP);
      expect(state.sets.get("used")?.size).toBe(1_000);
      expect(setsOf(await read(store, KEY))).toEqual(setsOf(state));
      expect(state.sets.get("used")?.get("value 999")).toBe(`event ${999 % 7}`);
    });

    it.each(["at once", "bit by bit"])(
      "takes an entity of more than 400 KB %s, or refuses with a code and keeps what it held",
      async (how) => {
        const { store } = await open();
        await store.merge(KEY, [told(KEY, "issued", "before")], KEEP);
        const facts = Array.from({ length: 900 }, (_, index) => told(KEY, "used", `${index}-${"x".repeat(500)}`));
        const parts =
          how === "at once" ? [facts] : Array.from({ length: 9 }, (_, n) => facts.slice(n * 100, n * 100 + 100));
        const answered: Fact[] = [];
        const refusals: unknown[] = [];
        for (const part of parts)
          await store.merge(KEY, part, KEEP).then(
            () => answered.push(...part),
            (error) => refusals.push(error),
          );
        for (const error of refusals) {
          expect(error).toBeInstanceOf(CrosstrailError);
          expect(error).toMatchObject({ code: "E_LEDGER_FULL", kind: "refused" });
        }
        const state = await read(store, KEY);
        expect(state.sets.get("issued")?.size).toBe(1);
        for (const { value } of answered) expect(state.sets.get("used")?.has(value)).toBe(true);
        if (refusals.length === 0) expect(state.sets.get("used")?.size).toBe(900);
        // Others are none the worse for it.
        await store.merge(OTHER, [told(OTHER, "used", "a")], KEEP);
      },
    );
  });

  describe("read", () => {
    it("answers in the order of the question, as often as it was asked, and of what is not there with nothing", async () => {
      const { store } = await open();
      await store.merge(KEY, [told(KEY, "used", "a")], KEEP);
      await store.merge(POD, [told(POD, "name", "b")], KEEP);
      const states = await store.read([POD, OTHER, KEY, POD, OTHER]);
      expect(states.map(({ kind, id }) => ({ kind, id }))).toEqual([POD, OTHER, KEY, POD, OTHER]);
      expect(states.map(valuesIn)).toEqual([["name=b"], [], ["used=a"], ["name=b"], []]);
      expect(await store.read([])).toEqual([]);
    });

    it("takes hundreds of entities", async () => {
      const { store } = await open();
      const refs = Array.from({ length: 250 }, (_, index): Ref => ({ kind: "key", id: `ASIAEXAMPLE${index}` }));
      await Promise.all(refs.map((ref) => store.merge(ref, [told(ref, "used", ref.id)], KEEP)));
      const states = await store.read([...refs].reverse());
      expect(states.map(valuesIn)).toEqual([...refs].reverse().map(({ id }) => [`used=${id}`]));
    });
  });

  const odd = [
    ["quotes", `'; DROP TABLE fact; -- " \\ \` %`],
    ["an empty text", ""],
    ["blanks", "  "],
    ["characters of two units", "🦀 𝒳 é e\u0301 \u2028 \uffff"],
    ["names of a language", "__proto__"],
    ["text from right to left", "\u202Eabc\u202C שלום"],
    ["a long text", "é".repeat(512)],
    ["expressions", "#0 :0 if_not_exists(a, b)"],
  ] as const;

  it.each(odd)("keeps %s as they are, in ids, values and sources", async (_what, text) => {
    const { store } = await open();
    const id = idOf("podName", ["111122223333", text, text, text, text]);
    const facts = [
      fact("podName", id, "pod", { id: text }, text),
      fact("podName", id, "entered", { time: "2026-11-22T10:00:00Z", by: text, how: "" }, text),
    ];
    const ref: Ref = { kind: "podName", id };
    const state = await store.merge(ref, facts, KEEP);
    expect(state.id).toBe(id);
    expect(setsOf(state)).toEqual({
      pod: { [facts[0]?.value ?? ""]: text },
      entered: { [facts[1]?.value ?? ""]: text },
    });
    expect(setsOf(await read(store, ref))).toEqual(setsOf(state));
    expect((await everything(store)).map((one) => one.id)).toEqual([id]);
    const due: Due = { at: "2026-11-22T10:05:00.000Z", ...ref, detector: "a/b" };
    await store.put([due]);
    const waiting = await store.due(due.at, 10);
    expect(waiting).toMatchObject([due]);
    expect(await store.due(due.at, 10, waiting[0])).toEqual([]);
    await store.done(waiting);
    expect(await store.due(due.at, 10)).toEqual([]);
  });

  it("keeps what no text can hold as something that it can, the same in every answer", async () => {
    const { store } = await open();
    const half = fact("key", KEY.id, "pod", { id: `a${"🦀"[0]}b` }, `x${"🦀"[1]}\u0000y`);
    const cut = fact("key", KEY.id, "pod", { id: `${"x".repeat(511)}🦀` }, "event");
    const state = await store.merge(KEY, [half, cut], KEEP);
    expect(valuesIn(state)).toEqual(
      valuesIn({
        ...KEY,
        sets: new Map([
          [
            "pod",
            new Map([
              [half.value, ""],
              [cut.value, ""],
            ]),
          ],
        ]),
      }),
    );
    expect(setsOf(await read(store, KEY))).toEqual(setsOf(state));
  });

  it("tells apart ids that are longer than a key may be", async () => {
    const { store } = await open();
    const long = (end: string): Ref => ({
      kind: "podName",
      id: idOf("podName", ["a", ..."bcd".split("").map((c) => c.repeat(512)), `${"é".repeat(500)}${end}`]),
    });
    const [one, two] = [long("1"), long("2")];
    await store.merge(one, [told(one, "pod", "1")], KEEP);
    await store.merge(two, [told(two, "pod", "2")], KEEP);
    expect((await store.read([one, two])).map(valuesIn)).toEqual([["pod=1"], ["pod=2"]]);
    expect((await everything(store)).map(({ id }) => id)).toEqual([one.id, two.id]);
    const dues = [one, two].map((ref): Due => ({ at: "2026-11-22T10:05:00.000Z", ...ref, detector: "a/b" }));
    await store.put(dues);
    expect(new Set((await store.due("2027", 10)).map(({ id }) => id))).toEqual(new Set([one.id, two.id]));
    await store.done((await store.due("2027", 10)).filter(({ id }) => id === one.id));
    expect(await store.due("2027", 10)).toMatchObject([dues[1]]);
  });

  describe("an entity", () => {
    it("is kept as long as anybody asked for, however often others ask for less", async () => {
      const { store, again = () => store } = await open();
      await store.merge(KEY, [told(KEY, "used", "a")], 10 * DAY_MS);
      await again().merge(KEY, [told(KEY, "used", "b")], 5 * DAY_MS);
      expect(await store.prune(9 * DAY_MS)).toBe(0);
      expect(valuesIn(await read(store, KEY))).toEqual(["used=a", "used=b"]);
      await store.merge(KEY, [], 20 * DAY_MS);
      expect(await store.prune(19 * DAY_MS)).toBe(0);
      expect(await store.prune(21 * DAY_MS)).toBe(1);
      expect(valuesIn(await read(store, KEY))).toEqual([]);
    });

    it("goes alone, and may come again", async () => {
      const { store } = await open();
      await store.merge(KEY, [told(KEY, "used", "a")], 1 * DAY_MS);
      await store.merge(OTHER, [told(OTHER, "used", "b")], 9 * DAY_MS);
      expect(await store.prune(5 * DAY_MS)).toBe(1);
      expect((await everything(store)).map(({ id }) => id)).toEqual([OTHER.id]);
      expect(valuesIn(await store.merge(KEY, [told(KEY, "used", "c")], 9 * DAY_MS))).toEqual(["used=c"]);
      expect(await store.prune(5 * DAY_MS)).toBe(0);
    });
  });

  it("counts what it holds", async () => {
    const { store } = await open();
    expect(await store.stats()).toEqual({ entities: {}, facts: 0, due: 0, overflows: {} });
    await store.merge(KEY, [told(KEY, "used", "a"), told(KEY, "used", "b"), told(KEY, "used", "b")], KEEP);
    await store.merge(OTHER, [told(OTHER, "used", "a")], KEEP);
    await store.merge(POD, [told(POD, "name", "a")], KEEP);
    await store.put([{ at: "2026-11-22T10:05:00.000Z", ...KEY, detector: "a/b" }]);
    await store.merge(KEY, [told(KEY, OVERFLOW, "used")], KEEP);
    await store.merge(OTHER, [told(OTHER, OVERFLOW, "used"), told(OTHER, OVERFLOW, "issued")], KEEP);
    const overflows = { "key.used": 2, "key.issued": 1 };
    expect(await store.stats()).toEqual({ entities: { key: 2, pod: 1 }, facts: 7, due: 1, overflows });
  });

  it("can be written while it is listed", async () => {
    const { store } = await open();
    for (const ref of [KEY, OTHER, POD]) await store.merge(ref, [told(ref, "x", "a")], KEEP);
    const seen: string[] = [];
    for await (const { kind, id } of store.all()) {
      seen.push(id);
      await store.merge({ kind, id }, [told({ kind, id }, "x", `b${seen.length}`)], KEEP);
    }
    expect(new Set(seen)).toEqual(new Set([KEY.id, OTHER.id, POD.id]));
    expect(seen).toHaveLength(3);
  });

  describe("what waits", () => {
    const at = (minute: number): string => `2026-11-22T10:${String(minute).padStart(2, "0")}:00.000Z`;
    const due = (minute: number, ref: Ref = KEY, detector = "a/b"): Due => ({ at: at(minute), ...ref, detector });

    it("is one however often it is put", async () => {
      const { store, again = () => store } = await open();
      await store.put([due(1), due(1)]);
      await again().put([due(1)]);
      expect(await store.due(at(5), 10)).toMatchObject([due(1)]);
      expect((await store.stats()).due).toBe(1);
    });

    it("is another at another time, of another entity, for another detector", async () => {
      const { store } = await open();
      const all = [due(1), due(2), due(1, OTHER), due(1, POD), due(1, KEY, "a/c")];
      await store.put(all);
      expect(await store.due(at(5), 10)).toHaveLength(all.length);
    });

    it("comes in the order of time, kind, id and detector, and not before its time", async () => {
      const { store } = await open();
      const ordered = [
        due(1, KEY, "a/a"),
        due(1, KEY, "a/b"),
        due(1, OTHER, "a/a"),
        due(1, POD),
        due(2, KEY),
        due(3, KEY),
      ];
      await store.put([...ordered].reverse());
      expect(await store.due(at(2), 10)).toMatchObject(ordered.slice(0, 5));
      expect(await store.due(at(0), 10)).toEqual([]);
      expect(await store.due("9999-01-01T00:00:00.000Z", 10)).toMatchObject(ordered);
    });

    it("comes page by page, each once, while pages are done", async () => {
      const { store } = await open();
      const ids = Array.from(
        { length: 137 },
        (_, index): Ref => ({ kind: "key", id: `ASIAEXAMPLE${String(index).padStart(3, "0")}` }),
      );
      await store.put(ids.flatMap((ref, index) => [due(index % 3, ref), due(index % 3, ref, "a/c")]));
      const seen: Due[] = [];
      for (let after: Due | undefined; ; ) {
        const page = await store.due(at(9), 20, after);
        expect(page.length).toBeLessThanOrEqual(20);
        if (page.length === 0) break;
        seen.push(...page);
        after = page.at(-1);
        if (seen.length % 40 === 0) await store.done(page);
      }
      expect(seen).toHaveLength(274);
      const orders = seen.map(({ at: time, kind, id, detector }) => [time, kind, id, detector].join(" "));
      expect(orders).toEqual([...new Set(orders)].sort());
      expect((await store.stats()).due).toBe(274 - 120);
    });

    it("is gone when it is done, and nothing else is", async () => {
      const { store, again = () => store } = await open();
      await store.put([due(1), due(2)]);
      const [first] = await store.due(at(1), 10);
      if (first !== undefined) await again().done([first, first]);
      expect(await store.due(at(5), 10)).toMatchObject([due(2)]);
    });

    it("stays when it was put again since it was read: what came in between has not been judged", async () => {
      const { store, again = () => store } = await open();
      await store.put([due(1)]);
      const read1 = await store.due(at(5), 10);
      await again().put([due(1)]);
      await store.done(read1);
      const read2 = await store.due(at(5), 10);
      expect(read2).toMatchObject([due(1)]);
      await store.done(read2);
      expect(await store.due(at(5), 10)).toEqual([]);
    });
  });

  describe("any merges", () => {
    const refs = [KEY, OTHER, { kind: "pod", id: "🦀/'\"/𝒳" }] as const satisfies readonly Ref[];
    const text = fc.oneof(
      fc.constantFrom("a", "b", "c", "A", "é", "🦀", "__proto__", "constructor", "1", "01"),
      fc.string({ unit: "grapheme", maxLength: 20 }),
    );
    const facts = fc.array(
      fc.record({
        attribute: fc.constantFrom("used", "pod", "issued"),
        value: text,
        source: fc.constantFrom("1", "2", "3"),
      }),
      { maxLength: 6 },
    );
    const merges = fc.array(fc.record({ ref: fc.constantFrom(...refs), facts, writer: fc.nat({ max: 2 }) }), {
      maxLength: 12,
    });

    type Merges = typeof merges extends fc.Arbitrary<infer T> ? T : never;
    const unionOf = (all: Merges, id: string): Map<string, Set<string>> => {
      const union = new Map<string, Set<string>>();
      for (const { attribute, value, source } of all.filter(({ ref }) => ref.id === id).flatMap((one) => one.facts))
        union.set(`${attribute}=${value}`, (union.get(`${attribute}=${value}`) ?? new Set()).add(source));
      return union;
    };

    function expectUnion(state: State, all: Merges): void {
      const union = unionOf(all, state.id);
      expect(valuesIn(state)).toEqual([...union.keys()].sort());
      for (const [attribute, values] of state.sets)
        for (const [value, source] of values)
          expect(source).toBe([...(union.get(`${attribute}=${value}`) ?? [])].sort().at(0));
    }

    it("give their union, in whatever order, however often and by however many writers at once", async () => {
      await fc.assert(
        fc.asyncProperty(merges, fc.boolean(), async (all, atOnce) => {
          const { store, again = () => store } = await open();
          const writers = [store, again(), again()];
          const merge = async ({ ref, facts: some, writer }: Merges[number]): Promise<void> => {
            const mine = some.map(({ attribute, value, source }) => told(ref, attribute, value, source));
            const state = await (writers[writer] ?? store).merge(ref, mine, KEEP);
            for (const { attribute, value } of mine) expect(state.sets.get(attribute)?.has(value)).toBe(true);
          };
          if (atOnce) await Promise.all([...all, ...all].map(merge));
          else for (const one of [...all, ...all]) await merge(one);
          for (const state of await store.read(refs)) expectUnion(state, all);
        }),
        { numRuns: 30 },
      );
    });

    type Step = {
      readonly what: "put" | "done";
      readonly minute: number;
      readonly ref: Ref;
      readonly detector: string;
    };
    const step: fc.Arbitrary<Step> = fc.record({
      what: fc.constantFrom("put", "put", "done"),
      minute: fc.nat({ max: 3 }),
      ref: fc.constantFrom(...refs),
      detector: fc.constantFrom("a/a", "a/b"),
    });

    it("of due records leave those that are not done", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.integer({ min: 1, max: 4 }), async (steps, limit) => {
          const { store } = await open();
          const expected = new Set<string>();
          const nameOf = (due: Due): string => `${due.at} ${due.kind}/${due.id} ${due.detector}`;
          for (const { what, minute, ref, detector } of steps) {
            const due: Due = { at: `2026-11-22T10:0${minute}:00.000Z`, ...ref, detector };
            if (what === "put") {
              await store.put([due]);
              expected.add(nameOf(due));
            } else {
              await store.done((await store.due("9999", 100)).filter((one) => nameOf(one) === nameOf(due)));
              expected.delete(nameOf(due));
            }
          }
          const seen: string[] = [];
          for (let after: Due | undefined; ; ) {
            const page = await store.due("9999", limit, after);
            if (page.length === 0) break;
            seen.push(...page.map(nameOf));
            after = page.at(-1);
          }
          expect(seen.sort()).toEqual([...expected].sort());
        }),
        { numRuns: 25 },
      );
    });
  });
});
