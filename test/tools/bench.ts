/** `npm run bench [-- --json]`: events per second of the whole chain (Kinesis record to findings) beside the naive floor, which unpacks and
 * parses the same records (base64, gunzip, JSON.parse of the envelope and of every event) and detects nothing. Both run in one process, in turn,
 * each round in the other order; the ratio of the medians is the figure, as timings drift with the machine. */
import { gunzipSync, gzipSync } from "node:zlib";
import type { KinesisStreamEvent } from "aws-lambda";
import { pino } from "pino";
import { createAuditIdMemory } from "../../detectors/core/audit-ids.ts";
import { createChain } from "../../detectors/core/chain.ts";
import { createScreen } from "../../detectors/core/screen.ts";
import { arm } from "../../detectors/core/settings.ts";
import { registry as everything, eventDetectors as registry } from "../../detectors/registry.ts";
import { createMemoryStore } from "../../functions/adapters/ledger/memory.ts";
import { createDetect } from "../../functions/detect/detect.ts";
import { createFindingBook } from "../../functions/findings/book.ts";
import { judgeChunk } from "../../functions/pipeline/judge.ts";
import { createTally } from "../../functions/pipeline/tally.ts";
import { programOf } from "../support/program.ts";
import { contextOf } from "../support/stream.ts";
import { benchDay } from "./bench-day.ts";
import { root } from "./folders.ts";
import { recordingsIn } from "./labels.ts";

const ROUNDS = 9;
const ROUND_MS = 400;
const EVENTS_PER_RECORD = 500;
/** Of 1,000 events: what a cluster writes by itself and on an ordinary day, and an attack in progress. */
const MIX = {
  "benign-idle": 400,
  "benign-node-lifecycle": 250,
  "benign-controllers": 200,
  "benign-cicd": 80,
  "benign-admin-kubectl": 60,
  "attack-chain": 10,
} as const;

const replaying = programOf(everything, createMemoryStore());
const replayed = createFindingBook();
const json = process.argv.includes("--json");
const records = kinesisRecords();
const eventsInAll = records.length * EVENTS_PER_RECORD;

const handle = handler();
const floors: number[] = [];
const chains: number[] = [];
const replays: number[] = [];
const handlers: number[] = [];
const works = [
  [floors, floor],
  [chains, chain],
  [replays, replay],
  [handlers, handle],
] as const;
for (const [, work] of works) await measure(work, 200);
for (let round = 0; round < ROUNDS; round += 1)
  for (const [series, work] of round % 2 === 0 ? works : works.toReversed()) series.push(await measure(work, ROUND_MS));
const result = {
  ratio: Number((median(chains) / median(floors)).toFixed(3)),
  eventsPerSecond: Math.round(median(chains)),
  floorEventsPerSecond: Math.round(median(floors)),
  replayEventsPerSecond: Math.round(median(replays)),
  handlerEventsPerSecond: Math.round(median(handlers)),
  handlerToReplay: Number((median(handlers) / median(replays)).toFixed(3)),
  detectors: registry.length,
  node: process.version,
  day: await benchDay(),
};
if (json) console.log(JSON.stringify(result));
else {
  console.log(
    `Mix of ${EVENTS_PER_RECORD * records.length} events in ${records.length} records of ${EVENTS_PER_RECORD}: ${Object.entries(
      MIX,
    )
      .map(([name, share]) => `${share / 10} % ${name}`)
      .join(", ")}`,
  );
  console.log(`floor (base64, gunzip, JSON.parse twice)  ${describe(floors)}`);
  console.log(`whole chain, ${registry.length} detectors             ${describe(chains)}`);
  console.log(`replay with the ledger, all detectors      ${describe(replays)}`);
  console.log(`the function detect, the same              ${describe(handlers)}`);
  console.log(`detect to replay ${result.handlerToReplay}`);
  console.log(
    `ratio ${result.ratio} (node ${process.version}, ${ROUNDS} rounds of ${ROUND_MS} ms, interleaved; compare within one run only)`,
  );
  console.log("\nThe benign day at full noise, 97 audit events a second and the CloudTrail of 300 pods' sessions:");
  for (const [name, rate] of Object.entries(result.day.eventsPerSecond))
    console.log(
      `${name.padEnd(26)} ${rate.toLocaleString("en").padStart(8)} events/s   ratio ${result.day.ratios[name]}`,
    );
  console.log(`ledger writes per 1,000 audit events: ${result.day.writesPerThousandAuditEvents}`);
}

/** Events per second of `work`, repeated for about `forMs`. */
async function measure(work: () => void | Promise<void>, forMs: number): Promise<number> {
  const start = performance.now();
  let rounds = 0;
  do {
    await work();
    rounds += 1;
  } while (performance.now() - start < forMs);
  return (rounds * eventsInAll * 1_000) / (performance.now() - start);
}

