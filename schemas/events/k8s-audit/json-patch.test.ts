import { describe, expect, it } from "vitest";
import { patchedParts, takesFromElsewhere } from "./json-patch.ts";

describe("a JSON patch as an object", () => {
  const add = (path: string, value: unknown) => ({ op: "add", path, value });

  it.each<[string, unknown, unknown]>([
    ["any other body as it is", { spec: 1 }, { spec: 1 }],
    ["no body", undefined, undefined],
    ["a field", [add("/spec/externalName", "a")], { spec: { externalName: "a" } }],
    ["a later value of the same field", [add("/a", 1), { op: "replace", path: "/a", value: 2 }], { a: 2 }],
    ["the whole document", [add("", { a: 1 }), add("/b", 2)], { a: 1, b: 2 }],
    ["the end of a list", [add("/ips/-", "a"), add("/ips/-", "b")], { ips: ["a", "b"] }],
    ["a place in a list, which pushes the rest aside", [add("/ips/0", "a"), add("/ips/0", "b")], { ips: ["b", "a"] }],
    ["what stands below a place", [add("/c/0/x", 1), add("/c/0/y", 2)], { c: [{ x: 1, y: 2 }] }],
    ["escapes", [add("/metadata/annotations/a~1b~0c", "x")], { metadata: { annotations: { "a/b~c": "x" } } }],
    [
      "neither tests nor removals",
      [
        { op: "test", path: "/a", value: 1 },
        { op: "remove", path: "/b" },
      ],
      {},
    ],
    ["no prototype", [add("/__proto__/polluted", 1)], {}],
    ["no step that is none", [null, "x", { op: "add" }], undefined],
  ])("holds %s", (_, body, expected) => {
    expect(patchedParts(body)).toEqual(expected);
    expect("polluted" in {}).toBe(false);
  });

  it("leaves the record as it is", () => {
    const body = [add("/a", { b: 1 }), add("/a/b", 2)];
    expect(patchedParts(body)).toEqual({ a: { b: 2 } });
    expect(body[0]).toEqual({ op: "add", path: "/a", value: { b: 1 } });
  });

  it("does not go down a path without end", () => {
    expect(patchedParts([add("/a".repeat(100_000), 1), add("/b", 1)])).toEqual({ b: 1 });
  });

  it("is known to take from elsewhere", () => {
    expect(takesFromElsewhere([{ op: "copy", from: "/a", path: "/b" }])).toBe(true);
    expect(takesFromElsewhere([add("/a", 1)])).toBe(false);
    expect(takesFromElsewhere({ op: "move" })).toBe(false);
  });
});
