import { describe, expect, it } from "vitest";
import { entities } from "../../detectors/ledger/entities.ts";
import type { Fact, State } from "../../detectors/ledger/facts.ts";
import { kinds } from "../../detectors/ledger/relays.ts";
import { fitting, isFull, roomOf } from "./caps.ts";

const used = (value: string): Fact => ({ kind: "use", id: "A", attribute: "used", value, source: "event" });
const key = (attribute: string, values: readonly string[]): State => ({
  ...{ kind: "use", id: "A" },
  sets: new Map([[attribute, new Map(values.map((value) => [value, "event"]))]]),
});
const many = (count: number, length = 10): string[] =>
  Array.from({ length: count }, (_, index) => String(index).padEnd(length, "x"));

describe("the room of a set", () => {
  it("is its cap in values, and the entity's bytes by the caps", () => {
    for (const kind of kinds) {
      const rooms = Object.entries(entities[kind].attributes).map(([name, { cap }]) => {
        const room = roomOf(kind, name);
        expect(room.values).toBe(cap);
        // Enough for a value of each kind that is seen.
        expect(room.bytes).toBeGreaterThan(4_096);
        return room.bytes;
      });
      expect(
        rooms.reduce((sum, bytes) => sum + bytes, 0),
        kind,
      ).toBeLessThanOrEqual(330 * 1_024);
    }
  });

  it("is used up by one value more than its cap, or by long ones", () => {
    expect(isFull(key("used", many(400)), "used")).toBe(false);
    expect(isFull(key("used", many(401)), "used")).toBe(true);
    expect(isFull(key("used", many(400, 3_000)), "used")).toBe(true);
    expect(isFull(key("used", many(399, 3_000)), "pod")).toBe(false);
    expect(isFull(key("pod", ["é".repeat(512), "b"]), "pod")).toBe(false);
  });

  it("is never exceeded by what is written at once", () => {
    expect(fitting(many(10_000).map(used))).toHaveLength(400);
    const long = fitting(many(400, 3_000).map(used));
    expect(long.length).toBeGreaterThan(10);
    expect(long.length * 3_000).toBeLessThan(roomOf("use", "used").bytes);
    expect(fitting([])).toEqual([]);
  });
});
