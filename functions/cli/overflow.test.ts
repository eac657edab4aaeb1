import { expect, it } from "vitest";
import { overflowLines } from "./overflow.ts";

it("tells of sets that are full, and of none of which the first tell enough", () => {
  expect(
    overflowLines(
      new Map([
        ["roleUse.used", 1_000],
        ["use.used", 1_200],
        ["pod.session", 1],
        ["gone.set", 1],
      ]),
    ),
  ).toEqual([
    "1,202 sets were told of more than is kept, what came later is not in them: gone.set 1, pod.session 1, use.used 1,200",
  ]);
  expect(overflowLines(new Map([["roleUse.used", 2]]))).toEqual([]);
  expect(overflowLines(new Map())).toEqual([]);
});
