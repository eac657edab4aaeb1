import type { Context } from "aws-lambda";
import type { Logger } from "pino";
import type { Draft } from "../../detectors/core/compose.ts";
import { reasonOf } from "../adapters/sinks/reason.ts";
import type { Configured } from "../runtime/config-source.ts";
import { overflowHealth } from "../runtime/health.ts";
import { countFound, type Meter } from "../runtime/meter.ts";
import type { Program } from "../runtime/program.ts";

export interface SweepParts {
  readonly program: () => Promise<Program>;
  /** The detection clock (ms) of all that is merged; undefined while nothing was read. */
  readonly clock: () => Promise<number | undefined>;
  readonly publish: (drafts: readonly Draft[], configured: Configured) => Promise<void>;
  /** Publishes changes whose hour has come; gives how many. */
  readonly catchUp: () => Promise<number>;
  /** What is wrong with the pipeline itself, as findings. */
  readonly health: (program: Program) => Promise<readonly Draft[]>;
  readonly meter: Meter;
  readonly log: Logger;
}

export type Sweep = (event: unknown, context: Pick<Context, "awsRequestId">) => Promise<void>;

/** What no record brings about: verdicts whose time has come, changes of findings whose hour has, and the pipeline's own health. Safe to run twice at once:
 * verdicts, ids and publications are the same whoever comes first. One part that fails holds up no other; the invocation then fails, so that it shows. */
export function createSweep({ program, clock, publish, catchUp, health, meter, ...parts }: SweepParts): Sweep {
  return async (_event, context) => {
    const log = parts.log.child({ requestId: context.awsRequestId });
    const failures: unknown[] = [];
    async function part(name: string, work: () => Promise<unknown>): Promise<void> {
      try {
        await work();
      } catch (error) {
        failures.push(error);
        log.error({ part: name, reason: reasonOf(error) }, "a part of the sweep failed");
        meter.count("SweepFailed", 1, { part: name });
      }
    }
    try {
      const current = await program();
      async function tell(drafts: readonly Draft[]): Promise<void> {
        await publish(drafts, current.configured);
        countFound(meter, drafts);
      }
      await part("settle", async () => {
        const until = await clock();
        if (until === undefined) return;
        let found = 0;
        await current.ledger.settle(until, async (drafts, overflowed) => {
          found += drafts.length;
          await tell([...drafts, ...overflowHealth(overflowed)]);
        });
        meter.count("Settled", found);
      });
      await part("catch up", async () => meter.count("CaughtUp", await catchUp()));
      await part("health", async () => {
        const drafts = await health(current);
        if (drafts.length > 0) await tell(drafts);
      });
    } finally {
      meter.flush();
    }
    if (failures.length > 0) throw new AggregateError(failures, "the sweep failed in part");
  };
}
