import type { Context, SQSBatchResponse, SQSEvent } from "aws-lambda";
import { readAnswer } from "./batch-answer.ts";
import { invoke, type Luck } from "./esm-invocation.ts";
import type { SimClock } from "./sim-clock.ts";

/** A standard queue of SQS in memory. */
export interface SimQueue {
  readonly arn: string;
  readonly send: (body: string, delayMs?: number) => string;
  /** Hides what it gives for the visibility timeout. A message that was received too often goes to the dead-letter queue instead. */
  readonly receive: (max: number) => readonly SimMessage[];
  /** Nothing happens when the message was received again since: the handle is an old one. */
  readonly delete: (receiptHandle: string) => void;
  readonly changeVisibility: (receiptHandle: string, ms: number) => void;
  /** Visible or not, in the order in which they came. */
  readonly messages: () => readonly SimMessage[];
}

export interface SimMessage {
  readonly id: string;
  readonly body: string;
  readonly sentMs: number;
  readonly receiptHandle: string;
  readonly receiveCount: number;
  readonly visibleMs: number;
}

export interface QueueSettings {
  readonly name?: string;
  readonly visibilityMs?: number;
  readonly redrive?: { readonly to: SimQueue; readonly maxReceiveCount: number };
}

export function createSimQueue(now: () => number, settings: QueueSettings = {}): SimQueue {
  const { name = "findings", visibilityMs = 30_000, redrive } = settings;
  let held: readonly SimMessage[] = [];
  let sent = 0;
  const change = (receiptHandle: string, changes: Partial<SimMessage>): void => {
    held = held.map((message) => (message.receiptHandle === receiptHandle ? { ...message, ...changes } : message));
  };

  return {
    arn: `arn:aws:sqs:eu-central-1:000000000000:${name}`,
    messages: () => held,
    send(body, delayMs = 0) {
      sent += 1;
      const id = `${name}-${sent}`;
      const times = { sentMs: now(), visibleMs: now() + delayMs };
      held = [...held, { id, body, ...times, receiptHandle: "", receiveCount: 0 }];
      return id;
    },
    receive(max) {
      const given: SimMessage[] = [];
      for (const message of held.filter(({ visibleMs }) => visibleMs <= now())) {
        if (given.length === max) break;
        if (redrive !== undefined && message.receiveCount >= redrive.maxReceiveCount) {
          held = held.filter(({ id }) => id !== message.id);
          redrive.to.send(message.body);
          continue;
        }
        const receiveCount = message.receiveCount + 1;
        const receiptHandle = `${message.id}/${receiveCount}`;
        const received = { ...message, receiveCount, receiptHandle, visibleMs: now() + visibilityMs };
        held = held.map((one) => (one.id === message.id ? received : one));
        given.push(received);
      }
      return given;
    },
    delete(receiptHandle) {
      held = held.filter((message) => message.receiptHandle !== receiptHandle);
    },
    changeVisibility: (receiptHandle, ms) => change(receiptHandle, { visibleMs: now() + ms }),
  };
}

export type SqsHandler = (
  event: SQSEvent,
  context: Context,
  // biome-ignore lint/suspicious/noConfusingVoidType: as the types of Lambda have it
) => Promise<SQSBatchResponse | void>;

export interface SqsMapping {
  readonly clock: SimClock;
  readonly queue: SimQueue;
  readonly handler: SqsHandler;
  /** 10 when left out. */
  readonly batchSize?: number;
  readonly reportBatchItemFailures?: boolean;
  /** Invocations at one time, 2 to 1,000; 5 when left out, as the pollers that Lambda starts with. */
  readonly maximumConcurrency?: number;
  readonly functionTimeoutMs?: number;
  /** Asked for each invocation, by its number from 0. */
  readonly luck?: (invocation: number) => Luck;
}

export interface SqsInvocation {
  readonly atMs: number;
  readonly ids: readonly string[];
  readonly outcome: "success" | "partial" | "failure" | "throttled";
}

export interface SqsSimulation {
  /** Goes on until the queue is empty. False when the limit came first. */
  readonly drain: (limitMs?: number) => Promise<boolean>;
  readonly invocations: readonly SqsInvocation[];
}

const POLL_MS = 1000;

/**
 * The event source mapping between a queue and a function: what succeeded is deleted; what failed shows again when its visibility
 * timeout ends, and goes to the dead-letter queue when it was received too often. A throttled invocation leaves its messages hidden, too:
 * each receive counts.
 */
export function simulateSqs(mapping: SqsMapping): SqsSimulation {
  const { clock, queue, batchSize = 10, maximumConcurrency = 5, luck = () => "fine" } = mapping;
  const invocations: SqsInvocation[] = [];
  const trouble: unknown[] = [];
  let inFlight = 0;
  let started = false;

  async function poll(): Promise<void> {
    for (;;) {
      const messages = queue.receive(batchSize);
      if (messages.length === 0) {
        await clock.sleep(POLL_MS);
        continue;
      }
      inFlight += 1;
      await handle(messages);
      inFlight -= 1;
    }
  }

  async function handle(messages: readonly SimMessage[]): Promise<void> {
    const number = invocations.length;
    const fate = luck(number);
    const ids = messages.map(({ id }) => id);
    const atMs = clock.now();
    const note = (outcome: SqsInvocation["outcome"]): void => {
      invocations[number] = { atMs, ids, outcome };
    };
    note("throttled");
    if (fate === "throttled") return;
    note("failure");
    const { functionTimeoutMs: timeoutMs = 30_000, handler } = mapping;
    const ending = await invoke({ clock, handler, timeoutMs }, toEvent(messages, queue.arn), fate);
    if (ending.is === "error") return;
    const verdict =
      mapping.reportBatchItemFailures === true ? readAnswer(ending.answer, ids) : ({ is: "success" } as const);
    note(verdict.is);
    if (verdict.is === "failure" || fate === "forgotten") return;
    const failed = verdict.is === "partial" ? verdict.failed : [];
    for (const { id, receiptHandle } of messages) if (!failed.includes(id)) queue.delete(receiptHandle);
  }

  return {
    invocations,
    drain(limitMs) {
      if (!started)
        for (let i = 0; i < maximumConcurrency; i += 1) poll().catch((error: unknown) => trouble.push(error));
      started = true;
      return clock.run(() => {
        if (trouble.length > 0) throw trouble[0];
        return queue.messages().length === 0 && inFlight === 0;
      }, limitMs);
    },
  };
}

const toEvent = (messages: readonly SimMessage[], eventSourceARN: string): SQSEvent => ({
  Records: messages.map(({ id, receiptHandle, body, receiveCount, sentMs, visibleMs }) => ({
    ...{ messageId: id, receiptHandle, body, messageAttributes: {}, md5OfBody: "", eventSource: "aws:sqs" },
    ...{ eventSourceARN, awsRegion: "eu-central-1" },
    attributes: {
      ...{ ApproximateReceiveCount: String(receiveCount), SentTimestamp: String(sentMs), SenderId: "simulated" },
      ApproximateFirstReceiveTimestamp: String(visibleMs),
    },
  })),
});
