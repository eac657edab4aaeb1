import type { SecurityHubClient } from "@aws-sdk/client-securityhub";
import { pino } from "pino";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createMemoryFindings } from "../../functions/adapters/findings/memory.ts";
import { createHubPublisher } from "../../functions/publish/hub.ts";
import { createHubs } from "../../functions/publish/hubs.ts";
import { draftOf } from "../support/drafts.ts";
import { createFindings } from "../support/security-hub-rules.ts";
import { silentMeter } from "../support/silent-meter.ts";
import { createSimClock } from "../support/sim-clock.ts";
import { createSimQueue, type SimQueue, type SqsHandler, simulateSqs } from "../support/sqs-simulator.ts";
import { createThrottle } from "../support/throttle.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const ACCOUNT = "111122223333";
const URGENT = 30;
const OTHER = 90;

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("Security Hub is down for a day", () => {
  it("and nothing is lost, nothing is asked all the time, and what is urgent is there first", async () => {
    const clock = createSimClock(Date.UTC(2026, 10, 24), 6);
    const { now } = clock;
    // Rates and pauses go by the simulated clock as well.
    vi.spyOn(Date, "now").mockImplementation(now);
    vi.stubGlobal("setTimeout", (wake: () => void, ms = 0) => void clock.sleep(ms).then(wake));
    const start = now();
    const store = createMemoryFindings();
    const service = createFindings({ account: ACCOUNT, region: "eu-central-1" });
    /** ms after it is back. */
    const arrived = new Map<string, number>();
    const allowed = createThrottle(10, 30, now);
    const calls: { readonly at: number; readonly taken: boolean }[] = [];
    const send = async ({ input: { Findings = [] } }: { input: { Findings?: unknown[] } }) => {
      const up = now() - start >= DAY_MS;
      calls.push({ at: now(), taken: up });
      if (!up) throw Object.assign(new Error("down"), { name: "InternalException" });
      expect(allowed()).toBe(true);
      for (const { Id } of Findings as { Id: string }[]) arrived.set(Id, now() - start - DAY_MS);
      return service.import({ Findings }, 1);
    };
    const client = { send } as unknown as SecurityHubClient;
    const dead = createSimQueue(now, { name: "dead" });
    const queue = (name: string) =>
      createSimQueue(now, { name, visibilityMs: 180_000, redrive: { to: dead, maxReceiveCount: 1_000 } });
    const queues = [queue("urgent"), queue("hub")] as const;
    const waits: number[] = [];
    const refused: string[] = [];
    const publisher = (of: SimQueue): SqsHandler =>
      createHubPublisher({
        ...{ store, now, log: pino({ level: "silent" }) },
        // An environment for each of the two that run at once.
        hubOf: createHubs({ account: ACCOUNT, region: "eu-central-1" }, new Map(), () => client),
        delay: async (records, seconds) => {
          waits.push(seconds);
          for (const { receiptHandle } of records) of.changeVisibility(receiptHandle, seconds * 1_000);
        },
        park: async ({ code }) => void refused.push(code),
        report: async () => undefined,
        meter: silentMeter,
      });
    const mappings = queues.map((of) => {
      const environments = [publisher(of), publisher(of)];
      let turn = 0;
      return simulateSqs({
        ...{ clock, queue: of, batchSize: 10, maximumConcurrency: 2, reportBatchItemFailures: true },
        handler: (event, context) => {
          turn += 1;
          return (environments[turn % 2] as SqsHandler)(event, context);
        },
      });
    });
    const ids: string[] = [];
    for (let index = 0; index < URGENT + OTHER; index += 1) {
      const severity = index % 4 === 0 ? "high" : "low";
      const { finding } = (await store.merge(draftOf({ on: String(index), severity }), start + 90 * DAY_MS)).draft;
      ids.push(finding.id);
      const body = JSON.stringify({ id: finding.id, notify: true, severity });
      clock
        .sleep((index * 20 * HOUR_MS) / (URGENT + OTHER))
        .then(() => queues[severity === "high" ? 0 : 1].send(body), expect.fail);
    }
    for (const mapping of mappings) await mapping.drain(1);
    await clock.run(() => false, DAY_MS - 1_000);
    // The breaker lets one call through now and then, and messages wait for a quarter of an hour at the most.
    expect(calls.length).toBeLessThan(12_000);
    expect(calls.length).toBeGreaterThan(100);
    expect(Math.max(...waits)).toBe(900);
    expect(service.all()).toEqual([]);
    expect(queues[0].messages().length + queues[1].messages().length).toBe(URGENT + OTHER);
    const received = [...queues[0].messages(), ...queues[1].messages()].map(({ receiveCount }) => receiveCount);
    // Far from the thousand after which a message is given up, and from the fourteen days that it is kept.
    expect(Math.max(...received)).toBeLessThan(120);
    for (const mapping of mappings) expect(await mapping.drain(2 * HOUR_MS)).toBe(true);
    expect(now() - start - DAY_MS).toBeLessThan(30 * 60_000);
    expect(
      service
        .all()
        .map(({ Id }) => Id)
        .sort(),
    ).toEqual([...ids].sort());
    expect([dead.messages(), refused]).toEqual([[], []]);
    // A quarter of an hour in the queue, and what the breaker takes to close.
    const urgent = ids.filter((_, index) => index % 4 === 0).map((id) => arrived.get(id) ?? Number.POSITIVE_INFINITY);
    expect(Math.max(...urgent)).toBeLessThan(20 * 60_000);
    const bySecond = Map.groupBy(
      calls.filter(({ taken }) => taken),
      ({ at }) => Math.floor(at / 1_000),
    );
    expect(Math.max(...[...bySecond.values()].map(({ length }) => length))).toBeLessThanOrEqual(10);
  }, 120_000);
});
