import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { KinesisClient, PutRecordsCommandInput } from "@aws-sdk/client-kinesis";
import { afterAll, describe, expect, it } from "vitest";
import { registry } from "../../detectors/registry.ts";
import { atOnce, clientOf } from "../../test/support/aws.ts";
import { programOf } from "../../test/support/program.ts";
import { scenario } from "../../test/support/scenario.ts";
import { record } from "../../test/support/stream.ts";
import { root } from "../../test/tools/folders.ts";
import { createMemoryStore } from "../adapters/ledger/memory.ts";
import { startBatch } from "../detect/batch.ts";
import { packEvents } from "../pipeline/encode/pack.ts";
import { sendFiles } from "./send.ts";

const dir = mkdtempSync(join(tmpdir(), "crosstrail-send-"));
afterAll(() => rmSync(dir, { recursive: true }));
const CLUSTER = { account: "444455556666", region: "eu-west-1", cluster: "prod" };
const DEMO = join(root, "test/recordings/demo");

async function sent(files: readonly string[], options: Parameters<typeof sendFiles>[2] = {}) {
  const { client, sent: requests } = clientOf<KinesisClient>({
    PutRecordsCommand: ({ Records = [] }: PutRecordsCommandInput) => ({
      Records: Records.map(() => ({ SequenceNumber: "1" })),
    }),
  });
  const counts = await sendFiles(files, { StreamName: "s" }, options, { client, wait: atOnce });
  const records = requests.flatMap(({ input }) => (input as PutRecordsCommandInput).Records ?? []);
  const envelopes = records.map(({ Data = new Uint8Array(), PartitionKey }) => ({
    ...{ key: PartitionKey, data: Data, envelope: JSON.parse(gunzipSync(Data).toString()) as Envelope },
  }));
  return { counts, envelopes };
}

interface Envelope {
  readonly messageType: string;
  readonly owner: string;
  readonly logGroup: string;
  readonly logStream: string;
  readonly logEvents: readonly { readonly id: string; readonly timestamp: number; readonly message: string }[];
}

const fileOf = (name: string, lines: readonly string[]): string => {
  const file = join(dir, name);
  writeFileSync(file, lines.join("\n"));
  return file;
};

