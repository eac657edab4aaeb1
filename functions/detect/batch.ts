import type { KinesisStreamRecord } from "aws-lambda";
import type { Draft } from "../../detectors/core/compose.ts";
import type { Newest, RawTrail } from "../../detectors/ledger/clock.ts";
import type { Fact } from "../../detectors/ledger/facts.ts";
import { type ErrorCode, errorCodes } from "../../schemas/errors.ts";
import type { KeptRecord } from "../../schemas/quarantine/kept-record.ts";
import type { Lessons } from "../ledger/school.ts";
import { type Judge, judgeChunk } from "../pipeline/judge.ts";
import { createTally, type Totals } from "../pipeline/tally.ts";
import { frameOf, keptOf } from "./records.ts";

/** Why a record, or a piece of it, could not be judged. */
interface Reason {
  readonly code: ErrorCode;
  readonly message: string;
}

/** Records that are judged and not yet confirmed: their findings are out together, or all of them come again. */
export interface Batch {
  /** Sequence number of the first record; undefined while there is none. */
  readonly first: () => string | undefined;
  readonly take: (record: KinesisStreamRecord) => void;
  /** Enough to be confirmed before more is taken. */
  readonly full: () => boolean;
  readonly drafts: () => readonly Draft[];
  readonly facts: () => readonly Fact[];
  readonly lessons: () => Lessons;
  /** Records with pieces that could not be judged. */
  readonly kept: () => readonly KeptRecord[];
  /** All of its records, kept for one reason. */
  readonly keptFor: (reason: Reason) => readonly KeptRecord[];
  readonly totals: () => readonly Totals[];
  /** Time (ms) of the newest event of each trail. */
  readonly newest: () => Newest;
}

/** What is held in memory at a time: text is gone once it is judged, but costs time; facts and drafts stay until they are out. */
export interface BatchLimits {
  /** UTF-16 units of unpacked text. */
  readonly size: number;
  readonly facts: number;
  readonly drafts: number;
}

const LIMITS: BatchLimits = { size: 48 * 1024 * 1024, facts: 20_000, drafts: 1_000 };

/** A line of another log in the same group is no fault of anybody's: counted, never kept. */
const isKept = (code: ErrorCode): boolean => code !== "E_OTHER_LOG";

export function startBatch(judge: Omit<Judge, "tally" | "onAside">, limits: Partial<BatchLimits> = {}): Batch {
  const most = { ...LIMITS, ...limits };
  const records: KinesisStreamRecord[] = [];
  const drafts: Draft[] = [];
  const facts: Fact[] = [];
  const lessons = new Map<string, string>();
  const kept: KeptRecord[] = [];
  const totals: Totals[] = [];
  const newest = new Map<RawTrail, number>();
  let size = 0;

  function judged(record: KinesisStreamRecord): { readonly totals: Totals; readonly reasons: readonly Reason[] } {
    const tally = createTally();
    const reasons: Reason[] = [];
    const chunk = judgeChunk(
      { frames: [frameOf(record)], bytes: record.kinesis.data.length },
      {
        ...judge,
        tally,
        onAside: ({ code, message }) => {
          if (isKept(code)) reasons.push({ code, message });
        },
      },
      lessons,
    );
    drafts.push(...chunk.drafts);
    for (const fact of chunk.facts) facts.push(fact);
    for (const [trail, time] of chunk.newest)
      newest.set(trail, Math.max(time, newest.get(trail) ?? Number.NEGATIVE_INFINITY));
    size += chunk.size;
    // Its verdict is missing, so that it has to be judged again when the detector is mended.
    const failed = chunk.drafts.filter(({ finding }) => finding.detector === "health/detector-error");
    for (const { finding } of failed) reasons.push({ code: "E_DETECTOR", message: finding.title });
    return { totals: tally.totals(), reasons };
  }

  return {
    first: () => records[0]?.kinesis.sequenceNumber,
    take(record) {
      records.push(record);
      let outcome: ReturnType<typeof judged>;
      try {
        outcome = judged(record);
      } catch (cause) {
        const tally = createTally();
        tally.read(1);
        tally.aside("E_BUG");
        outcome = { totals: tally.totals(), reasons: [{ code: "E_BUG", message: messageOf(cause) }] };
      }
      totals.push(outcome.totals);
      if (outcome.reasons.length > 0) kept.push(keptOf(record, [...outcome.reasons]));
    },
    full: () => size >= most.size || facts.length >= most.facts || drafts.length >= most.drafts,
    drafts: () => drafts,
    facts: () => facts,
    lessons: () => lessons,
    kept: () => kept,
    keptFor: (reason) => records.map((record) => keptOf(record, [{ ...reason }])),
    totals: () => totals,
    newest: () => newest,
  };
}

/** In our words and the error's: never what was read. */
const messageOf = (cause: unknown): string =>
  `${errorCodes.E_BUG.means}: ${cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)}`.slice(
    0,
    1_024,
  );
