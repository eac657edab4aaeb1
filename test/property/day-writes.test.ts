import { expect, it } from "vitest";
import { createMemoryStore } from "../../functions/adapters/ledger/memory.ts";
import { inOrderOfArrival, type Line } from "../support/day/clockwork.ts";
import { benignDay } from "../support/day/day.ts";
import { judged } from "../support/day/judged.ts";
import { dayOptions, HOUR, MINUTE } from "../support/day/world.ts";
import { countingWrites } from "../support/day/writes.ts";

/** Where two cores do the work of ten; no test is timed. */
const LIMIT_MS = 15 * MINUTE;
const { start } = dayOptions();
/** Audit events of the whole cast's hour, of which nearly all are noise that tells nothing new. */
const AUDIT_AN_HOUR = 97 * 3_600;

/** Calls that write to the ledger from `begin` to `end` (hours of the day), and audit events of that time. */
async function written(begin: number, end: number, options: { readonly noise: number }) {
  const writes = countingWrites(createMemoryStore());
  let audit = 0;
  function* counted(all: Iterable<Line>): Generator<Line> {
    for (const line of all) {
      // Of what comes after the last event only CloudTrail is left.
      if (line.arrival > start + end * HOUR) return;
      if (line.arrival > start + begin * HOUR) {
        writes.begin();
        if (line.trail === "k8s-audit") audit += 1;
      }
      yield line;
    }
  }
  const from = start + begin * HOUR - 5 * MINUTE;
  const day = benignDay({ start: from, before: 3, hours: end - begin + 0.1, ...options });
  await judged(counted(inOrderOfArrival(day)), { store: writes.store, settleAll: false });
  return { writes: writes.count(), audit };
}

it("little is written to the ledger once it knows the cluster: 15 calls of 1,000 audit events", {
  timeout: LIMIT_MS,
}, async () => {
  const { writes, audit } = await written(4 + 1 / 12, 4.25, { noise: 1 });
  expect(audit).toBeGreaterThan(50_000);
  expect((writes / audit) * 1_000).toBeLessThanOrEqual(15);
});

it("and not much more around midnight, when days and the hours of keys begin", { timeout: LIMIT_MS }, async () => {
  const { writes } = await written(22.5, 25.5, { noise: 0.02 });
  expect((writes / (3 * AUDIT_AN_HOUR)) * 1_000).toBeLessThanOrEqual(16);
});
