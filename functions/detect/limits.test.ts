import { gzipSync } from "node:zlib";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { registry } from "../../detectors/registry.ts";
import type { KeptRecord } from "../../schemas/quarantine/kept-record.ts";
import { programOf } from "../../test/support/program.ts";
import { scenario } from "../../test/support/scenario.ts";
import { batch, contextOf, envelope, record } from "../../test/support/stream.ts";
import { createMemoryStore } from "../adapters/ledger/memory.ts";
import { createDetect } from "./detect.ts";

const MB = 1_024 * 1_024;
const line = scenario.find((one) => !one.includes('"eventSource"')) ?? "";
const padded = (bytes: number): string => `${line.slice(0, -1)},"pad":"${"x".repeat(bytes)}"}`;

function setUp() {
  const counts = new Map<string, number>();
  const kept: KeptRecord[] = [];
  const count = (name: string, value: number): void => void counts.set(name, (counts.get(name) ?? 0) + value);
  const detect = createDetect({
    ...{ program: programOf(registry, createMemoryStore()), publish: async () => undefined, now: () => 0 },
    ...{ clock: { advance: async () => undefined }, passed: async () => undefined, log: pino({ level: "silent" }) },
    quarantine: { keep: async (one) => void kept.push(one) },
    meter: {
      ...{ count, lag: () => undefined, waited: () => undefined, flush: () => undefined },
      totals: ({ read, judged, setAside, control }) => {
        count("read", read);
        count("judged", judged);
        count("setAside", setAside);
        count("control", control);
      },
    },
  });
  const take = async (...data: readonly Uint8Array[]) => {
    const answer = await detect(batch(data.map((one, index) => record(index + 1, one))), contextOf());
    const { read = 0, judged = 0, setAside = 0, control = 0 } = Object.fromEntries(counts);
    const codes = kept.flatMap(({ reasons }) => reasons.map(({ code }) => code));
    return { left: answer.batchItemFailures.length, read, judged, setAside, control, codes };
  };
  return { take };
}
const calm = { left: 0, setAside: 0, control: 0, codes: [] };

describe("a record", () => {
  it.each([
    ["one megabyte, compressed from twenty", Buffer.from(envelope([padded(20 * MB)]))],
    // Above 4.4 MiB it comes by no invocation of a stream, but from where it is kept when it could not be brought.
    ["ten megabytes as they are", Buffer.from(padded(10 * MB - 2_000))],
  ])("of %s is judged", async (_, data) => {
    expect(await setUp().take(data)).toEqual({ ...calm, read: 1, judged: 1 });
  });

  it("that unpacks to gigabytes is kept aside, and costs no more than its limit, however many there are", async () => {
    const bomb = gzipSync(Buffer.alloc(200 * MB), { level: 9 });
    expect(bomb.length).toBeLessThan(MB);
    const before = process.memoryUsage().rss;
    const { codes, ...rest } = await setUp().take(bomb, bomb, bomb, bomb, bomb, bomb, envelope([line]));
    expect(rest).toEqual({ left: 0, control: 0, read: 7, judged: 1, setAside: 6 });
    expect(new Set(codes)).toEqual(new Set(["E_GZIP"]));
    expect(process.memoryUsage().rss - before).toBeLessThan(600 * MB);
  });

  it("of the Kinesis Producer Library is kept aside, with that reason", async () => {
    const aggregate = Buffer.concat([Buffer.from("f3899ac2", "hex"), Buffer.from(line)]);
    expect(await setUp().take(aggregate, envelope([line]))).toEqual({
      ...{ ...calm, read: 2, judged: 1, setAside: 1, codes: ["E_KPL"] },
    });
  });

  it("by which a subscription tries its destination is counted apart, and is no event", async () => {
    const message = { messageType: "CONTROL_MESSAGE", owner: "CloudwatchLogs", logGroup: "", logStream: "" };
    const event = {
      id: "",
      timestamp: 1,
      message: "CWL CONTROL MESSAGE: Checking health of destination Kinesis stream.",
    };
    const data = gzipSync(JSON.stringify({ ...message, subscriptionFilters: [], logEvents: [event] }));
    expect(await setUp().take(data)).toEqual({ ...calm, read: 0, judged: 0, control: 1 });
  });

  it("of a foreign log group is kept aside, all lines of it counted", async () => {
    const flow =
      "2 111122223333 eni-0a1b2c3d 10.0.1.5 10.0.0.220 39812 80 6 14030 7641 1418530010 1418530070 ACCEPT OK";
    const { left, read, judged, setAside } = await setUp().take(envelope([flow, flow, '{"level":"info"}']));
    expect({ left, read, judged, setAside }).toEqual({ left: 0, read: 3, judged: 0, setAside: 3 });
  });

  it.each([
    ["nothing", Buffer.alloc(0)],
    ["an empty envelope", gzipSync("")],
    ["half an envelope", envelope([line]).subarray(0, 100)],
    ["noise", Buffer.from([0, 255, 254, 1, 2, 3])],
  ])("with %s in it is counted and kept", async (_, data) => {
    const { left, read, setAside, codes } = await setUp().take(data, envelope([line]));
    expect({ left, read, setAside }).toEqual({ left: 0, read: 2, setAside: 1 });
    expect(codes).toHaveLength(1);
  });
});

it("ten thousand records in one batch are judged, each once", async () => {
  const data = envelope([line]);
  const all = Array.from({ length: 10_000 }, () => data);
  expect(await setUp().take(...all)).toEqual({ ...calm, read: 10_000, judged: 10_000 });
}, 60_000);
