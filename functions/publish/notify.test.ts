import type { SQSRecord } from "aws-lambda";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { Finding } from "../../schemas/findings/finding.ts";
import { draftOf } from "../../test/support/drafts.ts";
import { silentMeter } from "../../test/support/silent-meter.ts";
import { contextOf } from "../../test/support/stream.ts";
import { createMemoryFindings } from "../adapters/findings/memory.ts";
import type { Parked } from "./letters.ts";
import { type Message, messageOf } from "./message.ts";
import { createNotifier, type NotifyParts } from "./notify.ts";

const NOW = Date.UTC(2026, 10, 24);
const KEEP = Date.UTC(2030, 0);
const record = (id: string, index = 0): SQSRecord => ({
  ...{ messageId: `m${index}`, receiptHandle: `h${index}`, messageAttributes: {}, md5OfBody: "", awsRegion: "r" },
  ...{
    body: JSON.stringify({ id, notify: true, severity: "low" }),
    eventSource: "aws:sqs",
    eventSourceARN: "a:notify",
  },
  attributes: {
    ...{ ApproximateReceiveCount: "1", SentTimestamp: "0", SenderId: "s", ApproximateFirstReceiveTimestamp: "0" },
  },
});

function setUp(change: Partial<NotifyParts> = {}) {
  const store = createMemoryFindings();
  const told: Message[] = [];
  const parked: Parked[] = [];
  const notify = createNotifier({
    ...{ store, format: "text", log: pino({ level: "silent" }) },
    ...{ delay: async () => undefined, now: () => NOW },
    topic: async (messages) => {
      told.push(...messages);
      return [];
    },
    park: async (one) => void parked.push(one),
    report: async () => undefined,
    meter: silentMeter,
    ...change,
  });
  const send = async (...ids: string[]) =>
    (await notify({ Records: ids.map(record) }, contextOf())).batchItemFailures.map((one) => one.itemIdentifier);
  return { store, told, parked, send, notify };
}

describe("people", () => {
  it("are told of a finding once at each severity, whatever comes how often", async () => {
    const { store, told, send } = setUp();
    const { id } = (await store.merge(draftOf({ severity: "low" }), KEEP)).draft.finding;
    expect(await send(id, id)).toEqual([]);
    expect(await send(id)).toEqual([]);
    await store.merge(draftOf({ event: "another" }), KEEP);
    expect(await send(id)).toEqual([]);
    expect(told.map(({ subject }) => subject.slice(0, 5))).toEqual(["[LOW]"]);
    await store.merge(draftOf({ severity: "critical" }), KEEP);
    expect(await send(id, id)).toEqual([]);
    expect(told.map(({ attributes }) => attributes.severity)).toEqual(["low", "critical"]);
  });

  it("are told which configuration stood, where there is one", async () => {
    const { store, told, send } = setUp();
    for (const config of [{ config: "a1b2" }, {}]) {
      const draft = draftOf({ on: JSON.stringify(config) });
      const kept = await store.merge({ ...draft, finding: { ...draft.finding, ...config } }, KEEP);
      await send(kept.draft.finding.id);
    }
    expect(told.map(({ body }) => /^Config: +(.*)$/m.exec(body)?.[1])).toEqual(["a1b2", undefined]);
  });

  it("who cannot be told for long are missed: how long is measured, by the oldest message that is put off", async () => {
    const waits: [string, number][] = [];
    const meter = { ...silentMeter, waited: (sink: string, ms: number) => void waits.push([sink, ms]) };
    const topic = async (): Promise<never> => Promise.reject(new Error("down"));
    const { store, notify } = setUp({ meter, topic });
    const { id } = (await store.merge(draftOf(), KEEP)).draft.finding;
    const sentAt = (ms: number): SQSRecord => {
      const made = record(id, ms);
      return { ...made, attributes: { ...made.attributes, SentTimestamp: String(NOW - ms) } };
    };
    await notify({ Records: [sentAt(5_000), sentAt(960_000), sentAt(1_000)] }, contextOf());
    expect(waits).toEqual([["topic", 960_000]]);
    await setUp({ store, meter }).send(id);
    expect(waits).toHaveLength(1);
  });

  it("are told again of those alone that the topic did not take", async () => {
    const { store, told, send } = setUp();
    const ids: string[] = [];
    for (const on of ["x", "y", "z"]) ids.push((await store.merge(draftOf({ on }), KEEP)).draft.finding.id);
    const [x = "", y = "", z = ""] = ids;
    const tries: string[][] = [];
    const failing = setUp({
      store,
      topic: async (messages) => {
        tries.push(messages.map(({ id }) => id));
        return tries.length > 1
          ? []
          : [
              { id: y, code: "Throttled", message: "later", passing: true },
              { id: z, code: "InvalidParameter", message: "never", passing: false },
            ];
      },
    });
    expect(await failing.send(x, y, z)).toEqual(["m1"]);
    expect(await failing.send(x, y)).toEqual([]);
    expect(tries).toEqual([[x, y, z], [y]]);
    expect(failing.parked.map(({ id, sink, code }) => [id, sink, code])).toEqual([[z, "topic", "InvalidParameter"]]);
    expect([told, await send(x, y)]).toEqual([[], []]);
    expect(told).toEqual([]);
  });
});

