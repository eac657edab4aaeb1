/** That order does not matter, as properties: whatever becomes of lines on their way, what comes of them is what comes of them in order. */
import fc from "fast-check";
import { expect } from "vitest";
import { registry } from "../../detectors/registry.ts";
import { requestKey } from "../../schemas/events/k8s-audit/peek.ts";
import { probes } from "./probes.ts";
import { type Fault, type Outcome, planOf, type Run, simplePlan, workersOf } from "./workers.ts";

const all = workersOf([...registry, ...probes]);
const butOne = workersOf([...registry.filter(({ meta }) => meta.id !== "trail/reused-audit-id"), ...probes]);

/** Whether two requests of these lines have one auditID. */
export function reusesAuditId(lines: readonly string[]): boolean {
  const requests = new Map<string, string>();
  return lines.some((line) => {
    const { auditID, requestURI, verb, requestReceivedTimestamp } = JSON.parse(line);
    if (auditID === undefined) return false;
    const request = requestKey(requestURI, verb, requestReceivedTimestamp);
    const known = requests.get(auditID) ?? request;
    requests.set(auditID, known);
    return known !== request;
  });
}

/** All detectors; all but one where an auditID is reused, as each worker's own memory tells that, and not the ledger: see reused-audit-id.test.ts. */
export const everybody: Run = (plan, ...rest) => (reusesAuditId(plan.batches.flat()) ? butOne : all)(plan, ...rest);

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
