import { describe, expect, it } from "vitest";
import { draftOf, type Told } from "../../test/support/drafts.ts";
import { createMemoryFindings } from "../adapters/findings/memory.ts";
import { createDesk } from "../findings/desk.ts";
import { REPUBLISH_MS } from "../findings/publication.ts";
import { createFeed, type FeedOptions } from "./feed.ts";

function open(options: Partial<FeedOptions> = {}) {
  const lines: string[] = [];
  const store = createMemoryFindings();
  const time = { now: Date.UTC(2026, 10, 22, 12) };
  const output = { write: async (line: string) => void lines.push(line), end: async () => undefined };
  const outbox = createFeed(store, output, { format: "ndjson", color: false, ...options });
  const desk = createDesk({ store, outbox, now: () => time.now, shadow: options.shadow === true });
  const severities = (): string[] => lines.splice(0).map((line) => JSON.parse(line).severity);
  return { desk, lines, severities, time, take: (...told: Told[]) => desk.take(told.map(draftOf)) };
}

describe("findings that are written as they appear", () => {
  it("are written when they are new, the most severe of a batch first", async () => {
    const { take, severities } = open();
    await take({ on: "x" }, { on: "y", severity: "critical" }, { on: "z", severity: "medium" });
    expect(severities()).toEqual(["critical", "medium", "low"]);
  });

  it("are written again when they are raised, and as they are by then", async () => {
    const { take, lines } = open();
    await take({ event: "a" });
    await take({ event: "b", severity: "high" });
    expect(lines.map((line) => JSON.parse(line)).map(({ severity, count }) => [severity, count])).toEqual([
      ["low", 1],
      ["high", 2],
    ]);
  });

  it("are not written for the same again, for less, for a round number, or for an hour that has passed", async () => {
    const { desk, take, severities, time } = open();
    await take({ event: "a", severity: "high" });
    severities();
    await take({ event: "a", severity: "high" });
    await take({ event: "b", severity: "low" });
    await take(...Array.from({ length: 20 }, (_, index) => ({ event: `e${index}`, severity: "high" as const })));
    time.now += REPUBLISH_MS;
    await desk.catchUp();
    expect(severities()).toEqual([]);
  });

  it("stand in one table, under one head", async () => {
    const { take, lines } = open({ format: "table", out: "file" });
    await take({ on: "x" });
    await take({ on: "y" });
    expect(lines.filter((line) => line.startsWith("severity"))).toHaveLength(1);
    expect(lines.filter((line) => line.includes("test/one"))).toHaveLength(2);
  });

  it("of detectors in shadow are written only when they are asked for", async () => {
    const shadow = draftOf();
    const draft = { ...shadow, finding: { ...shadow.finding, status: "shadow" as const } };
    const [quiet, asked] = [open(), open({ shadow: true })];
    for (const { desk } of [quiet, asked]) await desk.take([draft]);
    expect([quiet.lines.length, asked.lines.length]).toEqual([0, 1]);
  });
});
