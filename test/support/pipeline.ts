/** The functions of the pipeline on simulators, on one clock: whatever may happen to a call, an invocation or an environment happens by plan. */
import type { SQSRecord } from "aws-lambda";
import { pino } from "pino";
import type { Detector } from "../../detectors/ledger/contracts.ts";
import { createMemoryFindings } from "../../functions/adapters/findings/memory.ts";
import { createMemoryStore } from "../../functions/adapters/ledger/memory.ts";
import { keyOf } from "../../functions/adapters/quarantine/s3.ts";
import { createDetect, type Detect, type DetectParts } from "../../functions/detect/detect.ts";
import { createDesk, type Outbox } from "../../functions/findings/desk.ts";
import type { Findings, Stamps, Told } from "../../functions/findings/ports.ts";
import { createSharedClock } from "../../functions/ledger/shared-clock.ts";
import { createHubPublisher } from "../../functions/publish/hub.ts";
import type { Parked } from "../../functions/publish/letters.ts";
import type { Message } from "../../functions/publish/message.ts";
import { createNotifier } from "../../functions/publish/notify.ts";
import { createReport } from "../../functions/publish/report.ts";
import { createConfigSource } from "../../functions/runtime/config-source.ts";
import { everyMinute } from "../../functions/runtime/every-minute.ts";
import { createPrograms } from "../../functions/runtime/program.ts";
import { createSweep } from "../../functions/sweep/sweep.ts";
import type { AsffFinding } from "../../schemas/findings/asff-schema.ts";
import type { Letter } from "../../schemas/findings/letter.ts";
import type { KeptRecord } from "../../schemas/quarantine/kept-record.ts";
import type { Luck as Fate } from "./esm-invocation.ts";
import { type KinesisMapping, simulateKinesis } from "./esm-simulator.ts";
import { createEventBook } from "./event-book.ts";
import { createSimStream } from "./kinesis-stream.ts";
import { createPorts, type Luck, type Port } from "./lucky-ports.ts";
import type { Pieces } from "./marked-events.ts";
import { createFindings } from "./security-hub-rules.ts";
import { silentMeter } from "./silent-meter.ts";
import { createSimClock, type SimClock } from "./sim-clock.ts";
import { createSimQueue, type SimQueue, simulateSqs } from "./sqs-simulator.ts";

/** What a mutant changes. */
export interface Mutant {
  readonly detect?: (detect: Detect) => Detect;
  readonly outbox?: (outbox: Outbox) => Outbox;
  readonly parts?: (parts: DetectParts) => DetectParts;
  readonly findings?: (findings: Findings & Stamps & Told) => Findings & Stamps & Told;
}

export interface Settings extends Partial<Omit<KinesisMapping, "luck" | "clock" | "stream" | "handler">> {
  readonly detectors: readonly Detector[];
  /** In place until all is mended. */
  readonly broken?: readonly Detector[];
  readonly shards?: number;
  /** Of the call of a port, by its number from 0. */
  readonly luck?: (port: Port, call: number) => Luck;
  /** Of invocations of detect. */
  readonly fates?: readonly Fate[];
  /** ms that an invocation of detect, and a call of the publisher, takes. */
  readonly takesMs?: (call: number) => number;
  readonly limits?: DetectParts["limits"];
  readonly mutant?: Mutant;
}

export const ACCOUNT = "111122223333";
export const REGION = "eu-central-1";
export const START = Date.UTC(2026, 10, 24);
const REPUBLISH_MS = 2 * 3_600_000;

