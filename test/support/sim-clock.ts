import { setImmediate as turn } from "node:timers/promises";

/** A clock that stands still until everything that can happen at its time has happened. Times in ms. */
export interface SimClock {
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Whoever is at work outside of the clock: it is not moved before that ends, for as long as the patience lasts. */
  readonly work: <T>(task: Promise<T>) => Promise<T>;
  /** Moves on from sleeper to sleeper until `done`, nobody sleeps, or the limit. True when done. `start` is asked before each
   * move: true when it has set something going. */
  readonly run: (done: () => boolean, limitMs?: number, start?: () => boolean) => Promise<boolean>;
}

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

const DAY_MS = 86_400_000;

/**
 * `patience` is how many turns of the event loop are waited for work before the clock moves on without it. A handler on
 * memory needs few; one that calls something real needs `Infinity`, and may then not hang on purpose.
 */
export function createSimClock(startMs = Date.UTC(2026, 0, 1), patience = 25): SimClock {
  let time = startMs;
  let working = 0;
  let sleepers: readonly Sleeper[] = [];

  async function settle(): Promise<void> {
    let turns = 0;
    do {
      await turn();
      turns += 1;
    } while (working > 0 && turns < patience);
  }

  return {
    now: () => time,
    sleep: (ms) =>
      new Promise((resolve) => {
        sleepers = [...sleepers, { at: time + Math.max(0, ms), wake: resolve }];
      }),
    async work(task) {
      working += 1;
      try {
        return await task;
      } finally {
        working -= 1;
      }
    },
    async run(done, limitMs = 30 * DAY_MS, start = () => false) {
      for (const limit = time + limitMs; ; ) {
        do await settle();
        while (start());
        if (done()) return true;
        // Of two that wake at the same time, the one that fell asleep first.
        const next = sleepers.reduce<Sleeper | undefined>(
          (a, b) => (a !== undefined && a.at <= b.at ? a : b),
          undefined,
        );
        if (next === undefined || next.at > limit) return false;
        sleepers = sleepers.filter((sleeper) => sleeper !== next);
        time = Math.max(time, next.at);
        next.wake();
      }
    },
  };
}
