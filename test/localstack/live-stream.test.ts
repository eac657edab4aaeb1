import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  DescribeStreamSummaryCommand,
  ListShardsCommand,
  MergeShardsCommand,
  SplitShardCommand,
} from "@aws-sdk/client-kinesis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ofLedger } from "../../detectors/ledger/contracts.ts";
import { registry } from "../../detectors/registry.ts";
import { putRecords } from "../../functions/adapters/streams/put.ts";
import type { Finding } from "../../schemas/findings/finding.ts";
import { envelope } from "../support/stream.ts";
import { type Aws, eventually, namer } from "./aws.ts";
import { during, type Ended, linesOf, type Running } from "./command-line.ts";
import type { FaultProxy } from "./fault-proxy.ts";
import { endBegun, expectNews, findingsIn, first, goLive, idsOf, type Live, second } from "./live.ts";
import { attacksOf, daysLater, demonstration, type Recorded, replayed, together } from "./recorded.ts";
import { createQueue, createStream, createTable, known, receive } from "./resources.ts";

const named = namer("live-stream");
const dir = mkdtempSync(join(tmpdir(), "crosstrail-live-stream-"));

let aws: Aws;
let proxy: FaultProxy;
let begin: Live["begin"];
beforeAll(async () => {
  ({ aws, proxy, begin } = await goLive());
});
afterEach(endBegun);
afterAll(async () => {
  await proxy?.close();
  aws?.close();
  rmSync(dir, { recursive: true });
});

/** Its verdict waits for a time to pass. */
const waits = new Set(
  registry.flatMap((one) => (ofLedger(one).some(({ kind }) => kind === "settled") ? [one.meta.id] : [])),
);
const isPrompt = ({ detector }: Finding): boolean => !waits.has(detector);

/** By their times, as a trail tells of them: verdicts that are made in the midst of it are then those that are made at its end. */
function inOrder({ audit, cloudtrail }: Recorded): readonly string[] {
  const timeOf = (line: string): number => {
    const { eventTime, requestReceivedTimestamp = eventTime } = JSON.parse(line);
    return Date.parse(requestReceivedTimestamp);
  };
  return [...audit, ...cloudtrail].toSorted((a, b) => timeOf(a) - timeOf(b));
}

/** Puts each event as a record of its own; those of a key stay in order. */
async function put(stream: string, parts: Readonly<Record<string, Recorded>>): Promise<number> {
  const records = Object.entries(parts).flatMap(([key, { audit, cloudtrail }]) =>
    inOrder({ audit, cloudtrail }).map((line) => ({ key, data: envelope([line]) })),
  );
  const wait = async () => undefined;
  const refused = await putRecords({ StreamARN: stream }, records, { client: aws.kinesis, wait });
  expect(refused.filter((reason) => reason !== undefined)).toEqual([]);
  return records.length;
}

const eventsRead = ({ err }: Ended): number => Number(/^(\d+) events read/m.exec(err)?.[1]);
/** How often records were asked for. */
const reads = (): number => proxy.calls.filter(({ operation }) => operation === "GetRecords").length;
/** Of one GetRecords. */
const BATCH = 500;

