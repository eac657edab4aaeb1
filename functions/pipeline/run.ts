import { concatMap, defaultIfEmpty, lastValueFrom, map, type Observable, of } from "rxjs";
import type { Draft } from "../../detectors/core/compose.ts";
import { type Judge, judgeChunk } from "./judge.ts";
import { pull } from "./pull.ts";
import type { Chunk } from "./records.ts";

/** Where findings go. `write` resolves when they are safe; until then no further chunk is asked for. */
export interface Sink {
  readonly write: (drafts: readonly Draft[], chunk: Chunk) => Promise<void> | void;
}

/** Source -> decode, screen, normalise, detect -> sink, chunk by chunk: at most `limit` chunks are anywhere between source and sink. */
export function pipeline(source: AsyncIterable<Chunk>, judge: Judge, sink: Sink, limit = 2): Observable<void> {
  return pull(source, limit, (chunk) =>
    of(chunk).pipe(
      map((frames) => judgeChunk(frames, judge)),
      concatMap(async (drafts) => sink.write(drafts, chunk)),
    ),
  );
}

/** Runs a pipeline to its end. */
export const run = (stages: Observable<void>): Promise<void> => lastValueFrom(stages.pipe(defaultIfEmpty(undefined)));
