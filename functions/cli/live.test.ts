import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { ofLedger } from "../../detectors/ledger/contracts.ts";
import { registry } from "../../detectors/registry.ts";
import type { Finding } from "../../schemas/findings/finding.ts";
import { type Answer, awsServer } from "../../test/support/aws-server.ts";
import { impersonation } from "../../test/support/one-event.ts";
import { scenario } from "../../test/support/scenario.ts";
import { envelope, STREAM_ARN } from "../../test/support/stream.ts";
import { nodeAtWork, podCall } from "../../test/support/trails.ts";

const bin = fileURLToPath(new URL("./bin.js", import.meta.url));
const dir = mkdtempSync(join(tmpdir(), "crosstrail-live-"));
afterAll(() => rmSync(dir, { recursive: true }));

interface Running {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly ended: Promise<{ readonly code: number | null; readonly err: string }>;
  /** Resolves when the output holds that many lines. */
  readonly lines: (count: number) => Promise<readonly string[]>;
}

const started: ChildProcess[] = [];
const servers: Awaited<ReturnType<typeof awsServer>>[] = [];
afterEach(async () => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
  for (const server of servers.splice(0)) await server.close();
});

async function serve(answer: Answer): Promise<string> {
  const server = await awsServer(answer);
  servers.push(server);
  return server.url;
}

/** Against a service at this address. */
const start = (url: string, args: readonly string[]): Running =>
  begin(...args, "--region", "eu-central-1", "--endpoint-url", url);

function begin(...args: readonly string[]): Running {
  const env = { ...process.env, NO_COLOR: "1", AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };
  const child = spawn(process.execPath, [bin, ...args], { env });
  started.push(child);
  let [out, err] = ["", ""];
  let heard = (): void => undefined;
  child.stdout?.on("data", (text) => {
    out += text;
    heard();
  });
  child.stderr?.on("data", (text) => {
    err += text;
  });
  const ended = new Promise<{ code: number | null; err: string }>((resolve) => {
    child.on("close", (code) => resolve({ code, err }));
  });
  return {
    child,
    out: () => out,
    ended,
    lines: (count) =>
      new Promise((resolve, reject) => {
        heard = () => {
          const all = out.split("\n").slice(0, -1);
          if (all.length >= count) resolve(all);
        };
        heard();
        void ended.then((end) => reject(new Error(`ended with ${end.code}: ${end.err}`)));
      }),
  };
}

const NOW = Date.now();
const eventOf = (id: string): string => impersonation({ auditID: id, at: NOW });
const findingsIn = (lines: readonly string[]): Finding[] => lines.map((line) => JSON.parse(line));

describe("hunt", () => {
  it("prints what it has found when Ctrl-C comes, though a request is under way", async () => {
    let pages = 0;
    const url = await serve((operation) => {
      if (operation === "DescribeLogGroups") return { logGroups: [{ logGroupName: "/aws/eks/prod/cluster" }] };
      pages += 1;
      if (pages > 1) return "never";
      const message = eventOf("11111111-2222-4333-8444-000000000001");
      const event = { eventId: "1", timestamp: NOW, message, logStreamName: "kube-apiserver-audit-0" };
      return { events: [event], nextToken: "more" };
    });
    const { child, ended, out } = start(url, ["hunt", "--log-group", "/aws/eks/prod/cluster", "--since", "1h"]);
    await expect.poll(() => pages, { timeout: 60_000 }).toBe(2);
    child.kill("SIGINT");
    const { code, err } = await ended;
    expect(err).toContain("Interrupted: what follows covers the part that was read.");
    expect(findingsIn(out().trim().split("\n"))).toMatchObject([{ detector: "impersonation/eks-auto-component" }]);
    // Ended by the signal, as bin.js passes it on.
    expect([null, 130]).toContain(code);
  });
});

