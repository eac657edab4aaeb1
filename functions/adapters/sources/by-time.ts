import { LATENESS_MS, type RawTrail } from "../../../detectors/ledger/clock.ts";
import { CrosstrailError } from "../../../schemas/errors.ts";
import type { Chunk } from "../../pipeline/records.ts";
import type { Positions } from "../../positions.ts";

/** A log that is asked for by time. */
export interface TimedSource {
  /** Its name among the positions. */
  readonly name: string;
  readonly trail: RawTrail;
  /** What it holds from `start` to before `end` (ms), all of it, in any order. */
  readonly pages: (start: number, end: number) => AsyncIterable<Chunk>;
}

export interface TimedReading {
  /** To be taken one at a time: that the next one is asked for says that all before it is safe. */
  readonly chunks: AsyncGenerator<Chunk>;
  /** ms: up to where all sources were read, less how late a record of theirs may come. */
  readonly covered: () => number;
  /** Of the whole time of all sources, between 0 and 1. */
  readonly share: () => number;
  /** Whether all of it was read. */
  readonly complete: () => boolean;
}

export interface TimedOptions {
  /** ms. */
  readonly since: number;
  readonly until: number;
  readonly now: () => number;
  readonly positions: Positions;
  /** Reads again what was read before. */
  readonly again?: boolean;
  /** A source that fails is left; the others go on. */
  readonly onError: (error: CrosstrailError) => void;
}

interface Lane {
  readonly source: TimedSource;
  /** ms: where this source's unbroken part begins. */
  readonly from: number;
  /** ms: what was read to, and what of it is sure to have been there by then. */
  at: number;
  sliceMs: number;
  failed: boolean;
}

const FIRST_SLICE_MS = 5 * 60_000;
const MIN_SLICE_MS = 60_000;
const MAX_SLICE_MS = 6 * 3_600_000;
/** A slice of fewer pages is too short for its requests, one of more is too much to be read again. */
const FEW_PAGES = 2;
const MANY_PAGES = 20;

/** Reads several logs by slices of time, always the one that is the furthest behind, so that both trails come together and an end in the middle leaves a time up
 * to which all is known. Nothing is assumed about the order in a slice: its position is written when all of its pages are safe, never within. */
export async function readByTime(sources: readonly TimedSource[], options: TimedOptions): Promise<TimedReading> {
  const { since, until, now, positions } = options;
  const lanes = await Promise.all(sources.map((source) => laneOf(source, options)));
  const starts = lanes.map(({ at }) => at);

  async function* slice(lane: Lane): AsyncGenerator<Chunk> {
    const { source, from } = lane;
    const end = Math.min(lane.at + lane.sliceMs, until);
    // What comes later than this may still belong into the slice.
    const sure = now() - LATENESS_MS[source.trail];
    let pages = 0;
    for await (const chunk of source.pages(lane.at, end)) {
      pages += 1;
      yield chunk;
    }
    lane.at = end;
    if (pages <= FEW_PAGES) lane.sliceMs = Math.min(lane.sliceMs * 2, MAX_SLICE_MS);
    else if (pages > MANY_PAGES) lane.sliceMs = Math.max(lane.sliceMs / 2, MIN_SLICE_MS);
    const to = Math.min(end, sure);
    if (to > from) await positions.write(source.name, JSON.stringify({ from, to }));
  }

  async function* chunks(): AsyncGenerator<Chunk> {
    for (;;) {
      const open = lanes.filter(({ at, failed }) => !failed && at < until);
      const [first] = open;
      if (first === undefined) return;
      const lane = open.reduce((least, other) => (other.at < least.at ? other : least), first);
      try {
        yield* slice(lane);
      } catch (cause) {
        if (!(cause instanceof CrosstrailError)) throw cause;
        lane.failed = true;
        options.onError(cause);
      }
    }
  }

  return {
    chunks: chunks(),
    covered: () => Math.min(...lanes.map(({ at, source }) => at - LATENESS_MS[source.trail])),
    share() {
      const whole = starts.reduce((sum, start) => sum + (until - start), 0);
      const done = lanes.reduce((sum, { at }, index) => sum + (at - (starts[index] ?? since)), 0);
      return whole === 0 ? 1 : done / whole;
    },
    complete: () => lanes.every(({ at }) => at >= until),
  };
}

/** Where a source goes on: where it was left, when that is within what was asked for and nothing lies between. */
async function laneOf(source: TimedSource, { since, until, positions, again }: TimedOptions): Promise<Lane> {
  const fresh = { source, from: since, at: since, sliceMs: FIRST_SLICE_MS, failed: false };
  const known = again === true ? undefined : positionOf(await positions.read(source.name));
  if (known === undefined || since < known.from || since > known.to) return fresh;
  return { ...fresh, from: known.from, at: Math.min(known.to, until) };
}

function positionOf(text: string | undefined): { readonly from: number; readonly to: number } | undefined {
  const { from, to } = (text === undefined ? {} : JSON.parse(text)) as {
    readonly from?: unknown;
    readonly to?: unknown;
  };
  return typeof from === "number" && typeof to === "number" ? { from, to } : undefined;
}