describe("what is sent", () => {
  it("is in the envelopes of a subscription: a stream of the cluster's, and CloudTrail's of its account and Region", async () => {
    const { counts, envelopes } = await sent([fileOf("scenario.ndjson", scenario)], { cluster: CLUSTER });
    expect(counts).toMatchObject({ sent: scenario.length, failed: 0, skipped: 0 });
    for (const { key, envelope } of envelopes) {
      expect(envelope.messageType).toBe("DATA_MESSAGE");
      expect(key).toBe(envelope.logStream);
    }
    const audit = envelopes.filter(({ envelope }) => envelope.logGroup === "/aws/eks/prod/cluster");
    expect(
      audit.every(
        ({ envelope }) =>
          envelope.owner === CLUSTER.account && /^kube-apiserver-audit-[0-9a-f]{32}$/.test(envelope.logStream),
      ),
    ).toBe(true);
    expect(audit.length).toBeGreaterThan(0);
    const calls = envelopes.filter(({ envelope }) => envelope.logGroup === "aws-cloudtrail-logs");
    expect(calls.every(({ envelope }) => /^\d{12}_CloudTrail_[a-z]{2}-[a-z]+-\d$/.test(envelope.logStream))).toBe(true);
    expect(calls.length).toBeGreaterThan(0);
    const [first] = audit.flatMap(({ envelope }) => envelope.logEvents);
    const { stageTimestamp, requestReceivedTimestamp } = JSON.parse(first?.message ?? "{}");
    expect(first?.timestamp).toBe(Date.parse(stageTimestamp ?? requestReceivedTimestamp));
  });

  it("is what the files hold, to the letter, unless it is to be marked", async () => {
    const { envelopes } = await sent([fileOf("scenario.ndjson", scenario)], { cluster: CLUSTER });
    const messages = envelopes.flatMap(({ envelope }) => envelope.logEvents.map(({ message }) => message));
    expect(messages.toSorted()).toEqual(scenario.toSorted());
  });

  it("is refused for audit events of no known cluster", async () => {
    const audit = scenario.filter((line) => line.includes('"auditID"')).slice(0, 1);
    await expect(sent([fileOf("bare.ndjson", audit)])).rejects.toMatchObject({
      ...{ code: "E_CONFIG", message: expect.stringContaining("--cluster") },
    });
  });

  it("leaves out what is no event, and says how much", async () => {
    const { counts } = await sent([fileOf("mixed.ndjson", [scenario[0] ?? "", "nonsense", '{"hello":1}'])], {
      cluster: CLUSTER,
    });
    expect(counts).toMatchObject({ sent: 1, skipped: 2 });
  });

  it("keeps the cluster that an envelope names", async () => {
    const { envelopes } = await sent([DEMO], { cluster: CLUSTER });
    expect(envelopes.some(({ envelope }) => envelope.logGroup === "/aws/eks/prod/cluster")).toBe(false);
  });

  it("as the sample is made up and says so, event by event, and so do its findings", async () => {
    const { counts, envelopes } = await sent([DEMO], { sample: "attack" });
    expect(counts).toMatchObject({ sent: 1_194, failed: 0 });
    for (const { envelope } of envelopes)
      for (const { message } of envelope.logEvents) {
        const event = JSON.parse(message);
        const mark = event.annotations?.["crosstrail/synthetic"] ?? event.additionalEventData?.crosstrail;
        expect(["true", "synthetic"]).toContain(mark);
      }
    const { judge } = await programOf(registry, createMemoryStore())();
    const judged = startBatch(judge);
    for (const [index, { data }] of envelopes.entries()) judged.take(record(index + 1, data));
    expect(judged.kept()).toEqual([]);
    expect(judged.totals().reduce((sum, totals) => sum + totals.judged, 0)).toBe(1_194);
    expect(judged.drafts().length).toBeGreaterThan(20);
    expect(judged.drafts().filter(({ finding }) => !finding.synthetic)).toEqual([]);
  });
});

describe("a record", () => {
  const source = { owner: "111122223333", logGroup: "g", logStream: "s" };
  /** Text that does not shrink. */
  const noise = (length: number, seed: number): string =>
    Array.from({ length: Math.ceil(length / 64) }, (_, at) =>
      createHash("sha256").update(`${seed} ${at}`).digest("hex"),
    )
      .join("")
      .slice(0, length);

  it("is never larger than it may be: events that do not shrink are spread over more of them", () => {
    const events = Array.from({ length: 40 }, (_, index) => ({ timestamp: index, message: noise(10_000, index + 1) }));
    const { packed, tooLarge } = packEvents(source, events, 50_000);
    expect(Math.max(...packed.map(({ data }) => data.length))).toBeLessThanOrEqual(50_000);
    expect(tooLarge).toEqual([]);
    const out = packed.flatMap(({ data }) => (JSON.parse(gunzipSync(data).toString()) as Envelope).logEvents);
    expect(out.every(({ message }, index) => message === events[index]?.message)).toBe(true);
    expect(packed.length).toBeGreaterThan(4);
    expect(packed.reduce((sum, one) => sum + one.events, 0)).toBe(40);
  });

  it("holds many events where they shrink, but not without end", () => {
    const events = Array.from({ length: 2_500 }, (_, index) => ({ timestamp: index, message: "{}" }));
    expect(packEvents(source, events, 1_000_000).packed.map((one) => one.events)).toEqual([1_000, 1_000, 500]);
  });

  it("does not hold an event that is larger than itself: it is given back", () => {
    const events = [1, 2, 3].map((seed) => ({ timestamp: seed, message: noise(seed === 2 ? 200_000 : 100, seed) }));
    const { packed, tooLarge } = packEvents(source, events, 50_000);
    expect(tooLarge.map(({ timestamp }) => timestamp)).toEqual([2]);
    expect(packed.reduce((sum, one) => sum + one.events, 0)).toBe(2);
  });
});