describe("crosstrail stream", () => {
  it("confirms the batch in hand when it is ended, and goes on behind it: nothing is lost, nothing read twice", async () => {
    const attacks = attacksOf([
      ...["attack-pods", "attack-persistence-evasion", "attack-imds-exec", "attack-token-theft", "attack-aftermath"],
      "attack-proxy-probe",
    ]);
    // Behind all of it the clock has passed what waits, so that it is judged with nothing beside the command.
    const events = together(attacks, demonstration(), daysLater());
    const count = await put(await createStream(aws, named("ended")), { key: events });
    expect(count).toBeGreaterThan(2 * BATCH);
    const args = ["stream", "--name", named("ended"), "--from", "oldest", "--ledger", join(dir, "stream.db")];
    const output = ["--format", "ndjson", "--shadow"];
    let running: Running | undefined;
    proxy.plan = ({ operation }, nth) => {
      // While the second batch is on its way.
      if (operation === "GetRecords" && nth === 1) running?.kill("SIGTERM");
      return undefined;
    };
    running = begin(...args, ...output);
    const one = await running.ended;
    proxy.plan = () => undefined;
    const all = `${2 * BATCH}`;
    expect([one.code, one.err]).toEqual([0, expect.stringContaining(`${all} events read, ${all} judged, 0 set aside`)]);

    const before = reads();
    const next = begin(...args, ...output);
    // The one behind the last batch comes when that is confirmed.
    const batches = Math.ceil((count - 2 * BATCH) / BATCH);
    await during(next, "the rest is read", () => reads() > before + batches);
    next.kill("SIGTERM");
    const two = await next.ended;
    expect([two.code, two.err]).toEqual([0, expect.stringContaining(`${count - 2 * BATCH} events read, `)]);
    const found = findingsIn([...linesOf(one), ...linesOf(two)]);
    expectNews(found);
    expect(found.filter((finding) => !isPrompt(finding)).length).toBeGreaterThan(5);
    expect(idsOf(found)).toEqual(idsOf(await replayed(events)));
  });

  it("keeps its ledger in a table, feeds the queues of a deployment, and follows a stream that is split and merged", async () => {
    const stream = await createStream(aws, named("resharded"), 2);
    await createTable(aws, named("table"));
    const made = (name: string) => createQueue(aws, named(name));
    const queues = { urgent: await made("urgent"), other: await made("other"), notify: await made("notify") };
    const args = [
      ...["stream", "--name", named("resharded"), "--from", "oldest", "--table", named("table"), "--shadow"],
      ...[
        "--hub-urgent-queue",
        queues.urgent.url,
        "--hub-queue",
        queues.other.url,
        "--notify-queue",
        queues.notify.url,
      ],
    ];
    const letters = new Map<string, Set<string>>();
    async function collect(): Promise<void> {
      for (const [name, queue] of Object.entries(queues)) {
        const ids = (await receive(aws, queue)).map(({ Body }): string => JSON.parse(known(Body)).id);
        letters.set(name, new Set([...(letters.get(name) ?? []), ...ids]));
      }
    }
    /** Waits for the letters on these, each in the queues in which it belongs. */
    const told = (command: Running, findings: readonly Finding[]) =>
      during(command, "all letters have come", async () => {
        await collect();
        // Not those that wait: of records that are all old the clock is where the faster shard is, so that it hangs on chance what they are made of.
        const queueOf = ({ severity }: Finding) => (["critical", "high"].includes(severity) ? "urgent" : "other");
        return findings
          .filter(isPrompt)
          .every((finding) => ["notify", queueOf(finding)].every((queue) => letters.get(queue)?.has(finding.id)));
      });

    const [before, after] = [
      { [LOW]: attacksOf(["attack-token-theft"]), [HIGH]: first },
      { [LOW]: second, [HIGH]: attacksOf(["attack-rbac"]) },
    ];
    const running = begin(...args);
    let count = await put(stream, before);
    await told(running, await replayed(together(...Object.values(before))));
    await reshard(stream);
    count += await put(stream, after);
    await told(running, await replayed(together(...Object.values(before), ...Object.values(after))));
    running.kill("SIGTERM");
    const one = await running.ended;
    expect([one.code, one.out]).toEqual([0, ""]);

    const asked = reads();
    const next = begin(...args);
    await during(next, "the two shards that are left are read to their ends", () => reads() >= asked + 6);
    next.kill("SIGTERM");
    const two = await next.ended;
    expect([two.code, two.out]).toEqual([0, ""]);
    // What the first has read is not read again.
    expect(eventsRead(one) + eventsRead(two)).toBe(count);
  });
});

/** The MD5 of a key tells its shard: that of `a` lies in the first quarter of all, that of `b` in the second half. */
const [LOW, HIGH, QUARTER] = ["a", "b", String(2n ** 126n)] as const;

/** Splits the first of two shards at a quarter, and merges the upper part with the second one. */
async function reshard(StreamARN: string): Promise<void> {
  const [one, two] = await shardsOf(StreamARN);
  const split = { StreamARN, ShardToSplit: one?.ShardId, NewStartingHashKey: QUARTER };
  await aws.kinesis.send(new SplitShardCommand(split));
  await active(StreamARN);
  const upper = (await shardsOf(StreamARN)).find(({ HashKeyRange }) => HashKeyRange?.StartingHashKey === QUARTER);
  const merge = { StreamARN, ShardToMerge: upper?.ShardId, AdjacentShardToMerge: two?.ShardId };
  await aws.kinesis.send(new MergeShardsCommand(merge));
  await active(StreamARN);
  const shards = await shardsOf(StreamARN);
  const open = shards.filter(({ SequenceNumberRange }) => SequenceNumberRange?.EndingSequenceNumber === undefined);
  expect([shards.length, open.length]).toEqual([5, 2]);
}

const shardsOf = async (StreamARN: string) =>
  (await aws.kinesis.send(new ListShardsCommand({ StreamARN }))).Shards ?? [];

const active = (StreamARN: string) =>
  eventually("an active stream", async () => {
    const { StreamDescriptionSummary } = await aws.kinesis.send(new DescribeStreamSummaryCommand({ StreamARN }));
    return StreamDescriptionSummary?.StreamStatus === "ACTIVE" || undefined;
  });
