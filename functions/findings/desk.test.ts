import { describe, expect, it } from "vitest";
import type { Letter } from "../../schemas/findings/letter.ts";
import { draftOf, type Told } from "../../test/support/drafts.ts";
import { createMemoryFindings } from "../adapters/findings/memory.ts";
import { createDesk, FINDING_KEEP_MS } from "./desk.ts";
import type { Findings } from "./ports.ts";
import { REPUBLISH_MS } from "./publication.ts";

const START = Date.UTC(2026, 10, 22, 12);

/** A desk whose steps are written down, and may fail. */
function open(change: (store: Findings, log: string[]) => Partial<Findings> = () => ({})) {
  const log: string[] = [];
  const inner = createMemoryFindings();
  const store: Findings = {
    ...inner,
    async merge(draft, keepUntil) {
      log.push(`merge ${draft.finding.title}`);
      return inner.merge(draft, keepUntil);
    },
    async mark(id, mark) {
      log.push(`mark ${mark.steps.join(", ")}`);
      return inner.mark(id, mark);
    },
    ...change(inner, log),
  };
  const time = { now: START };
  const broken = { outbox: false };
  async function outbox(letters: readonly Letter[]): Promise<void> {
    if (broken.outbox) throw new Error("no outbox");
    log.push(...letters.map(({ notify, severity }) => `${notify ? "notify" : "update"} ${severity}`));
  }
  const desk = createDesk({ store, outbox, now: () => time.now });
  const take = (...told: Told[]) => desk.take(told.map(draftOf));
  const since = (): string[] => log.splice(0);
  return { desk, take, since, time, broken, store: inner };
}

describe("a batch", () => {
  it("is merged, published and marked, in that order", async () => {
    const { take, since } = open();
    await take({ event: "a" }, { event: "b" }, { event: "c", on: "y", severity: "high" });
    const log = since();
    expect(log.slice(0, 2).sort()).toEqual(["merge x at 0", "merge y at 0"]);
    expect(log.slice(2, 4).sort()).toEqual(["notify high", "notify low"]);
    expect(log.slice(4).sort()).toEqual(["mark severity high", "mark severity low"]);
  });

  it("that finds nothing asks nobody", async () => {
    const { take, since } = open();
    expect(await take()).toEqual([]);
    expect(since()).toEqual([]);
  });

  it("of a detector on trial is kept, and nobody is told, until it is on trial no more", async () => {
    const { desk, since, store } = open();
    const { finding, ...rest } = draftOf({ event: "a" });
    await desk.take([{ ...rest, finding: { ...finding, status: "shadow" } }]);
    expect(since()).toEqual(["merge x at 0"]);
    expect((await store.read([finding.id])).length).toBe(1);
    await desk.take([{ ...rest, finding }]);
    expect(since()).toEqual(["merge x at 0", "notify low", "mark severity low"]);
  });

  it("gives its findings as they are now, over all batches", async () => {
    const { take } = open();
    await take({ event: "a", severity: "high" });
    const [kept] = await take({ event: "b" }, { event: "c" });
    expect(kept?.draft.finding).toMatchObject({ severity: "high", count: 3 });
  });

  it("of what is out already publishes nothing again", async () => {
    const { take, since } = open();
    await take({ event: "a" });
    since();
    await take({ event: "a" });
    expect(since()).toEqual(["merge x at 0"]);
  });

  it("that raises a finding notifies, and one that makes ten of it brings it up to date", async () => {
    const { take, since } = open();
    await take({ event: "a" });
    since();
    await take({ event: "b", severity: "high" });
    expect(since()).toContain("notify high");
    await take(...Array.from({ length: 8 }, (_, index) => ({ event: `e${index}` })));
    expect(since()).toEqual(["merge x at 0", "update high", "mark count 10"]);
  });

  it("whose findings did not get out is published when it comes again", async () => {
    const { take, since, broken } = open();
    broken.outbox = true;
    await expect(take({ event: "a" })).rejects.toThrow("no outbox");
    broken.outbox = false;
    since();
    await take({ event: "a" });
    expect(since()).toEqual(["merge x at 0", "notify low", "mark severity low"]);
  });

  it("whose marks were not written is published once more", async () => {
    let marks = 0;
    const { take, since } = open((store) => ({
      async mark(id, mark) {
        marks += 1;
        if (marks === 1) throw new Error("no mark");
        await store.mark(id, mark);
      },
    }));
    await expect(take({ event: "a" })).rejects.toThrow("no mark");
    await take({ event: "a" });
    await take({ event: "a" });
    expect(since().filter((line) => line.startsWith("notify"))).toHaveLength(2);
  });

  it("keeps its findings for ninety days", async () => {
    const { take, store } = open();
    await take({ event: "a" });
    expect(await store.prune(START + FINDING_KEEP_MS)).toBe(0);
    expect(await store.prune(START + FINDING_KEEP_MS + 1)).toBe(1);
  });
});

describe("the last changes of a burst", () => {
  async function burst(change?: Parameters<typeof open>[0]) {
    const all = open(change);
    await all.take({ event: "a" });
    all.time.now += 60_000;
    await all.take({ event: "b" });
    await all.take({ event: "c" });
    all.since();
    return all;
  }

  it("are published when their hour has come, though nothing else happens, and once", async () => {
    const { desk, since, time, store } = await burst();
    time.now = START + REPUBLISH_MS - 1;
    expect(await desk.catchUp()).toBe(0);
    expect(since()).toEqual([]);
    time.now = START + REPUBLISH_MS;
    expect(await desk.catchUp()).toBe(1);
    expect(since()).toEqual(["update low", "mark "]);
    time.now += 9 * REPUBLISH_MS;
    expect(await desk.catchUp()).toBe(0);
    expect(await store.reminders(time.now, 9)).toEqual([]);
  });

  it("wait another hour when the finding was published in between", async () => {
    const { desk, take, since, time } = await burst();
    await take({ event: "d", severity: "high" });
    await take({ event: "e" });
    since();
    time.now = START + REPUBLISH_MS;
    expect(await desk.catchUp()).toBe(0);
    time.now += 60_000;
    expect(await desk.catchUp()).toBe(1);
    expect(since()).toEqual(["update high", "mark "]);
  });

  it("are not forgotten when they did not get out", async () => {
    const { desk, broken, time } = await burst();
    time.now = START + REPUBLISH_MS;
    broken.outbox = true;
    await expect(desk.catchUp()).rejects.toThrow("no outbox");
    broken.outbox = false;
    expect(await desk.catchUp()).toBe(1);
  });

  it("are not forgotten when they come while it is published", async () => {
    let between = true;
    const { desk, since, time } = await burst((store, log) => ({
      async mark(id, mark) {
        // Another worker: it has read the old publication, and reminds of it as is done already.
        if (mark.at > START && between) {
          between = false;
          await store.merge(draftOf({ event: "late" }), START);
          await store.remind([{ at: START + REPUBLISH_MS, id }]);
        }
        log.push("mark");
        await store.mark(id, mark);
      },
    }));
    time.now = START + REPUBLISH_MS;
    await desk.catchUp();
    expect(since()).toEqual(["update low", "mark"]);
    time.now += REPUBLISH_MS;
    expect(await desk.catchUp()).toBe(1);
  });

  it("of a finding that is gone are nobody's", async () => {
    const { desk, time, store } = await burst();
    await store.prune(START * 2);
    time.now = START + REPUBLISH_MS;
    expect(await desk.catchUp()).toBe(0);
    expect(await store.reminders(time.now, 9)).toEqual([]);
  });
});
