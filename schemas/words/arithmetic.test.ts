// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the shell's.
import { describe, expect, test } from "vitest";
import { arithmetic } from "./arithmetic.ts";

const held = new Map([
  ["A", "4"],
  ["HEX", "0xa9"],
  ["TEXT", "x"],
]);
const value = (source: string): number | undefined => arithmetic(source, (name) => held.get(name));

describe("the value of an expression is bash's", () => {
  test.each([
    ["a sum", "250+4", 254],
    ["blanks mean nothing", "  250 +\t4 ", 254],
    ["products before sums", "4 + 5 * 50", 254],
    ["parentheses first", "(4 + 5) * 2", 18],
    ["from left to right", "10 - 4 - 3", 3],
    ["powers from right to left", "2 ** 3 ** 2", 512],
    ["signs before powers", "-2 ** 2", 4],
    ["division towards zero", "-7 / 2", -3],
    ["the remainder", "-7 % 3", -1],
    ["shifts", "1 << 4 >> 2", 4],
    ["bits, and before exclusive or before or", "1 | 6 ^ 5 & 4", 3],
    ["the complement", "~0", -1],
    ["hexadecimal", "0xA9", 169],
    ["octal", "0251", 169],
    ["any base", "2#101 + 36#z", 40],
    ["variables with and without a dollar", "A + $A + ${A}", 12],
    ["a variable that holds hexadecimal", "HEX", 169],
  ])("%s", (_sentence, source, expected) => expect(value(source)).toBe(expected));
});

describe("there is no value for", () => {
  test.each([
    ["nothing", ""],
    ["half a sum", "1 +"],
    ["an open parenthesis", "(1"],
    ["a closing parenthesis too many", "1)"],
    ["two numbers", "1 2"],
    ["an assignment", "A = 1"],
    ["an unknown variable", "B + 1"],
    ["a variable that holds no number", "TEXT + 1"],
    ["a digit that octal does not have", "08"],
    ["a base that does not exist", "99#1"],
    ["a division by zero", "1 / 0"],
    ["a number beyond what is exact", "2 ** 60"],
    ["an expression longer than anybody needs", `1${"+1".repeat(60)}`],
  ])("%s", (_sentence, source) => expect(value(source)).toBeUndefined());
});