describe("tail", () => {
  it("writes a finding when its event appears, once, and ends by Ctrl-C", async () => {
    const found: string[] = [];
    let asked = 0;
    const url = await serve((operation) => {
      if (operation === "DescribeLogGroups") return { logGroups: [{ logGroupName: "/aws/eks/prod/cluster" }] };
      asked += 1;
      return {
        events: found.map((message, index) => ({
          ...{ eventId: String(index), timestamp: NOW, message, logStreamName: "kube-apiserver-audit-0" },
        })),
      };
    });
    const { child, lines, ended } = start(url, [
      "tail",
      "--log-group",
      "/aws/eks/prod/cluster",
      "--since",
      "1h",
      "--every",
      "1",
    ]);
    found.push(eventOf("11111111-2222-4333-8444-000000000001"));
    const [finding] = findingsIn(await lines(1));
    expect(finding).toMatchObject({ detector: "impersonation/eks-auto-component", cluster: "prod", count: 1 });
    const before = asked;
    // The same windows again, several times.
    await expect.poll(() => asked, { timeout: 60_000 }).toBeGreaterThan(before + 2);
    child.kill("SIGINT");
    const { code, err } = await ended;
    expect(err).toContain("1 events read, 1 judged, 0 set aside");
    expect(code).toBe(130);
    expect(await lines(1).catch(() => [])).toHaveLength(1);
  });

  it("ends in one sentence when it is refused", async () => {
    const url = await serve(() => {
      throw Object.assign(new Error("no"), { name: "AccessDeniedException" });
    });
    const { ended, out } = start(url, ["tail", "--log-group", "/aws/eks/prod/cluster", "--quiet"]);
    const { code, err } = await ended;
    expect([code, out()]).toEqual([1, ""]);
    expect(err).toBe(
      "crosstrail: no access to log group /aws/eks/prod/cluster: the identity needs logs:FilterLogEvents on it (no)\n",
    );
  });
});

const md5 = (text: string): string => createHash("md5").update(text).digest("hex");

/** A stream of one shard; positions are counted from its beginning. */
function streamOf(records: readonly string[]) {
  const reads: number[] = [];
  const letters: string[] = [];
  const answer: Answer = (operation, input: Record<string, never>) => {
    if (operation === "DescribeStreamSummary") return { StreamDescriptionSummary: { StreamARN: STREAM_ARN } };
    if (operation === "ListShards") return { Shards: [{ ShardId: "shardId-000000000000" }] };
    if (operation === "GetShardIterator") {
      const { StartingSequenceNumber } = input;
      return { ShardIterator: String(StartingSequenceNumber === undefined ? 0 : Number(StartingSequenceNumber)) };
    }
    if (operation === "SendMessageBatch") {
      const { Entries } = input as unknown as { Entries: { Id: string; MessageBody: string }[] };
      letters.push(...Entries.map(({ MessageBody }) => MessageBody));
      return {
        Successful: Entries.map(({ Id, MessageBody }) => ({ Id, MessageId: Id, MD5OfMessageBody: md5(MessageBody) })),
        Failed: [],
      };
    }
    const at = Number(input.ShardIterator);
    reads.push(at);
    const Records = records.slice(at).map((line, index) => ({
      ...{ SequenceNumber: String(at + index + 1), PartitionKey: "key", ApproximateArrivalTimestamp: NOW / 1_000 },
      Data: envelope([line]).toString("base64"),
    }));
    return { Records, NextShardIterator: String(records.length), MillisBehindLatest: 0 };
  };
  return { answer, reads, letters };
}

/** Detectors whose verdicts wait for a time to pass. */
const waiting = new Set(
  registry.filter((one) => ofLedger(one).some(({ kind }) => kind === "settled")).map(({ meta }) => meta.id),
);

