/** The benign day's full mix through the chain with a ledger: beside the chain alone and the naive floor, in turn, on the same slices of the day. A ledger
 * goes on from slice to slice, as it does in operation: no slice is read twice by one of them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { createAuditIdMemory } from "../../detectors/core/audit-ids.ts";
import { createChain } from "../../detectors/core/chain.ts";
import { createScreen } from "../../detectors/core/screen.ts";
import { arm } from "../../detectors/core/settings.ts";
import { auditLearners, callLearners } from "../../detectors/ledger/learners.ts";
import { registry } from "../../detectors/registry.ts";
import { createMemoryStore } from "../../functions/adapters/ledger/memory.ts";
import { openSqliteStore } from "../../functions/adapters/ledger/sqlite.ts";
import { createEngine } from "../../functions/ledger/engine.ts";
import type { Store } from "../../functions/ledger/ports.ts";
import { createRecall } from "../../functions/ledger/recall.ts";
import { createSchool } from "../../functions/ledger/school.ts";
import { judgeChunk } from "../../functions/pipeline/judge.ts";
import { createTally } from "../../functions/pipeline/tally.ts";
import { inOrderOfArrival, type Line } from "../support/day/clockwork.ts";
import { benignDay } from "../support/day/day.ts";
import { dayOptions, HOUR } from "../support/day/world.ts";
import { countingWrites } from "../support/day/writes.ts";
import { scope } from "../support/sample.ts";

const LINES = 500;
const CHUNKS_PER_SLICE = 24;
const SLICES = 10;
/** In the small hours, when every pod has called what it calls on that UTC day. */
const START = dayOptions().start + 4 * HOUR;

export interface DayBench {
  /** Of medians, to the naive floor of the same slices. */
  readonly ratios: Readonly<Record<string, number>>;
  readonly eventsPerSecond: Readonly<Record<string, number>>;
  readonly writesPerThousandAuditEvents: number;
}

type Contender = (chunk: Chunk) => Promise<void> | void;

interface Chunk {
  /** The lines of a chunk in their envelopes: base64 of gzip, as Kinesis hands them over. */
  readonly packed: readonly string[];
  readonly arrival: number;
  readonly audit: number;
}

export async function benchDay(): Promise<DayBench> {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  const memory = countingWrites(createMemoryStore());
  const sqlite = openSqliteStore(join(folder, "ledger.db"));
  const contenders: Readonly<Record<string, Contender>> = {
    floor,
    chain: chain(),
    "chain + ledger in memory": chain(memory.store),
    "chain + ledger in SQLite": chain(sqlite),
  };
  const rates = new Map(Object.keys(contenders).map((name) => [name, [] as number[]]));
  const audit = await run(contenders, rates, memory.begin);
  sqlite.close();
  rmSync(folder, { recursive: true });
  const medians = Object.fromEntries([...rates].map(([name, all]) => [name, median(all)]));
  const base = medians.floor ?? Number.NaN;
  return {
    ratios: mapped(medians, (rate) => Number((rate / base).toFixed(3))),
    eventsPerSecond: mapped(medians, Math.round),
    writesPerThousandAuditEvents: Number(((memory.count() / audit) * 1_000).toFixed(1)),
  };
}

/** Gives the number of audit events after the first slice, which warms everything up. */
async function run(
  contenders: Readonly<Record<string, Contender>>,
  rates: ReadonlyMap<string, number[]>,
  begin: () => void,
): Promise<number> {
  const chunks = chunksOf(inOrderOfArrival(benignDay({ start: START, before: 3, hours: 1 })));
  await warm(
    chunks,
    Object.entries(contenders).flatMap(([name, work]) => (name.includes("ledger") ? [work] : [])),
  );
  let audit = 0;
  for (let slice = 0; slice < SLICES; slice += 1) {
    const some = take(chunks, CHUNKS_PER_SLICE);
    const events = some.length * LINES;
    if (slice === 1) begin();
    if (slice > 0) audit += some.reduce((sum, chunk) => sum + chunk.audit, 0);
    const turns = Object.entries(contenders);
    for (const [name, work] of slice % 2 === 0 ? turns : turns.toReversed()) {
      const started = performance.now();
      for (const chunk of some) await work(chunk);
      if (slice > 0) rates.get(name)?.push((events * 1_000) / (performance.now() - started));
    }
  }
  return audit;
}

