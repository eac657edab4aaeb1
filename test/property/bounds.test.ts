import { expect, it } from "vitest";
import { createMemoryStore } from "../../functions/adapters/ledger/memory.ts";
import { ENTITY_BYTES, MERGE_BYTES } from "../../functions/ledger/caps.ts";
import { runFlood, sizesOf } from "../support/bounds.ts";

const EVENTS = 9_600;
const MAX_ENTITIES = 4_800;

it("a flood of names leaves items of a bounded size, no more entities than memory is given to, and tells of both", async () => {
  const store = createMemoryStore(MAX_ENTITIES);
  const { totals, engine } = await runFlood({ events: EVENTS, names: 100_000, store });
  expect(totals).toMatchObject({ read: EVENTS, judged: EVENTS });
  const sizes = await sizesOf(store);
  expect(sizes.size).toBeGreaterThanOrEqual(10);
  for (const [kind, { largest, beyond }] of sizes) {
    expect(largest, kind).toBeLessThan(ENTITY_BYTES + MERGE_BYTES);
    // One batch beyond a cap, as it is written before it is seen to be full.
    expect(beyond, kind).toBeLessThanOrEqual(400);
  }
  const { entities, forgotten = 0 } = await store.stats();
  expect(Object.values(entities).reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(MAX_ENTITIES);
  expect(forgotten).toBeGreaterThan(MAX_ENTITIES);
  // What many names were told of in one place.
  const { overflows } = engine.counts();
  for (const name of ["nameDay.entered", "resourceDay.touched", "roleUse.used"])
    expect(overflows.get(name), name).toBeGreaterThan(0);
});

it("bytes bound a ledger in memory as well", async () => {
  const store = createMemoryStore(1_000_000, 4_000_000);
  await runFlood({ events: 4_000, names: 100_000, store });
  const sizes = [...(await sizesOf(store)).values()];
  expect(sizes.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(4_000_000);
  expect((await store.stats()).forgotten).toBeGreaterThan(0);
});
