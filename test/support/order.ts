/** That order does not matter, as properties: whatever becomes of lines on their way, what comes of them is what comes of them in order. */
import fc from "fast-check";
import { expect } from "vitest";
import { registry } from "../../detectors/registry.ts";
import { probes } from "./probes.ts";
import { type Fault, type Outcome, planOf, type Run, simplePlan, workersOf } from "./workers.ts";

/** All but one: which of two requests came second with an auditID, a worker's own memory tells, and not the ledger. */
export const everybody = workersOf([...registry.filter(({ meta }) => meta.id !== "trail/reused-audit-id"), ...probes]);

/** Whatever becomes of the lines on their way, the ledger and the findings are those of the simple run. */
export function orderFree(run: Run, lines: fc.Arbitrary<readonly string[]>, fault: Fault = {}) {
  const simple = simply(run);
  return fc.asyncProperty(
    lines.chain((some) => fc.record({ lines: fc.constant(some), plan: planOf(some) })),
    fc.scheduler(),
    async ({ lines: some, plan }, scheduler) => {
      expect(await run(plan, scheduler, fault)).toEqual(await simple(some));
    },
  );
}

/** The simple run, once of each choice of lines. */
export function simply(run: Run): (lines: readonly string[]) => Promise<Outcome> {
  const known = new Map<string, Promise<Outcome>>();
  return (lines) => {
    const key = lines.join("\n");
    const outcome = known.get(key) ?? run(simplePlan(lines));
    known.set(key, outcome);
    return outcome;
  };
}
