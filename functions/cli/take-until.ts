/** What a source gives until the signal, even while it waits for an input that says nothing and does not notice. */
export async function* takeUntil<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const items = source[Symbol.asyncIterator]();
  try {
    while (!signal.aborted) {
      const next = await nextOf(items, signal);
      if (next === undefined || next.done === true) return;
      yield next.value;
    }
  } finally {
    // Not awaited: it waits for the read that is under way.
    items.return?.().catch(() => undefined);
  }
}

/** The next item; undefined when the signal came first. No listener stays: an input has millions of items. */
function nextOf<T>(items: AsyncIterator<T>, signal: AbortSignal): Promise<IteratorResult<T> | undefined> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => resolve(undefined);
    const done = (): void => signal.removeEventListener("abort", aborted);
    signal.addEventListener("abort", aborted, { once: true });
    items.next().then(resolve, reject).finally(done);
  });
}
