import type { FilteredLogEvent } from "@aws-sdk/client-cloudwatch-logs";
import { LATENESS_MS, type RawTrail } from "../../../detectors/ledger/clock.ts";
import { CrosstrailError } from "../../../schemas/errors.ts";
import type { Chunk } from "../../pipeline/records.ts";

/** A log group that is followed. */
export interface Followed {
  readonly trail: RawTrail;
  /** What was logged from `start` (ms) to the present. */
  readonly pages: (start: number) => AsyncIterable<readonly FilteredLogEvent[]>;
  readonly chunkOf: (events: readonly FilteredLogEvent[]) => Chunk;
}

export interface FollowOptions {
  /** ms: nothing from before. */
  readonly start: number;
  /** ms between two rounds. */
  readonly everyMs: number;
  readonly now: () => number;
  /** Resolves after that time, or when the reading is over. */
  readonly wait: (ms: number) => Promise<void>;
  readonly signal: AbortSignal;
  /** After every round, when all of it is safe. `covered` (ms): up to where every group was read, less how late a record may come. */
  readonly onRound: (covered: number) => Promise<void>;
  /** A group that cannot be read at present is asked again in the next round. */
  readonly onError: (error: CrosstrailError) => void;
  readonly maxIds?: number;
}

interface Group {
  readonly of: Followed;
  /** Ids of events that were passed on, with their time: as far back as they may be read again. */
  readonly seen: Map<string, number>;
  /** ms: of the newest event. */
  newest: number;
  /** ms: when the last reading of all that may come late began. */
  swept: number;
}

/** A quick round reads again what is that old; it may have been on its way together with the newest. */
const OVERLAP_MS = 10_000;
/** How often everything is read again that a record may be late. */
const SWEEP_MS = 60_000;
/** Some two hundred bytes each. */
const MAX_IDS = 400_000;

/** Log groups as they grow, by asking again and again. FilterLogEvents has no cursor for what comes late (an event is found seconds after it was logged, a CloudTrail
 * record bears a time up to fifteen minutes ago), so windows overlap, and what was seen is told by its id. Not StartLiveTail: above 500 events a second it samples,
 * and what is not fetched in time is dropped; a session ends after three hours or with its connection, and none can be resumed (API reference).
 * To be taken one chunk at a time: that the next is asked for says that all before it is safe. Rejects with E_AWS_REFUSED. */
export async function* follow(all: readonly Followed[], options: FollowOptions): AsyncGenerator<Chunk> {
  const { start, everyMs, now, wait, signal, onRound, onError, maxIds = MAX_IDS } = options;
  const groups = all.map((of): Group => ({ of, seen: new Map(), newest: start, swept: Number.NEGATIVE_INFINITY }));

  async function* read(group: Group): AsyncGenerator<Chunk> {
    const { of, seen } = group;
    const at = now();
    const late = Math.max(start, Math.min(at, Math.max(group.swept, start)) - LATENESS_MS[of.trail]);
    const sweep = at - group.swept >= SWEEP_MS;
    for await (const events of of.pages(sweep ? late : Math.max(late, group.newest - OVERLAP_MS))) {
      const fresh = new Map(events.map((event) => [idOf(event), event]));
      for (const id of fresh.keys()) if (seen.has(id)) fresh.delete(id);
      yield of.chunkOf([...fresh.values()]);
      for (const [id, { timestamp = at }] of fresh) {
        seen.set(id, timestamp);
        group.newest = Math.max(group.newest, Math.min(timestamp, at));
      }
      if (seen.size > maxIds) forget(seen, late, maxIds);
    }
    if (!sweep) return;
    group.swept = at;
    forget(seen, at - LATENESS_MS[of.trail], maxIds);
  }

  while (!signal.aborted) {
    for (const group of groups) {
      try {
        yield* read(group);
      } catch (cause) {
        if (!(cause instanceof CrosstrailError) || cause.kind !== "transient") throw cause;
        onError(cause);
      }
    }
    const covered = Math.min(...groups.map(({ swept, of }) => swept - LATENESS_MS[of.trail]));
    if (covered > Number.NEGATIVE_INFINITY) await onRound(covered);
    await wait(everyMs);
  }
}

/** Drops what cannot be read again, and of too many the ones that came first: those are judged again, which changes nothing. */
function forget(seen: Map<string, number>, before: number, max: number): void {
  for (const [id, time] of seen) if (time < before) seen.delete(id);
  for (const id of seen.keys()) {
    if (seen.size <= max) return;
    seen.delete(id);
  }
}

const idOf = ({ eventId, logStreamName, timestamp, message }: FilteredLogEvent): string =>
  eventId ?? `${logStreamName}\n${timestamp}\n${message}`;
