/** The run of `bounds.ts`, which bundles it. */
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createMemoryStore } from "../../functions/adapters/ledger/memory.ts";
import { openSqliteStore } from "../../functions/adapters/ledger/sqlite.ts";
import { CAPACITY } from "../../functions/capacity.ts";
import { createFindingBook } from "../../functions/findings/book.ts";
import { ENTITY_BYTES, MERGE_BYTES } from "../../functions/ledger/caps.ts";
import type { Store } from "../../functions/ledger/ports.ts";
import { keepsNothing, runFlood, sizesOf } from "../support/bounds.ts";

const { values } = parseArgs({
  options: {
    events: { type: "string", default: "10000000" },
    names: { type: "string", default: "1000000" },
    noise: { type: "string", default: "9" },
    store: { type: "string", default: "memory" },
  },
});
const [events, names, noise] = [values.events, values.names, values.noise].map(Number) as [number, number, number];
const MB = 1_024 * 1_024;
/** Of a function beside its table, which keeps no findings; a laptop has a book of them, and perhaps its ledger in memory. */
const held = CAPACITY.findingBytes + (values.store === "memory" ? CAPACITY.ledgerBytes : 0);
const usable = CAPACITY.processBytes + (values.store === "none" ? 0 : held);
const most = values.store === "none" ? usable : usable * CAPACITY.heapSlack;
const book = values.store === "none" ? createFindingBook(100) : createFindingBook();
const n = (value: number): string => Math.round(value).toLocaleString("en");

const stores: Readonly<Record<string, () => Store>> = { memory: () => createMemoryStore(), none: keepsNothing };
const store = (stores[values.store] ?? (() => openSqliteStore(values.store)))();
setFlagsFromString("--expose-gc");
/** What is in memory after it is in use. */
const collect: () => void = runInNewContext("gc");
const started = performance.now();
/** Of the run, until all memories of a fixed size have been filled once. */
const WARM = 0.1;
/** That a process may hold more at its end than when it was warm: batches differ. */
const GROWTH = 16 * MB;
let [peak, next, warm, last, used] = [0, 0, 0, 0, 0];
const flooded = await runFlood({
  ...{ events, names, noise, store, book },
  onProgress(done) {
    peak = Math.max(peak, process.memoryUsage.rss());
    if (done < next) return;
    next += Math.min(events / 20, 50_000);
    collect();
    const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
    last = heapUsed + arrayBuffers;
    used = Math.max(used, last);
    if (done <= events * WARM) warm = Math.max(warm, last);
    console.log(
      `${n(done).padStart(12)} events  ${n((performance.now() - started) / 1_000).padStart(6)} s (${n(process.cpuUsage().user / 1e6)} s of CPU)  rss ${n(rss / MB)} MB, in use ${n(heapUsed / MB)} MB, arrays ${n(arrayBuffers / MB)} MB`,
    );
  },
});
const { entities, facts, due, overflows, forgotten = 0 } = await store.stats();
const failures: string[] = [];
for (const [kind, size] of await sizesOf(store)) {
  console.log(
    `${kind.padEnd(12)} ${n(size.entities).padStart(9)} entities ${n(size.facts).padStart(10)} facts ${n(size.bytes / 1_024).padStart(9)} KB, largest ${n(size.largest / 1_024)} KB`,
  );
  if (size.largest > ENTITY_BYTES + MERGE_BYTES) failures.push(`${kind}: an item of ${n(size.largest)} bytes`);
}
const sum = Object.values(entities).reduce((total, count) => total + count, 0);
console.log(
  `${n(sum)} entities, ${n(facts)} facts, ${n(due)} due, ${n(forgotten)} forgotten, remembered in ${n(flooded.remembered / MB)} MB`,
);
console.log(
  `overflows: ${
    Object.entries(overflows)
      .map(([name, count]) => `${name} ${n(count)}`)
      .join(", ") || "none"
  }`,
);
console.log(
  `findings ${n(flooded.book.all().length)}, left out ${n(flooded.book.leftOut())}; in use at most ${n(used / MB)} MB of ${n(usable / MB)}, peak rss ${n(peak / MB)} MB of ${n(most / MB)}`,
);
if (values.store === "none" && last > warm + GROWTH)
  failures.push(`${n((last - warm) / MB)} MB more than when it was warm`);
if (used > usable) failures.push(`${n(used / MB)} MB in use`);
if (peak > most) failures.push(`${n(peak / MB)} MB in memory`);
if (flooded.totals.read !== events) failures.push(`${n(flooded.totals.read)} events were read`);
for (const failure of failures) console.error(`beyond its bounds: ${failure}`);
process.exitCode = failures.length > 0 ? 1 : 0;
store.close();