/** The thin hours before the slices teach the ledgers what is there. */
async function warm(chunks: Iterator<Chunk>, ledgers: readonly Contender[]): Promise<void> {
  for (const chunk of iterate(chunks)) {
    for (const work of ledgers) await work(chunk);
    if (chunk.arrival > START) return;
  }
}

/** Without ending it when the loop does. */
function* iterate<T>(from: Iterator<T>): Generator<T> {
  for (let next = from.next(); next.done !== true; next = from.next()) yield next.value;
}

function floor({ packed: all }: Chunk): void {
  for (const data of all) {
    const text = gunzipSync(Buffer.from(data, "base64")).toString("utf8");
    const { logEvents } = JSON.parse(text) as { logEvents: { message: string }[] };
    for (const { message } of logEvents) JSON.parse(message);
  }
}

/** The chain alone, or with a ledger. */
function chain(store?: Store): Contender {
  const { armed, ledger, site, suppressions } = arm(registry, { version: 1 }, {}, []);
  let now = 0;
  const school = createSchool(auditLearners, callLearners);
  const engine = store && createEngine({ store, recall: createRecall(200_000), armed: ledger, site, now: () => now });
  const judge = {
    chain: createChain(armed, site, suppressions),
    screen: createScreen(armed.map(({ detector }) => detector)),
    ...(engine && { school }),
    ...{ auditIds: createAuditIdMemory(1_000_000), tally: createTally(), unwrapping: { scope } },
  };
  return async ({ packed: all, arrival }) => {
    now = arrival;
    const frames = all.map((text) => ({ text: envelope(text), origin: { from: "bench" } }));
    const { drafts, facts, lessons } = judgeChunk({ frames, bytes: 0 }, judge);
    const taken = await engine?.take(facts, drafts);
    taken?.remember();
    school.remember(lessons);
  };
}

const envelope = (data: string): string =>
  JSON.stringify({ Records: [{ eventSource: "aws:kinesis", kinesis: { data, sequenceNumber: "1" } }] });

function* chunksOf(lines: Iterable<Line>): Generator<Chunk> {
  let batch: Line[] = [];
  for (const line of lines) {
    batch.push(line);
    if (batch.length < LINES) continue;
    yield packed(batch);
    batch = [];
  }
}

function packed(lines: readonly Line[]): Chunk {
  const trails = [...Map.groupBy(lines, ({ trail }) => trail)];
  return {
    packed: trails.map(([trail, some]) => {
      const logEvents = some.map(({ text, time }, index) => ({ id: String(index), timestamp: time, message: text }));
      const logGroup = trail === "cloudtrail" ? "cloudtrail" : `/aws/eks/${scope.cluster}/cluster`;
      const data = { messageType: "DATA_MESSAGE", owner: scope.account, logGroup, logStream: "s", logEvents };
      return gzipSync(JSON.stringify({ ...data, subscriptionFilters: ["crosstrail"] })).toString("base64");
    }),
    arrival: lines.at(-1)?.arrival ?? 0,
    audit: lines.filter(({ trail }) => trail === "k8s-audit").length,
  };
}

function take<T>(from: Iterator<T>, count: number): T[] {
  const some: T[] = [];
  for (const item of iterate(from)) if (some.push(item) >= count) break;
  return some;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const mapped = (values: Readonly<Record<string, number>>, by: (value: number) => number): Record<string, number> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, by(value)]));
