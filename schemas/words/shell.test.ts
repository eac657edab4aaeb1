// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are the shell's.
import { describe, expect, test } from "vitest";
import { shellRead } from "./shell.ts";

describe("a word is read as bash reads it:", () => {
  test.each([
    ["single quotes keep everything", "'a $A \\b \"c\"'", 'a $A \\b "c"'],
    ["double quotes expand", "A=x; \"y $A 'z'\"", "A=x; y x 'z'"],
    ["double quotes keep most backslashes", '"\\a \\$A \\" \\\\"', '\\a $A " \\'],
    ["a backslash keeps the next character", "\\$A \\' \\\\", "$A ' \\"],
    ["a line that continues", 'a\\\nb "c\\\nd"', "ab cd"],
    ["ANSI-C quotes", "$'\\x41\\102\\u0043\\n\\'\\q'", "ABC\n'q"],
    ["translated quotes", '$"a"', "a"],
    ["a quote that does not end is a character", "don't", "don't"],
    ["comments are no quotes", "# don't\n'a'", "# don't\na"],
    ["a hash inside a word begins no comment", "a#'b'", "a#b"],
    ["assignments", "A=1 B='2 3'; $A${B}", "A=1 B=2 3; 12 3"],
    ["the latest assignment", "A=1; $A; A=2; $A", "A=1; 1; A=2; 2"],
    ["an assignment only where a word begins", "xA=1 -A=2 $A", "xA=1 -A=2 "],
    ["a value that a substitution makes is unknown", "A=$(id); [$A]", "A=$(id); []"],
    ["a long value is not kept", `A=${"x".repeat(300)}; $A`, `A=${"x".repeat(300)}; `],
    ["what nobody assigned is empty", "[$A${B}$1$@]", "[]"],
    ["what every shell brings along", "a${IFS}b${HOME:0:1}c", "a b/c"],
    ["a stand-in", "A=; ${A:-x}${B:=y}${C-z}", "A=; xyz"],
    ["a stand-in for what is there", "A=1; ${A:+x}${B:+y}${A-z}", "A=1; x1"],
    ["a substring, from the end too", "A=12345; ${A:1:2} ${A:3} ${A: -2}", "A=12345; 23 45 45"],
    ["one replacement and all", "A=xaxa; ${A/a/b} ${A//a/b} ${A//x}", "A=xaxa; xbxa xbxb aa"],
    ["a replacement of a dot, and with `$&`", "A=a.b; ${A/\\./-} ${A/a/$&}", "A=a.b; a-b $&.b"],
    ["affixes", "A=abc; ${A#a} ${A##ab} ${A%c} ${A%%bc} ${A#z}", "A=abc; bc c ab a abc"],
    ["arithmetic, in all its forms", "A=2; $((A*(1+2))) $[A+1] `expr 1 + 1` $(expr 2 \\* 3)", "A=2; 6 3 2 6"],
    ["arithmetic that is none stays", "$((x++))", "$((x++))"],
    ["what only prints", "$(echo -n a 'b') `printf %s c` $(printf '%s\\n' d|rev)", "a b c %s\\n d"],
    ["other substitutions stay", "$(id) `id`", "$(id) `id`"],
    ["substitutions of nothing", "a$()b``c", "abc"],
    ["names that Kubernetes and Python expand", "A=1; $(A) {A} $(B) {B}", "A=1; 1 1 $(B) {B}"],
  ])("%s", (_sentence, word, expected) => expect(shellRead([word], "empty")).toEqual([expected]));
});

test("assignments reach into the other words, quotes do not", () => {
  expect(shellRead(["it's", "'$A'$A", "A=1"], "empty")).toEqual(["it's", "$A1", "A=1"]);
});

test("what nobody assigned can be kept", () => {
  expect(shellRead(["'a'$A${B:1}$1"], "kept")).toEqual(["a$A${B:1}$1"]);
});

test("the words behind a script are its parameters", () => {
  expect(shellRead(["bash", "-ec", "$0 $1 $2 $* $3", "a", "b", "c"], "empty")[2]).toBe("a b c b c ");
});

test("expansion adds at most as much as is considered", () => {
  const word = `A=${"x".repeat(200)}; ${"$A".repeat(30_000)}`;
  expect(shellRead([word], "empty").join("").length).toBeLessThanOrEqual(word.length + 65_536);
  const growing = `A=x;${"A=$A$A$A;".repeat(7_000)}`;
  expect(shellRead([growing], "kept").join("").length).toBeLessThanOrEqual(growing.length + 65_536);
});