describe("stream", () => {
  const events = ["11111111-2222-4333-8444-000000000001", "11111111-2222-4333-8444-000000000002"].map(eventOf);

  it("reads a stream until SIGTERM, and goes on behind its checkpoint, which is kept with the ledger", async () => {
    const records = [...events.slice(0, 1)];
    const { answer, reads } = streamOf(records);
    const url = await serve(answer);
    const args = ["stream", "--name", "crosstrail", "--from", "oldest", "--ledger", join(dir, "stream.db")];
    const one = start(url, args);
    expect(findingsIn(await one.lines(1))[0]).toMatchObject({ detector: "impersonation/eks-auto-component", count: 1 });
    await expect.poll(() => reads.length, { timeout: 60_000 }).toBeGreaterThan(1);
    one.child.kill("SIGTERM");
    const { code, err } = await one.ended;
    expect(err).toContain("1 events read, 1 judged, 0 set aside");
    expect(code).toBe(0);
    records.push(events[1] ?? "");
    reads.length = 0;
    const two = start(url, args);
    await expect.poll(() => reads.length, { timeout: 60_000 }).toBeGreaterThan(1);
    two.child.kill("SIGTERM");
    expect((await two.ended).err).toContain("1 events read");
    expect(reads[0]).toBe(1);
    // The finding is out already; one event more is no news.
    expect(two.out()).toBe("");
  });

  it("makes the verdicts that wait for a time, with nothing beside it: all that a replay of the same into a ledger finds", async () => {
    // Both trails go on for hours, so that all that waits before has become due.
    const later = [
      nodeAtWork("23:00", "i-0a1b2c3d4e5f60001", "ASIAEXAMPLENODE00001"),
      podCall("23:00", "s3:GetObject", "ASIAEXAMPLEPOD000004"),
    ];
    const records = [...scenario, ...later];
    const file = join(dir, "records.ndjson");
    writeFileSync(file, records.join("\n"));
    const { answer, reads } = streamOf(records);
    const url = await serve(answer);
    const output = ["--format", "ndjson", "--shadow"];
    const found = ({ out }: Running): readonly Finding[] => findingsIn(out().split("\n").slice(0, -1));
    const ids = (all: readonly Finding[]): readonly string[] => [...new Set(all.map(({ id }) => id))].toSorted();
    const waited = (all: readonly Finding[]): readonly Finding[] => all.filter(({ detector }) => waiting.has(detector));
    const kept = ["--ledger", join(dir, "replay.db")];
    const replay = begin("replay", ...output, "--quiet", ...kept, "--cluster", "111122223333/eu-central-1/demo", file);
    expect(await replay.ended).toEqual({ code: 0, err: "" });
    const stream = start(url, ["stream", "--name", "crosstrail", "--from", "oldest", ...output]);
    await expect.poll(() => reads.length, { timeout: 60_000 }).toBeGreaterThan(1);
    expect(waited(found(stream))).toEqual([]);
    stream.child.kill("SIGTERM");
    expect((await stream.ended).code).toBe(0);
    expect(waited(found(stream)).length).toBeGreaterThan(2);
    expect(ids(found(stream))).toEqual(ids(found(replay)));
  });

  it("puts findings into queues, and records that cannot be judged into a file", async () => {
    const { answer, letters, reads } = streamOf([events[0] ?? "", "nonsense"]);
    const url = await serve(answer);
    const aside = join(dir, "aside.ndjson");
    const queue = `${url}/111122223333/notify`;
    const args = ["stream", "--name", "crosstrail", "--from", "oldest", "--notify-queue", queue, "--set-aside", aside];
    const { child, ended, out } = start(url, args);
    await expect.poll(() => reads.length, { timeout: 60_000 }).toBeGreaterThan(1);
    child.kill("SIGTERM");
    expect((await ended).code).toBe(0);
    expect(out()).toBe("");
    // That a record was kept aside is a finding of its own.
    expect(letters.map((letter) => JSON.parse(letter).severity).toSorted()).toEqual(["critical", "medium"]);
    expect(findingsIn(readFileSync(aside, "utf8").trim().split("\n"))).toMatchObject([
      { version: 1, stream: STREAM_ARN, sequence: "2", partitionKey: "key", reasons: [{ code: "E_JSON" }] },
    ]);
  });
});
