import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bracesExpanded } from "./braces.ts";
import { considered, MAX_CONSIDERED_CHARS } from "./considered.ts";
import { credentialReads } from "./credential-files.ts";
import { endpointMentions } from "./endpoints.ts";
import { MAX_REWRITINGS, MAX_REWRITTEN_CHARS, rewritings } from "./rewritings.ts";

/** What is worst for one rule or another: beginnings without ends, and whatever grows. */
const HARD = [
  ..."a0.:-_/\\'\"`$({[%;|= \n",
  ...[
    "$'",
    "$((",
    "$[",
    "${A",
    "$(echo ",
    "/.",
    "/../",
    "//latest/",
    "0x",
    "::",
    "a9fe:",
    "fd00:ec2:",
    "1 ",
    "254,169,",
  ],
  ...["169.254.", "169.254.169.25", "169.254.1' '", "\\x31", "\\\\061", "%25", "%31", "31 ", "chr(49)+", "41", "QUFB"],
  ...["A=x;", "A=$A$A ", "$A", "$((1+1))", "$[1]", "{a,b}", "{1..99}", "x{a,b}{c,d} ", "\u3002", "rev 452", "secrets/"],
  ...["find ", "env|grep ", "sts --a b ", "/proc/1/", "/etc/*sh*", "[a", "instance-data ", "a.b-c.nip.io "],
];

const filled = (unit: string): string => unit.repeat(Math.ceil(MAX_CONSIDERED_CHARS / unit.length));

describe("the work is bounded", () => {
  const text = fc
    .array(fc.constantFrom(...HARD), { minLength: 1, maxLength: 4 })
    .map((units) => filled(units.join("")));
  const words = fc.tuple(text, fc.constantFrom(1, 64, 4096)).map(([long, pieces]) => {
    const length = Math.ceil(long.length / pieces);
    return Array.from({ length: pieces }, (_none, index) => long.slice(index * length, (index + 1) * length));
  });

  test("in how many readings there are, and how long they are together, whatever the words", () => {
    fc.assert(
      fc.property(words, (list) => {
        const readings = rewritings(considered(list));
        expect(readings.length).toBeLessThanOrEqual(MAX_REWRITINGS);
        const chars = readings.reduce((sum, reading) => sum + reading.text.length, 0);
        expect(chars).toBeLessThanOrEqual(MAX_REWRITTEN_CHARS);
      }),
      { numRuns: 25 },
    );
  });

  // A pattern that can match in two ways needs minutes for one of these, so the test's own time limit is the assertion.
  test.each([1, 2, 3])("in each of them: patterns do not run away (%i)", (part) => {
    for (const unit of HARD.filter((_unit, index) => index % 3 === part - 1)) {
      for (const end of ["", "x", "'", "}", "))"]) {
        const list = [filled(unit).slice(0, MAX_CONSIDERED_CHARS / 4) + end];
        expect(endpointMentions(list).length + credentialReads(list).length).toBeLessThanOrEqual(64);
      }
    }
  });
});

describe("the readings", () => {
  test("begin with the words as they stand and never repeat", () => {
    const [first, ...others] = rewritings(["sh", "-c", "echo 'a' | base64 -d"]);
    expect(first).toEqual({
      words: ["sh", "-c", "echo 'a' | base64 -d"],
      text: "sh\n-c\necho 'a' | base64 -d",
      how: "plain",
    });
    expect(others.map(({ text, how }) => [text, how])).toEqual([["sh\n-c\necho a | base64 -d", "assembled"]]);
  });

  test("tell what came of an encoding, also when a shell then read it", () => {
    const readings = rewritings([btoa("curl 1'9'2.0.2.1 #####")]);
    expect(readings.map(({ how }) => how)).toEqual(["plain", "encoded", "encoded"]);
    expect(readings.at(-1)?.text).toBe("curl 192.0.2.1 #####");
  });
});

describe("of long words", () => {
  test("head and tail are considered, and nothing twice", () => {
    const kept = considered(["a".repeat(40_000), "b", "c".repeat(40_000)]);
    expect(kept.join("")).toMatch(/^a+c+$/);
    expect(kept.join("").length).toBeGreaterThan(MAX_CONSIDERED_CHARS - 10);
    expect(kept.join("").length).toBeLessThanOrEqual(MAX_CONSIDERED_CHARS);
  });

  test("one that is as long as the bound is whole", () => {
    const word = "a".repeat(MAX_CONSIDERED_CHARS - 1);
    expect(considered([word])).toEqual([word]);
    expect(considered([`${word}a`]).join("").length).toBeLessThan(MAX_CONSIDERED_CHARS);
  });

  test("empty ones count too", () => {
    expect(considered(Array.from({ length: 100_000 }, () => "")).length).toBeLessThanOrEqual(MAX_CONSIDERED_CHARS);
  });
});

describe("braces are expanded as bash does it:", () => {
  test.each([
    ["a list", "a{b,c}d", "abd acd"],
    ["an empty member", "a{,b}", "a ab"],
    ["a range up and down", "{8..10} {2..1}", "8 9 10 2 1"],
    ["two pairs", "{a,b}{c,d}", "ac ad bc bd"],
    ["a pair in a pair", "{a,{b,c}}", "a b a c"],
    ["one member is no list", "a{b}", "a{b}"],
    [
      "too many alternatives stay",
      "{1..99}{1..99}",
      Array.from({ length: 99 }, (_none, index) => `${index + 1}{1..99}`).join(" "),
    ],
    ["a word that is too long stays", `${"x".repeat(400)}{a,b}`, `${"x".repeat(400)}{a,b}`],
  ])("%s", (_sentence, word, expected) => expect(bracesExpanded([word], 10_000)).toEqual([expected]));

  test("up to the room there is", () => {
    expect(bracesExpanded(["{a,b} {c,d}"], 4)).toEqual(["a b {c,d}"]);
  });
});
