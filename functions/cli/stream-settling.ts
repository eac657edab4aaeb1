import type { Logger } from "pino";
import { reasonOf } from "../adapters/sinks/reason.ts";

export interface SettlingParts {
  /** Makes the verdicts whose time has come. */
  readonly settle: () => Promise<unknown>;
  /** Resolves after so many ms, or when the signal is. */
  readonly wait: (ms: number, until: AbortSignal) => Promise<void>;
  readonly log: Pick<Logger, "error">;
}

const SETTLE_MS = 60_000;

/** What the sweep does in the stack: verdicts are made every minute, beside the reading. One that fails is told of, and what is due stays due. */
export function startSettling({ settle, wait, log }: SettlingParts) {
  const over = new AbortController();
  const once = (): Promise<unknown> =>
    settle().catch((cause: unknown) => log.error({ reason: reasonOf(cause) }, "verdicts were not made, and stay due"));

  async function repeat(): Promise<void> {
    for (;;) {
      await wait(SETTLE_MS, over.signal);
      if (over.signal.aborted) return;
      await once();
    }
  }
  const repeating = repeat();

  /** No more, after the one that is under way. */
  async function stop(): Promise<void> {
    over.abort();
    await repeating;
  }

  return {
    stop,
    /** The same, and once more: the next run may be far, and a ledger in memory ends with this one. */
    async end(): Promise<void> {
      await stop();
      await once();
    },
  };
}