describe("a message", () => {
  const finding = draftOf({ severity: "high" }).finding;
  const hostile: Finding = {
    ...finding,
    ...{
      title: `a\u0000b\nOutcome: success \u001b[2J é${"x".repeat(300)}`,
      target: "t\r\nFrom: 192.0.2.1",
      cluster: "",
      account: "",
    },
    action: { ...finding.action, argv: ["sh", "-c", `echo\n"${"🦀".repeat(200)}"`] },
    evidence: Array.from({ length: 20 }, (_, index) => ({ field: `f${index}`, value: "é".repeat(1_024), event: "e" })),
    reasons: Array.from({ length: 30 }, (_, index) => `${index} ${"漢".repeat(510)}`),
  };

  it.each(["text", "chat"] as const)("as %s stays within the limits of SNS, whatever the finding says", (format) => {
    for (const one of [
      finding,
      hostile,
      { ...hostile, attack: { version: "19", techniques: [] } } as unknown as Finding,
    ]) {
      const { subject, body, attributes } = messageOf(one, format);
      expect(subject).toMatch(/^\[HIGH\] [\x20-\x7e]*$/);
      expect(subject.length).toBeLessThan(100);
      expect(Buffer.byteLength(body)).toBeLessThan(256 * 1_024);
      expect(Object.keys(attributes).length).toBeLessThanOrEqual(10);
      for (const value of Object.values(attributes)) expect(value.length).toBeGreaterThan(0);
      expect(body.isWellFormed()).toBe(true);
    }
  });

  it("as text is lines that only we make", () => {
    const { body } = messageOf(hostile, "text");
    expect(body).not.toMatch(/[^\P{Cc}\n]/u);
    expect(body.split("\n").filter((line) => line.startsWith("Outcome:"))).toEqual(["Outcome:   success"]);
    expect(body.split("\n").filter((line) => line.startsWith("From:")).length).toBeLessThanOrEqual(1);
    expect(body).toContain("On:        t From: 192.0.2.1");
    expect(body).toContain("First step\n  look");
  });

  it("as chat is JSON of one thread a finding, within what the chat takes", () => {
    const chat = JSON.parse(messageOf(hostile, "chat").body);
    expect(chat).toMatchObject({ version: "1.0", source: "custom", metadata: { threadId: finding.id } });
    expect(chat.content.title.length).toBeLessThanOrEqual(250);
    expect(chat.content.description.length).toBeLessThanOrEqual(8_000);
    expect(Object.values(chat.metadata.additionalContext).every((value) => value !== "")).toBe(true);
  });
});
