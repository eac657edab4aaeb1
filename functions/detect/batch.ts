import type { KinesisStreamRecord } from "aws-lambda";
import type { Draft } from "../../detectors/core/compose.ts";
import type { Newest, RawTrail } from "../../detectors/ledger/clock.ts";
import type { Fact } from "../../detectors/ledger/facts.ts";
import type { ErrorCode } from "../../schemas/errors.ts";
import type { KeptRecord } from "../../schemas/quarantine/kept-record.ts";
import type { Lessons } from "../ledger/school.ts";
import { bugMessage, type Judge, judgeChunk } from "../pipeline/judge.ts";
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
  readonly records: () => readonly KinesisStreamRecord[];
  /** Records with pieces that could not be judged. */
  readonly kept: () => readonly KeptRecord[];
  /** Records, all or those that told the ledger something, kept for this reason beside their own. */
  readonly keptFor: (reason: Reason, which: "all" | "telling") => readonly KeptRecord[];
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
  const reasonsOf = new Map<KinesisStreamRecord, readonly Reason[]>();
  const telling = new Set<KinesisStreamRecord>();
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
        ...{ tally, isolates: true },
        onAside: ({ code, message }) => {
          if (isKept(code)) reasons.push({ code, message });
        },
      },
      lessons,
    );
    for (const draft of chunk.drafts) drafts.push(draft);
    for (const fact of chunk.facts) facts.push(fact);
    for (const [trail, time] of chunk.newest)
      newest.set(trail, Math.max(time, newest.get(trail) ?? Number.NEGATIVE_INFINITY));
    size += chunk.size;
    if (chunk.drafts.length > 0 || chunk.facts.length > 0) telling.add(record);
    // Its verdict is missing, so that it has to be judged again when the detector is mended.
    const failed = chunk.drafts.filter(({ threw }) => threw !== undefined);
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
        outcome = { totals: tally.totals(), reasons: [{ code: "E_BUG", message: bugMessage(cause) }] };
      }
      totals.push(outcome.totals);
      reasonsOf.set(record, outcome.reasons);
    },
    full: () => size >= most.size || facts.length >= most.facts || drafts.length >= most.drafts,
    drafts: () => drafts,
    facts: () => facts,
    lessons: () => lessons,
    records: () => records,
    kept: () =>
      [...reasonsOf].flatMap(([record, reasons]) => (reasons.length === 0 ? [] : keptOf(record, [...reasons]))),
    keptFor: (reason, which) =>
      records
        .filter((record) => which === "all" || telling.has(record))
        .map((record) => keptOf(record, [...(reasonsOf.get(record) ?? []), { ...reason }])),
    totals: () => totals,
    newest: () => newest,
  };
}
