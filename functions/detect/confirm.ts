import type { KinesisStreamRecord } from "aws-lambda";
import type { Logger } from "pino";
import { CrosstrailError, type ErrorCode, type ErrorKind } from "../../schemas/errors.ts";
import type { KeptRecord } from "../../schemas/quarantine/kept-record.ts";
import { reasonOf } from "../adapters/sinks/reason.ts";
import { countKept, type Meter } from "../runtime/meter.ts";
import type { Batch } from "./batch.ts";

export interface ConfirmParts {
  readonly start: () => Batch;
  /** Resolves when all that a batch brings about is safe. */
  readonly effects: (batch: Batch) => Promise<void>;
  readonly keepAside: (records: readonly KeptRecord[]) => Promise<unknown>;
  /** Tells of records that were kept aside. */
  readonly report: (records: readonly KeptRecord[]) => Promise<void>;
  readonly outOfTime: () => boolean;
  readonly meter: Meter;
  readonly log: Logger;
}

/** Why a batch's effects are not safe. */
interface Failure {
  readonly kind: ErrorKind;
  readonly code: ErrorCode;
  readonly message: string;
}

/** Records that fail one after the other, of those that are tried one by one. */
const IN_A_ROW = 10;

/** Gives the records of a batch that are to come again: none, when its effects are safe or its records are kept aside. */
export function createConfirm({ start, effects, keepAside, report, outOfTime, meter, log }: ConfirmParts) {
  const of = (records: readonly KinesisStreamRecord[]): Batch => {
    const batch = start();
    for (const record of records) batch.take(record);
    return batch;
  };

  async function unconfirmed(batch: Batch): Promise<readonly KinesisStreamRecord[]> {
    const error = await failureOf(batch);
    if (error === undefined) return [];
    if (error.kind === "transient") return batch.records();
    if (batch.records().length > 1) return oneByOne(batch.records(), error);
    return (await isAside(batch, error)) ? [] : batch.records();
  }

  async function failureOf(batch: Batch): Promise<Failure | undefined> {
    try {
      await effects(batch);
      return undefined;
    } catch (cause) {
      const failure = { kind: kindOf(cause), code: codeOf(cause), message: reasonOf(cause) };
      log.error({ sequence: batch.first(), ...failure }, "a batch failed");
      meter.count("BatchFailed", 1, { kind: failure.kind });
      return failure;
    }
  }

  /** Finds out whose fault it is, so that no record stays unjudged for what stands beside it. Where one after the other fails, the rest is not tried. */
  async function oneByOne(records: readonly KinesisStreamRecord[], all: Failure) {
    let inARow = 0;
    for (const [index, record] of records.entries()) {
      const rest = records.slice(index);
      if (outOfTime()) return rest;
      if (inARow === IN_A_ROW) return (await isAside(of(rest), all)) ? [] : rest;
      const ending = await alone(record);
      if (ending === "comes again") return rest;
      inARow = ending === "out" ? 0 : inARow + 1;
    }
    return [];
  }

  async function alone(record: KinesisStreamRecord): Promise<"out" | "aside" | "comes again"> {
    const batch = of([record]);
    const failure = await failureOf(batch);
    if (failure === undefined) return "out";
    return failure.kind !== "transient" && (await isAside(batch, failure)) ? "aside" : "comes again";
  }

  /** Asking again changes nothing where access is refused, or this program fails: the stream goes on, and the records wait in quarantine. */
  async function isAside(batch: Batch, { code, message }: Failure): Promise<boolean> {
    const kept = batch.keptFor({ code, message }, "all");
    try {
      await keepAside(kept);
    } catch (cause) {
      log.error({ sequence: batch.first(), reason: reasonOf(cause) }, "the quarantine took no records");
      return false;
    }
    for (const { read } of batch.totals()) meter.count("EventsKeptAside", read);
    countKept(meter, kept);
    await report(kept).catch((cause: unknown) => {
      log.error({ reason: reasonOf(cause) }, "that records were kept aside could not be published");
    });
    return true;
  }

  return unconfirmed;
}

/** Errors of the language are ours. What is not known to be anything else may be over when it is tried again. */
function kindOf(error: unknown): ErrorKind {
  if (error instanceof CrosstrailError) return error.kind;
  return OURS.some((kind) => error instanceof kind) ? "bug" : "transient";
}
const OURS = [TypeError, RangeError, ReferenceError, SyntaxError] as const;
const codeOf = (error: unknown): ErrorCode => (error instanceof CrosstrailError ? error.code : "E_BUG");
