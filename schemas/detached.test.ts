import fc from "fast-check";
import { expect, it } from "vitest";
import { detached } from "./detached.ts";

it("a text is the same text, halves of characters included", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(fc.nat({ max: 0xffff })).map((codes) => String.fromCharCode(...codes)),
  );
  fc.assert(fc.property(text, (some) => detached(some) === some));
});

it("a piece of a long text does not keep it alive", () => {
  const pieces: string[] = [];
  const before = process.memoryUsage().heapUsed;
  // A gigabyte in all, which no heap of this process would hold.
  for (let n = 0; n < 500; n += 1) pieces.push(detached(`${n}${"x".repeat(2_000_000)}`.slice(0, 500)));
  expect(pieces).toHaveLength(500);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(500_000_000);
});
