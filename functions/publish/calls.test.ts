import fc from "fast-check";
import { expect, it } from "vitest";
import { toAsff } from "../../schemas/findings/asff.ts";
import type { AsffFinding } from "../../schemas/findings/asff-schema.ts";
import { draftOf } from "../../test/support/drafts.ts";
import { cutCalls, tooLarge } from "./calls.ts";

const plain = toAsff(draftOf().finding, { account: "111122223333", region: "eu-central-1" });
const sized = (bytes: number): AsffFinding => ({
  ...plain,
  Description: "x".repeat(Math.max(1, bytes - Buffer.byteLength(JSON.stringify(plain)) + plain.Description.length)),
});

it("calls hold all findings in their order, at most a hundred, and at most six megabytes", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 5_000, max: 240_000 }), { maxLength: 250 }), (sizes) => {
      const all = sizes.map(sized);
      const calls = cutCalls(all, (one) => one);
      expect(calls.flat()).toEqual(all);
      for (const call of calls) {
        expect(call.length).toBeLessThanOrEqual(100);
        expect(Buffer.byteLength(JSON.stringify({ Findings: call }))).toBeLessThanOrEqual(6 * 1_024 * 1_024);
      }
    }),
    { numRuns: 10 },
  );
  expect(
    cutCalls(
      Array.from({ length: 201 }, () => plain),
      (one) => one,
    ).map(({ length }) => length),
  ).toEqual([100, 100, 1]);
});

it("a finding of more than 240 KB is not sent", () => {
  expect(tooLarge(sized(240 * 1_024))).toBeUndefined();
  expect(tooLarge(sized(240 * 1_024 + 1))).toMatch(/245761 bytes/);
});
