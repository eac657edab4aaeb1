import type { Context } from "aws-lambda";
import { createSharedClock } from "../ledger/shared-clock.ts";
import { finding } from "../runtime/finding.ts";
import { shared } from "../runtime/wiring.ts";
import { healthOf } from "./health.ts";
import { createSweep } from "./sweep.ts";

const common = shared(process.env);
const { desk, program, publish } = finding(process.env, common);

const sweep = createSweep({
  ...common,
  ...{ program, publish },
  clock: createSharedClock({ store: common.ledger, now: common.now }).time,
  catchUp: () => desk.catchUp(),
  health: async ({ configured }) => healthOf(configured, common),
});

/** Every few minutes: what is due. */
export const handler = (event: unknown, context: Context): Promise<void> => sweep(event, context);
