import { defer, EMPTY, finalize, from, mergeMap, type Observable, type ObservableInput, of, range, repeat } from "rxjs";

/** Runs `work` on every chunk, at most `limit` at a time, and asks for the next chunk only when one has ended: RxJS pushes, so backpressure has
 * to be made. Everything slow must be inside `work`. Output keeps the input's order when `limit` is 1. */
export function pull<T, R>(
  source: AsyncIterable<T>,
  limit: number,
  work: (chunk: T) => ObservableInput<R>,
): Observable<R> {
  return defer(() => {
    const chunks = source[Symbol.asyncIterator]();
    let ended = false;
    const turn = defer(() => chunks.next()).pipe(
      mergeMap((next) => {
        if (next.done !== true) return from(work(next.value));
        ended = true;
        return EMPTY;
      }),
      repeat({ delay: () => (ended ? EMPTY : of(true)) }),
    );
    return range(0, limit).pipe(
      mergeMap(() => turn),
      finalize(() => void chunks.return?.()),
    );
  });
}