function floor(): void {
  for (const record of records) {
    const { Records } = JSON.parse(record) as { Records: { kinesis: { data: string } }[] };
    for (const { kinesis } of Records) {
      const envelope = JSON.parse(gunzipSync(Buffer.from(kinesis.data, "base64")).toString("utf8")) as {
        logEvents: { message: string }[];
      };
      for (const { message } of envelope.logEvents) JSON.parse(message);
    }
  }
}

function chain(): void {
  const { armed, site, suppressions } = arm(registry, { version: 1 }, {}, []);
  const judge = {
    chain: createChain(armed, site, suppressions),
    screen: createScreen(registry),
    auditIds: createAuditIdMemory(1_000_000),
    tally: createTally(),
    unwrapping: { scope: { account: "111122223333", region: "eu-central-1", cluster: "demo" } },
  };
  const book = createFindingBook();
  for (const record of records)
    book.add(judgeChunk({ frames: [{ text: record, origin: { from: "bench" } }], bytes: record.length }, judge).drafts);
}

/** What a replay does with the same records: the ledger in memory, findings in a book. Everything is known after the first time, as at steady state. */
async function replay(): Promise<void> {
  const { judge, ledger } = await replaying();
  for (const text of records) {
    const frames = [{ text, origin: { from: "bench" } }];
    const { drafts, facts, lessons } = judgeChunk({ frames, bytes: text.length }, { ...judge, tally: createTally() });
    const taken = await ledger.take(facts, drafts);
    replayed.add([...drafts, ...taken.drafts]);
    taken.remember();
    judge.school?.remember(lessons);
  }
}

/** The same by the handler of the stream, one record an invocation. */
function handler(): () => Promise<void> {
  const book = createFindingBook();
  const detect = createDetect({
    ...{ program: programOf(everything, createMemoryStore()), now: () => 0, log: pino({ level: "silent" }) },
    publish: async (drafts) => book.add(drafts),
    ...{
      clock: { advance: async () => undefined },
      passed: async () => undefined,
      quarantine: { keep: async () => undefined },
    },
    meter: {
      totals: () => undefined,
      count: () => undefined,
      lag: () => undefined,
      waited: () => undefined,
      flush: () => undefined,
    },
  });
  const events: readonly KinesisStreamEvent[] = records.map((text) => JSON.parse(text));
  return async () => {
    for (const event of events) await detect(event, contextOf());
  };
}

/** Lambda events of one Kinesis record each, as a subscription of a cluster's log group fills them. */
function kinesisRecords(): readonly string[] {
  const recordings = new Map(
    recordingsIn(`${root}test/recordings/audit`).map(({ name, events }) => [name, events.trimEnd().split("\n")]),
  );
  const lines = Object.entries(MIX).flatMap(([name, share]) => {
    const source = recordings.get(name) ?? [];
    return Array.from({ length: share * 4 }, (_, index) => source[index % source.length] ?? "");
  });
  // A fixed shuffle: every record gets the whole mix.
  const mixed = lines
    .map((line, index) => [(index * 7_919) % lines.length, line] as const)
    .sort(([a], [b]) => a - b)
    .map(([, line]) => line);
  const groups = Array.from({ length: Math.floor(mixed.length / EVENTS_PER_RECORD) }, (_, index) =>
    mixed.slice(index * EVENTS_PER_RECORD, (index + 1) * EVENTS_PER_RECORD),
  );
  return groups.map((messages, index) => {
    const envelope = {
      messageType: "DATA_MESSAGE",
      owner: "111122223333",
      logGroup: "/aws/eks/demo/cluster",
      logStream: "kube-apiserver-audit-0123456789abcdef0123456789abcdef",
      subscriptionFilters: ["crosstrail"],
      logEvents: messages.map((message, at) => ({
        id: String(3_195_000_000 + index * 1_000 + at),
        timestamp: 1_795_000_000_000 + at,
        message,
      })),
    };
    const data = gzipSync(JSON.stringify(envelope)).toString("base64");
    const kinesis = {
      kinesisSchemaVersion: "1.0",
      partitionKey: "p",
      sequenceNumber: String(index),
      data,
      approximateArrivalTimestamp: 1_795_000_000,
    };
    return JSON.stringify({
      Records: [
        {
          kinesis,
          eventSource: "aws:kinesis",
          eventID: `shardId-000000000000:${index}`,
          awsRegion: "eu-central-1",
          eventSourceARN: "arn:aws:kinesis:eu-central-1:111122223333:stream/audit",
        },
      ],
    });
  });
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function describe(values: readonly number[]): string {
  const spread = Math.round((100 * (Math.max(...values) - Math.min(...values))) / median(values));
  return `${Math.round(median(values)).toLocaleString("en")} events/s (spread ${spread} %)`;
}
