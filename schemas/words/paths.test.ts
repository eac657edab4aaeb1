import { describe, expect, test } from "vitest";
import { globReaches, pathsResolved } from "./paths.ts";

describe("paths are resolved:", () => {
  test.each([
    ["repeated slashes", "/a//b///c", "/a/b/c"],
    ["the directory itself", "/a/./b/././c", "/a/b/c"],
    ["the parent", "/a/../b", "/b"],
    ["parents in a row", "/a/b/c/../../../d", "/d"],
    ["a parent at the end", "cat '/a/b/..'", "cat '/a/'"],
    ["a name that only begins with dots stays", "/a/..b/...", "/a/..b/..."],
    ["a relative path keeps its first part", "a/../b", "a/../b"],
    ["a glob with its own dots stays", "/a/..*/b", "/a/..*/b"],
  ])("%s", (_sentence, text, expected) => expect(pathsResolved(text)).toBe(expected));
});

describe("a glob reaches a file", () => {
  test.each([
    ["with a star in a name", "/etc/sh*w", true],
    ["with a star for nothing", "/etc/*shadow*", true],
    ["with question marks", "/e??/sh?d?w", true],
    ["with a class", "/etc/[r-t]hadow", true],
    ["under another root", "/host/etc/sh*", true],
    ["not when it says too little", "/etc/s*", false],
    ["not when it says nothing at all", "/*/*", false],
    ["not in another directory", "/opt/sh*w", false],
    ["not when a name is longer", "/etc/sh?ow", false],
    ["not when its name is", "/etc/shadow?", false],
    ["not without the directory", "sh*w", false],
    ["after a star that took too little at first", "/etc/s*a*ow", true],
  ])("%s", (_sentence, pattern, expected) => expect(globReaches(pattern, "etc/shadow")).toBe(expected));
});
