import { lastValueFrom, of, reduce, timer } from "rxjs";
import { map } from "rxjs/operators";
import { describe, expect, it } from "vitest";
import { pull } from "./pull.ts";

/** Counts what has been asked for and not yet answered. */
function source(count: number) {
  const state = { asked: 0, done: 0, most: 0, returned: false };
  async function* chunks(): AsyncGenerator<number> {
    try {
      for (let chunk = 0; chunk < count; chunk += 1) {
        state.asked += 1;
        state.most = Math.max(state.most, state.asked - state.done);
        yield chunk;
      }
    } finally {
      state.returned = true;
    }
  }
  return { chunks, state };
}

describe("pull", () => {
  it.each([1, 2, 4])(
    "never holds more than %i chunks of a million when the sink is slow, and loses none",
    async (limit) => {
      const { chunks, state } = source(1_000_000);
      const before = process.memoryUsage().heapUsed;
      let most = 0;
      const work = (chunk: number) => {
        // Slow now and then: a timer for each of a million would take longer than the test may.
        const answer = chunk % 5_000 === 0 ? timer(1).pipe(map(() => 1)) : of(1);
        if (chunk % 50_000 === 0) most = Math.max(most, process.memoryUsage().heapUsed - before);
        return answer.pipe(
          map((one) => {
            state.done += 1;
            return one;
          }),
        );
      };
      const total = await lastValueFrom(pull(chunks(), limit, work).pipe(reduce((sum, one) => sum + one, 0)));
      expect(total).toBe(1_000_000);
      // One more is asked for when one has ended, so at most `limit` are open at any time.
      expect(state.most).toBeLessThanOrEqual(limit);
      expect(most).toBeLessThan(300e6);
    },
    60_000,
  );

  it("keeps the order with a limit of one", async () => {
    const { chunks } = source(50);
    const seen = await lastValueFrom(
      pull(chunks(), 1, (chunk) => timer(chunk % 3).pipe(map(() => chunk))).pipe(
        reduce<number, number[]>((all, chunk) => [...all, chunk], []),
      ),
    );
    expect(seen).toEqual(Array.from({ length: 50 }, (_, chunk) => chunk));
  });

  it("stops asking when the consumer stops, and lets the source clean up", async () => {
    const { chunks, state } = source(1_000);
    await new Promise<void>((resolve) => {
      let seen = 0;
      const subscription = pull(chunks(), 1, (chunk) => timer(1).pipe(map(() => chunk))).subscribe(() => {
        seen += 1;
        if (seen < 3) return;
        subscription.unsubscribe();
        setTimeout(resolve, 20);
      });
    });
    expect(state.asked).toBeLessThan(10);
    expect(state.returned).toBe(true);
  });

  it("passes a failure of the work on", async () => {
    const { chunks } = source(3);
    const failing = pull(chunks(), 1, () => {
      throw new Error("sink is gone");
    });
    await expect(lastValueFrom(failing)).rejects.toThrow("sink is gone");
  });
});