export function startPipeline(settings: Settings) {
  const { detectors, luck = () => "fine", fates = [], takesMs = () => 0, mutant = {} } = settings;
  const clock: SimClock = createSimClock(START, 4);
  const { now } = clock;
  const stream = createSimStream(settings.shards ?? 1, now);
  const memory = createMemoryFindings();
  const findings = mutant.findings?.(memory) ?? memory;
  const ledger = createMemoryStore();
  const kept = new Map<string, KeptRecord>();
  const letters: Letter[] = [];
  const messages: Message[] = [];
  const parked: Parked[] = [];
  const imports: { readonly id: string; readonly updatedAt: string }[] = [];
  const hub = createFindings({ account: ACCOUNT, region: REGION });
  const calls = new Map<Port, number>();
  const book = createEventBook();
  const log = pino({ level: "silent" });
  let taken = 0;
  async function pause(): Promise<void> {
    taken += 1;
    const ms = takesMs(taken);
    if (ms > 0) await clock.sleep(ms);
  }
  let healthy = false;
  /** ms by which the desk is ahead: hours pass for it alone, as everybody else only polls. */
  let ahead = 0;

  const port = createPorts((name, call) => (healthy ? "fine" : luck(name, call)), calls);

  const store = (name: Port) => ({
    ...ledger,
    merge: port(name, ledger.merge),
    read: port(name, ledger.read),
    put: port(name, ledger.put),
    due: port(name, ledger.due),
    done: port(name, ledger.done),
  });
  const kept2 = {
    ...findings,
    merge: port("findings", findings.merge),
    read: port("findings", findings.read),
    mark: port("findings", findings.mark),
    remind: port("findings", findings.remind),
    stamp: port("findings", findings.stamp),
    told: port("findings", findings.told),
  };

  const dead = createSimQueue(now, { name: "dead" });
  const queue = (name: string): SimQueue =>
    createSimQueue(now, { name, visibilityMs: 180_000, redrive: { to: dead, maxReceiveCount: 1_000 } });
  const queues = { urgent: queue("hub-urgent"), hub: queue("hub"), notify: queue("notify") };
  const outbox = port("outbox", async (more: readonly Letter[]) => {
    letters.push(...more);
    for (const letter of more) {
      const body = JSON.stringify(letter);
      if (letter.notify) queues.notify.send(body);
      (["high", "critical"].includes(letter.severity) ? queues.urgent : queues.hub).send(body);
    }
  });
  const desk = createDesk({
    store: kept2,
    outbox: mutant.outbox?.(outbox) ?? outbox,
    now: () => now() + ahead,
    parallel: 4,
  });

  const programs = () =>
    createPrograms({
      configured: createConfigSource(
        { now: port("config", async () => undefined), earlier: () => [] },
        async () => undefined,
        now,
      ),
      ...{
        detectors: healthy ? detectors : (settings.broken ?? detectors),
        store: store("ledger"),
        now,
        region: REGION,
        remembered: 2_000,
      },
    });
  const publish: DetectParts["publish"] = async (drafts) => {
    await desk.take(drafts);
  };

  function startDetect() {
    const shared = createSharedClock({ store: store("clock"), now });
    const parts: DetectParts = {
      ...{
        program: programs(),
        publish,
        meter: silentMeter,
        log,
        now,
        clock: shared,
        passed: everyMinute(shared.time, now),
      },
      quarantine: { keep: port("quarantine", async (record) => void kept.set(keyOf(record), record)) },
      ...(settings.limits && { limits: settings.limits }),
    };
    const watched = book.watch(parts);
    const detect = createDetect(mutant.parts?.(watched.parts) ?? watched.parts);
    return { detect: mutant.detect?.(detect) ?? detect, ended: watched.ended, busy: false };
  }

  const environments = new Set<ReturnType<typeof startDetect>>();
  /** Of the invocations that will run. */
  const running: Fate[] = [];
  const simulation = simulateKinesis({
    ...{ reportBatchItemFailures: true, ...settings, clock, stream },
    luck(number) {
      const fate = healthy ? "fine" : (fates[number] ?? "fine");
      if (fate !== "throttled" && fate !== "crash before") running.push(fate);
      return fate;
    },
    async handler(event, invocation) {
      const fate = running.shift();
      const environment = [...environments].find(({ busy }) => !busy) ?? startDetect();
      environments.add(environment);
      environment.busy = true;
      await pause();
      const answer = await environment.detect(event, invocation).catch((error: unknown) => {
        environment.busy = false;
        environment.ended(event);
        throw error;
      });
      environment.busy = false;
      environment.ended(event, answer);
      if (fate === "crash after") environments.delete(environment);
      return answer;
    },
  });

  const startSweep = () =>
    createSweep({
      ...{ program: programs(), clock: async () => Date.UTC(9_999, 0), publish, catchUp: () => desk.catchUp() },
      ...{ health: async () => [], meter: silentMeter, log },
    });

  const sink = () => ({
    ...{ log, now, meter: silentMeter, store: kept2 },
    park: async (one: Parked) => void parked.push(one),
    report: createReport({ desk, store: kept2, region: REGION, now, meter: silentMeter, log }),
    delay: async (records: readonly SQSRecord[], seconds: number) => {
      for (const { receiptHandle } of records)
        for (const one of Object.values(queues)) one.changeVisibility(receiptHandle, seconds * 1_000);
    },
  });
  const publishToHub = () => {
    const send = port("hub", async (all: readonly AsffFinding[]) => {
      await pause();
      const body = { Findings: all };
      for (const { Id, UpdatedAt } of all) imports.push({ id: Id, updatedAt: UpdatedAt });
      return hub
        .import(body, Buffer.byteLength(JSON.stringify(body)))
        .FailedFindings.map(({ Id, ErrorCode: code, ErrorMessage: message }) => ({ id: Id, code, message }));
    });
    const ours = { send, publisher: { account: ACCOUNT, region: REGION } };
    return createHubPublisher({ ...sink(), hubOf: () => ours });
  };
  const tellPeople = () =>
    createNotifier({
      ...sink(),
      format: "text",
      topic: port("topic", async (all) => {
        messages.push(...all);
        return [];
      }),
    });
  const mappings = ([queues.notify, queues.urgent, queues.hub] as const).map((one) =>
    simulateSqs({
      ...{ clock, queue: one, batchSize: 5, maximumConcurrency: 2, reportBatchItemFailures: true },
      handler: one === queues.notify ? tellPeople() : publishToHub(),
    }),
  );
  const deliver = async (limitMs?: number): Promise<void> => {
    for (const mapping of mappings) if (!(await mapping.drain(limitMs))) throw new Error("The queues do not drain.");
  };

  /** Until each record is through. */
  async function readStream(): Promise<void> {
    if (!(await simulation.drain())) throw new Error("The stream does not drain.");
  }

  return {
    ...{
      clock,
      stream,
      simulation,
      queues,
      kept,
      letters,
      messages,
      parked,
      imports,
      calls,
      book,
      dead,
      findings,
    },
    hub: () => hub.all(),
    put(all: readonly Pieces[]): void {
      for (const one of all) book.put(stream.put({ partitionKey: one.partitionKey ?? "a", data: book.encode(one) }));
    },
    detect: readStream,
    /** What was kept aside goes on the stream again, as `redrive` puts it there. */
    async redrive(): Promise<void> {
      const all = [...kept.values()];
      kept.clear();
      for (const { data, partitionKey } of all)
        book.put(stream.put({ partitionKey, data: Buffer.from(data, "base64") }));
      if (all.length > 0) await readStream();
    },
    deliver,
    /** From now on nothing happens any more, and everything is new. */
    mend(): void {
      healthy = true;
      environments.clear();
    },
    /** Verdicts whose time has come, and what waits for its hour; until all is with people and Security Hub. */
    async end(): Promise<void> {
      await startSweep()({}, { awsRequestId: "sweep" });
      await deliver();
      ahead = REPUBLISH_MS;
      await startSweep()({}, { awsRequestId: "sweep" });
      await deliver();
    },
  };
}

export type Pipeline = ReturnType<typeof startPipeline>;
