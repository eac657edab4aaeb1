import type { AuditIdMemory } from "../../detectors/core/audit-ids.ts";
import type { Chain } from "../../detectors/core/chain.ts";
import type { Draft } from "../../detectors/core/compose.ts";
import { healthDraft } from "../../detectors/core/health.ts";
import type { Screen } from "../../detectors/core/screen.ts";
import type { Newest, RawTrail } from "../../detectors/ledger/clock.ts";
import type { Fact } from "../../detectors/ledger/facts.ts";
import { type ErrorCode, errorCodes } from "../../schemas/errors.ts";
import { normaliseCall } from "../../schemas/events/cloudtrail/normalise.ts";
import { calledAt } from "../../schemas/events/cloudtrail/peek.ts";
import { normaliseAudit } from "../../schemas/events/k8s-audit/normalise.ts";
import { type Peek, peek, receivedIn, requestKey } from "../../schemas/events/k8s-audit/peek.ts";
import type { TrailEvent } from "../../schemas/events/trail-event.ts";
import { text as textIn } from "../../schemas/json.ts";
import { cut } from "../../schemas/redact.ts";
import { isAuditEvent, isCloudTrailRecord } from "../../schemas/validators.generated.js";
import type { Lessons, School } from "../ledger/school.ts";
import { salvage } from "./decode/salvage.ts";
import { unwrap } from "./decode/unwrap.ts";
import type { Chunk, RawRecord, SetAside } from "./records.ts";
import type { Tally } from "./tally.ts";

export interface Judge {
  readonly chain: Chain;
  readonly screen: Screen;
  /** What the events teach the ledger; absent: nothing. */
  readonly school?: School;
  readonly auditIds: AuditIdMemory;
  readonly tally: Tally;
  readonly unwrapping: Parameters<typeof unwrap>[1];
  /** ms; events outside are set aside. */
  readonly since?: number;
  readonly until?: number;
  /** Called for every piece that is set aside: a quarantine, a log, or nothing. */
  readonly onAside?: (piece: SetAside) => void;
  /** ms: what the detection clock has passed. An event that is written before it comes late: published verdicts stand without it. */
  readonly passed?: () => number | undefined;
  /** A fault of this program on one event sets that event aside, with E_BUG, in place of ending the run. */
  readonly isolates?: boolean;
}

/** What a chunk came to: the findings of its events, not yet merged with others, and what they teach the ledger. */
export interface JudgedChunk {
  readonly drafts: readonly Draft[];
  readonly facts: readonly Fact[];
  readonly lessons: Lessons;
  /** How far it reads the trails, by what is parsed and by what is screened: what the detection clock goes by, and how far behind the pipeline is. */
  readonly newest: Newest;
  /** UTF-16 units of the text that was judged. */
  readonly size: number;
}

/** What one record came to. */
type JudgedRecord = Omit<JudgedChunk, "newest" | "size"> & { readonly time: number };

/** Judges a chunk. Every piece of it is counted, judged or set aside. `lessons`: of chunks that are remembered together with this one. */
export function judgeChunk(chunk: Chunk, judge: Judge, lessons = new Map<string, string>()): JudgedChunk {
  const drafts: Draft[] = [];
  const facts: Fact[] = [];
  const newest = new Map<RawTrail, number>();
  let size = 0;
  const aside = (piece: SetAside): void => {
    judge.tally.aside(piece.code);
    judge.onAside?.(piece);
  };
  for (const frame of chunk.frames) {
    if (frame.error !== undefined) {
      judge.tally.read(1);
      aside({ ...frame.error, origin: frame.origin, excerpt: frame.text.slice(0, 200) });
      continue;
    }
    const unwrapped = unwrap(frame, judge.unwrapping);
    judge.tally.read(unwrapped.records.length + unwrapped.aside.length);
    judge.tally.control(unwrapped.control);
    size += unwrapped.size;
    for (const piece of unwrapped.aside) aside(piece);
    for (const record of unwrapped.records) {
      const judged = isolated(record, judge, lessons);
      if ("code" in judged) aside(judged);
      else {
        drafts.push(...judged.drafts);
        facts.push(...judged.facts);
        if (judged.time !== UNTOLD) newest.set(record.trail, Math.max(judged.time, newest.get(record.trail) ?? UNTOLD));
        // Whatever is learned again was learned of an earlier time.
        for (const [lesson, time] of judged.lessons) lessons.set(lesson, time);
      }
    }
  }
  return { drafts, facts, lessons, newest, size };
}

/** The time of a record that is not parsed, and whose text tells none. */
const UNTOLD = Number.NEGATIVE_INFINITY;
const NOTHING: JudgedRecord = { drafts: [], facts: [], lessons: new Map(), time: UNTOLD };

function isolated(record: RawRecord, judge: Judge, fresh: Lessons): JudgedRecord | SetAside {
  if (judge.isolates !== true) return judgeRecord(record, judge, fresh);
  try {
    return judgeRecord(record, judge, fresh);
  } catch (cause) {
    return asideOf(record, "E_BUG", bugMessage(cause));
  }
}

/** In our words and the error's: never what was read. */
export const bugMessage = (cause: unknown): string =>
  cut(
    `${errorCodes.E_BUG.means}: ${cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)}`,
    1_024,
  );

