/** `node test/tools/day.ts [-- --hours N] [--noise SHARE] [--sqlite FILE]`: the whole benign day, 8.4 million audit events, through the whole flow; prints
 * what it found and what it cost. Takes ten minutes and more. */
import { statSync } from "node:fs";
import { parseArgs } from "node:util";
import { createMemoryStore } from "../../functions/adapters/ledger/memory.ts";
import { openSqliteStore } from "../../functions/adapters/ledger/sqlite.ts";
import { inOrderOfArrival, type Line } from "../support/day/clockwork.ts";
import { benignDay } from "../support/day/day.ts";
import { judged } from "../support/day/judged.ts";
import { dayOptions, HOUR } from "../support/day/world.ts";
import { countingWrites } from "../support/day/writes.ts";

const { values } = parseArgs({
  options: {
    hours: { type: "string", default: "24" },
    noise: { type: "string", default: "1" },
    sqlite: { type: "string" },
  },
});
const options = dayOptions({ hours: Number(values.hours), noise: Number(values.noise) });
const store = values.sqlite === undefined ? createMemoryStore() : openSqliteStore(values.sqlite);
const writes = countingWrites(store);
/** The first hours of the day are told for the first time: what is written then is not what a day costs. */
const steadyFrom = options.start + Math.min(3, options.hours / 2) * HOUR;
const counts = { audit: 0, calls: 0, steady: 0 };
/** Audit events by hour, of those that are counted: `2026-11-22T11`. */
const hours = new Map<string, number>();
const began = performance.now();

const { findings, totals, cold } = await judged(counted(inOrderOfArrival(benignDay(options))), {
  store: writes.store,
  onChunk: report,
});

const seconds = (performance.now() - began) / 1_000;
const mb = (bytes: number): string => `${Math.round(bytes / 1_048_576).toLocaleString("en")} MB`;
const { entities, facts, due } = await store.stats();
console.log(
  `${counts.audit.toLocaleString("en")} audit events and ${counts.calls.toLocaleString("en")} CloudTrail records in ${Math.round(seconds)} s: ${Math.round(totals.read / seconds).toLocaleString("en")} a second`,
);
console.log(
  `${totals.judged.toLocaleString("en")} parsed, ${totals.screened.toLocaleString("en")} screened, ${totals.setAside} set aside`,
);
console.log(
  `writes per 1,000 audit events: ${((writes.count() / counts.steady) * 1_000).toFixed(1)} after the first hours`,
);
for (const [what, count] of writes.costs().slice(0, 12))
  console.log(`  ${((count / counts.steady) * 1_000).toFixed(2).padStart(6)}  ${what}`);
// In the last minutes only CloudTrail is left.
const perHour = [...hours]
  .filter(([, audit]) => audit > counts.steady / hours.size / 2)
  .map(([hour, audit]) => ({ hour, rate: (writes.count(hour) / audit) * 1_000 }));
console.log(`by hour: ${perHour.map(({ hour, rate }) => `${hour.slice(-2)} h ${rate.toFixed(1)}`).join(", ")}`);
const [busiest] = perHour.sort((a, b) => b.rate - a.rate);
if (busiest !== undefined) {
  console.log(`more than on average at ${busiest.hour.slice(-2)} h, of 1,000 audit events:`);
  const usual = new Map(writes.costs());
  const audit = hours.get(busiest.hour) ?? 1;
  const more = writes
    .costs(busiest.hour)
    .map(([what, count]) => [what, (count / audit - (usual.get(what) ?? 0) / counts.steady) * 1_000] as const);
  for (const [what, rate] of more.sort(([, a], [, b]) => b - a).slice(0, 12))
    console.log(`  ${rate.toFixed(2).padStart(6)}  ${what}`);
}
console.log(`RSS ${mb(process.memoryUsage.rss())}, at most ${mb(process.resourceUsage().maxRSS * 1_024)}`);
const entityCount = Object.values(entities).reduce((sum, count) => sum + count, 0);
const size = values.sqlite === undefined ? "" : `, ${mb(statSync(values.sqlite).size)} on disk`;
console.log(
  `ledger: ${entityCount.toLocaleString("en")} entities, ${facts.toLocaleString("en")} facts, ${due} not yet due${size}; ${cold} verdicts too cold`,
);
for (const [what, found] of [...Map.groupBy(findings, ({ severity, detector }) => `${severity} ${detector}`)].sort()) {
  console.log(`${found.length} ${what}`);
  for (const { firstSeen, count, title } of found.slice(0, 2)) console.log(`    ${firstSeen} ${count} ${title}`);
}

function* counted(lines: Iterable<Line>): Generator<Line> {
  for (const line of lines) {
    if (line.trail === "k8s-audit") counts.audit += 1;
    else counts.calls += 1;
    if (line.arrival >= steadyFrom) {
      const hour = new Date(line.arrival).toISOString().slice(0, "2026-11-22T11".length);
      writes.begin(hour);
      if (line.trail === "k8s-audit") {
        counts.steady += 1;
        hours.set(hour, (hours.get(hour) ?? 0) + 1);
      }
    }
    yield line;
  }
}

function report({ arrival }: Line): void {
  const read = counts.audit + counts.calls;
  if (read % 500_000 >= 500) return;
  const rate = Math.round((read * 1_000) / (performance.now() - began));
  console.error(
    `${new Date(arrival).toISOString()} ${read.toLocaleString("en")} records, ${rate.toLocaleString("en")} a second`,
  );
}
