import { expect, it } from "vitest";
import { createMemoryStore } from "../../functions/adapters/ledger/memory.ts";
import { inOrderOfArrival, type Line } from "../support/day/clockwork.ts";
import { benignDay } from "../support/day/day.ts";
import { judged } from "../support/day/judged.ts";
import { dayOptions, HOUR, MINUTE } from "../support/day/world.ts";
import { countingWrites } from "../support/day/writes.ts";

/** Where two cores do the work of ten; no test is timed. */
const LIMIT_MS = 15 * MINUTE;
const { start, pods, sessions, nodes } = dayOptions();
const [ALL_SESSIONS, ALL_NODES] = [sessions + 12, nodes + 4];
/** Audit events of the whole cast's hour, of which nearly all are noise that tells nothing new. */
const AUDIT_AN_HOUR = 97 * 3_600;

/** What an hour of the cast brings about: how often each thing happens, and of how many entities it tells. */
const HOURLY: readonly (readonly [what: string, times: number, entities: number])[] = [
  ["a token is minted for each pod, every 48 minutes", (pods * 60) / 48, 1],
  ["a token of the sixty pods that use theirs: itself in two hours, its pod, its address twice", (60 * 60) / 48, 5],
  ["a session is renewed, every three: key, pod, day, exchange (often two), role, account", ALL_SESSIONS / 3, 7],
  ["and used in three hours: its key's link to them and to an address, four APIs", ALL_SESSIONS / 3, 6],
  ["a web identity's session, every 50 minutes: key, role in three places, mint, four APIs", (sessions / 8) * 1.2, 9],
  ["a role's name has a bearer, once an hour: some fifty roles of both clusters, people and robots", 50, 1],
  ["a node is at work: its day, address, key, hour, and what it asks for twice", ALL_NODES, 6],
  ["a day begins, within three hours: addresses of keys, namespaces of nodes", (ALL_SESSIONS + 5 * nodes) / 3, 1],
];
/** Calls of 1,000 audit events. A quarter more, as the ledger has known the cluster for three hours only, and for people, robots and releases. */
const LIMIT = (1.25 * HOURLY.reduce((sum, [, times, entities]) => sum + times * entities, 0) * 1_000) / AUDIT_AN_HOUR;

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

it("nothing is written to the ledger but what is new, and of what a control plane is asked all day next to nothing", {
  timeout: LIMIT_MS,
}, async () => {
  const { writes, audit } = await written(4 + 1 / 12, 4.25, { noise: 1 });
  expect(audit).toBeGreaterThan(50_000);
  expect((writes / audit) * 1_000).toBeLessThanOrEqual(LIMIT);
});

it("and no more around midnight, when days and the hours of keys begin: twelve calls of 1,000 audit events", {
  timeout: LIMIT_MS,
}, async () => {
  const { writes } = await written(22.5, 25.5, { noise: 0.02 });
  expect(LIMIT).toBeLessThan(12.1);
  expect((writes / (3 * AUDIT_AN_HOUR)) * 1_000).toBeLessThanOrEqual(LIMIT);
});
