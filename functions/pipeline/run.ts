import { concatMap, defaultIfEmpty, lastValueFrom, map, type Observable, of } from "rxjs";
import type { Draft } from "../../detectors/core/compose.ts";
import type { Engine } from "../ledger/engine.ts";
import type { SharedClock } from "../ledger/shared-clock.ts";
import { type Judge, judgeChunk } from "./judge.ts";
import { pull } from "./pull.ts";
import type { Chunk } from "./records.ts";

/** Where findings go. `write` resolves when they are safe; until then no further chunk is asked for. */
export interface Sink {
  readonly write: (drafts: readonly Draft[], chunk: Chunk) => Promise<void> | void;
}

export interface Stages {
  readonly judge: Judge;
  /** Merges what events teach and judges the entities that it touches; absent: events are judged alone. */
  readonly ledger?: Engine;
  readonly sink: Sink;
  /** Told how far each chunk has read the trails, when its findings are safe; absent: nobody else asks. */
  readonly clock?: Pick<SharedClock, "advance">;
  /** Chunks anywhere between source and sink. */
  readonly limit?: number;
}

/** Source -> decode, screen, normalise, detect, learn -> ledger -> sink, chunk by chunk. What was learned is remembered when the findings are
 * safe: a batch that fails before comes again, and is merged and judged again (design §6). */
export function pipeline(
  source: AsyncIterable<Chunk>,
  { judge, ledger, sink, clock, limit = 2 }: Stages,
): Observable<void> {
  return pull(source, limit, (chunk) =>
    of(chunk).pipe(
      map((frames) => judgeChunk(frames, judge)),
      concatMap(async ({ drafts, facts, lessons, newest }) => {
        const taken = await ledger?.take(facts, drafts);
        await sink.write([...drafts, ...(taken?.drafts ?? [])], chunk);
        taken?.remember();
        judge.school?.remember(lessons);
        await clock?.advance(newest);
      }),
    ),
  );
}

/** Runs a pipeline to its end. */
export const run = (stages: Observable<void>): Promise<void> => lastValueFrom(stages.pipe(defaultIfEmpty(undefined)));
