import { describe, expect, it } from "vitest";
import { startSettling } from "./stream-settling.ts";

/** Whose minutes pass when they are told to. */
function harness(settle: () => Promise<unknown> = async () => undefined) {
  const done: string[] = [];
  const waits: number[] = [];
  let pass = (): void => undefined;
  const settling = startSettling({
    settle: async () => {
      done.push("settled");
      await settle();
    },
    wait(ms, until) {
      waits.push(ms);
      return new Promise((resolve) => {
        pass = resolve;
        if (until.aborted) resolve();
        until.addEventListener("abort", () => resolve());
      });
    },
    log: { error: (_: unknown, what?: string) => void done.push(String(what)) },
  });
  const minute = async (): Promise<void> => {
    const before = waits.length;
    pass();
    await expect.poll(() => waits.length).toBe(before + 1);
  };
  return { done, waits, minute, ...settling };
}

describe("verdicts of a stream are made", () => {
  it("every minute, and not before", async () => {
    const { done, waits, minute, stop } = harness();
    expect(done).toEqual([]);
    await minute();
    await minute();
    expect([done, waits]).toEqual([
      ["settled", "settled"],
      [60_000, 60_000, 60_000],
    ]);
    await stop();
    expect(done).toHaveLength(2);
  });

  it("once more at the end", async () => {
    const { done, end } = harness();
    await end();
    expect(done).toEqual(["settled"]);
  });

  it("again when they could not be, and the reading goes on", async () => {
    const { done, minute, end } = harness(() => Promise.reject(new Error("no ledger")));
    await minute();
    await minute();
    await end();
    const each = ["settled", "verdicts were not made, and stay due"];
    expect(done).toEqual([...each, ...each, ...each]);
  });

  it("by one at a time: the last waits for the one under way", async () => {
    let finish = (): void => undefined;
    const first = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let calls = 0;
    const { done, end, ...rest } = harness(() => {
      calls += 1;
      return calls === 1 ? first : Promise.resolve();
    });
    void rest.minute();
    await expect.poll(() => done.length).toBe(1);
    const ending = end();
    expect(done).toHaveLength(1);
    finish();
    await ending;
    expect(done).toHaveLength(2);
  });
});
