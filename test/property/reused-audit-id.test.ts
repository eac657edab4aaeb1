/** What of `trail/reused-audit-id` is free of the order in which requests are read, and what is not (detectors/DECISIONS.md). */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { detector } from "../../detectors/trail/reused-audit-id/detector.ts";
import { users } from "../support/events.ts";
import { reusesAuditId } from "../support/order.ts";
import { scenario } from "../support/scenario.ts";
import { audit } from "../support/trails.ts";
import { planOf, simplePlan, workersOf } from "../support/workers.ts";

const THREE = "11111111-2222-4333-8444-000000000003";
const TWO = "11111111-2222-4333-8444-000000000002";
const request = (at: string, auditID: string, name: string, user = users.human()): string =>
  audit(at, { auditID, user, verb: "get", requestURI: `/api/v1/namespaces/shop/configmaps/${name}` });

/** One id on three requests of two callers, another on two, and a request that is told of twice. */
const lines = [
  request("10:00", THREE, "a"),
  request("10:01", TWO, "a"),
  request("10:02", THREE, "b", users.human("mallory")),
  request("10:03", "11111111-2222-4333-8444-000000000001", "a"),
  request("10:04", TWO, "b"),
  request("10:05", THREE, "a"),
  ...scenario.slice(0, 6),
];
const workers = workersOf([detector]);
/** Without its id. */
const told = (findings: readonly string[]): readonly string[] =>
  findings.map((one) => one.slice(one.indexOf(" ") + 1)).toSorted();
const finding = (auditID: string, count: number): string => `medium audit-id/${auditID} on audit log ${count}`;

describe("one worker that keeps its memory", () => {
  it("finds each auditID of several requests once, and counts all of these but one, whatever their order, batches, repetitions and failures", async () => {
    const { findings } = await workers(simplePlan(lines));
    expect(told(findings)).toEqual([finding(TWO, 1), finding(THREE, 2)]);
    const one = planOf(lines).map((plan) => ({ ...plan, workers: 1, crashes: [] }));
    await fc.assert(
      fc.asyncProperty(one, async (plan) => {
        expect((await workers(plan)).findings).toEqual(findings);
      }),
      { numRuns: 25 },
    );
  });
});

describe("workers side by side, or started anew,", () => {
  it("find no other auditID, and of each the same finding, if they find it", async () => {
    const possible = [[TWO, 2] as const, [THREE, 3] as const].flatMap(([id, most]) =>
      Array.from({ length: most }, (_, index) => finding(id, index + 1)),
    );
    const ids = (await workers(simplePlan(lines))).findings.map((one) => one.split(" ")[0]);
    await fc.assert(
      fc.asyncProperty(planOf(lines), fc.scheduler(), async (plan, scheduler) => {
        const { findings } = await workers(plan, scheduler);
        expect(possible).toEqual(expect.arrayContaining([...told(findings)]));
        expect(ids).toEqual(expect.arrayContaining(findings.map((one) => one.split(" ")[0])));
      }),
      { numRuns: 25 },
    );
  });

  it("find nothing where each has read one request: neither knows of the other's", async () => {
    const [first = "", second = ""] = [lines[1], lines[4]];
    expect(reusesAuditId([first, second])).toBe(true);
    const steps = [0, 1].map((taker) => ({ taker, now: 0, sweep: false }));
    const apart = { ...simplePlan([first, second]), workers: 2, shared: steps };
    expect((await workers(apart)).findings).toEqual([]);
    expect(
      (await workers({ ...apart, workers: 1, shared: steps.map((step) => ({ ...step, taker: 0 })) })).findings,
    ).toHaveLength(1);
  });
});

it("the day of the other properties reuses none, so that they hold for this detector as well", () => {
  expect(reusesAuditId(scenario)).toBe(false);
  expect(reusesAuditId(lines)).toBe(true);
});