function judgeRecord(record: RawRecord, judge: Judge, fresh: Lessons): JudgedRecord | SetAside {
  const { tally } = judge;
  const { trail, text } = record;
  const peeked = trail === "k8s-audit" ? peek(text) : undefined;
  const reused = peeked !== undefined && judge.auditIds.reused(peeked.auditID, peeked.request);
  const teaches = (of: Peek): boolean => judge.school?.wantsAudit(of, record.scope, fresh) ?? false;
  const wanted = trail === "cloudtrail" ? wantsCall(text, judge) : wantsAudit(peeked, judge, teaches);
  // Without its time an unparsed record could not be counted as outside the window.
  const windowed = judge.since !== undefined || judge.until !== undefined;
  if (!wanted && !reused && !windowed) {
    tally.screened(trail);
    return { ...NOTHING, time: timeIn(text, peeked) };
  }
  const event = parse(record, reused, judge);
  if ("excerpt" in event) return event;
  if (
    (judge.since !== undefined && event.time < judge.since) ||
    (judge.until !== undefined && event.time >= judge.until)
  ) {
    return asideOf(record, "E_WINDOW", `event of ${new Date(event.time).toISOString()}`);
  }
  const told = tellings(event, peeked, judge, fresh);
  tally.judged(record.trail, event.truncated);
  if (writtenAt(event) < (judge.passed?.() ?? UNTOLD)) tally.late();
  return told;
}

function tellings(event: TrailEvent, peeked: Peek | undefined, { chain, school }: Judge, fresh: Lessons): JudgedRecord {
  const { time } = event;
  const drafts = chain.judge(event);
  if (school === undefined) return { ...NOTHING, drafts, time };
  const { facts, lessons, failures } = school.learn(event, peeked, fresh);
  const health = failures.map(({ learner, cause }) => healthDraft(learner, event, cause));
  return { facts, lessons, time, drafts: [...drafts, ...health] };
}

/** ms. A request that lasts is told of when it begins and again when it ends, with the time at which it began: that is not late. */
function writtenAt({ trail, time, record }: TrailEvent): number {
  const written = trail === "k8s-audit" ? Date.parse(textIn(record, "stageTimestamp") ?? "") : time;
  return Number.isNaN(written) ? time : written;
}

/** ms: of what is not parsed, as far as its text tells. */
function timeIn(text: string, peeked: Peek | undefined): number {
  const time = peeked === undefined ? calledAt(text) : Date.parse(receivedIn(peeked));
  return time || UNTOLD;
}

const wantsCall = (text: string, { screen, school }: Judge): boolean =>
  screen.cloudtrail(text) || (school?.wantsCall(text) ?? false);

/** What cannot be told by its text is parsed. */
const wantsAudit = (peeked: Peek | undefined, { screen }: Judge, teaches: (peeked: Peek) => boolean): boolean =>
  peeked === undefined || screen.audit(peeked) || teaches(peeked);

/** The event of a record: parsed, or salvaged when its text was cut; or the reason why there is none. */
function parse(record: RawRecord, reused: boolean, judge: Judge): TrailEvent | SetAside {
  let value: unknown;
  let salvaged = false;
  try {
    value = JSON.parse(record.text);
  } catch (cause) {
    value = salvage(record.text);
    salvaged = true;
    if (value === undefined) return asideOf(record, "E_JSON", cause instanceof Error ? cause.message : String(cause));
  }
  const { origin, scope, loggedAt } = record;
  if (record.trail === "cloudtrail") {
    if (isCloudTrailRecord(value)) return normaliseCall(value, { origin, loggedAt, salvaged });
    const other = otherThanACall(value);
    if (other !== undefined) return asideOf(record, "E_OTHER_LOG", `CloudTrail's ${other}, which tells of no call`);
    return asideOf(record, "E_SCHEMA", problems(isCloudTrailRecord.errors));
  }
  if (!isAuditEvent(value)) return asideOf(record, "E_SCHEMA", problems(isAuditEvent.errors));
  const key = requestKey(value.requestURI, value.verb, value.requestReceivedTimestamp ?? "");
  // A spelling whose text could not be read for its ids is remembered once it has been parsed.
  const auditIdReused =
    reused || (peek(record.text) === undefined && !salvaged && judge.auditIds.reused(value.auditID, key));
  return normaliseAudit(value, { origin, scope, loggedAt, salvaged, auditIdReused });
}

const CALLS = new Set(["Management", "Data", "NetworkActivity"]);

/** The category of what stands among calls in a trail's log and is none: rates (Insights), sums
 * (docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-insights-fields-trails.html, …/cloudtrail-event-reference-record-contents.html: eventCategory). */
function otherThanACall(value: unknown): string | undefined {
  if (textIn(value, "eventType") === "AwsCloudTrailInsight") return "Insight";
  const category = textIn(value, "eventCategory") ?? "Management";
  return CALLS.has(category) ? undefined : category.slice(0, 64);
}

interface Problem {
  readonly instancePath: string;
  readonly message?: string;
}

function problems(errors: readonly Problem[] | null | undefined): string {
  const found = (errors ?? [])
    .slice(0, 3)
    .map(({ instancePath, message }) => `${instancePath || "record"} ${message ?? "is not valid"}`);
  return found.join("; ") || "not a record of this trail";
}

function asideOf(record: RawRecord, code: ErrorCode, message: string): SetAside {
  return { code, message, origin: record.origin, excerpt: record.text.slice(0, 200) };
}
