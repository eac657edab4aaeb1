import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { salvage } from "./salvage.ts";

const event = {
  kind: "Event",
  auditID: "a-1",
  stage: "ResponseComplete",
  requestURI: '/api?x="1"',
  verb: "create",
  user: { username: "u", groups: ["g", "h"] },
  objectRef: { name: "n" },
  requestObject: { spec: { list: [1, 2.5e3, { deep: [true, null] }] } },
};
const text = JSON.stringify(event);

describe("a cut event", () => {
  it.each<[string, string, object]>([
    ["inside a string", text.slice(0, text.indexOf("create") + 3), { auditID: "a-1", requestURI: '/api?x="1"' }],
    ["inside a key", text.slice(0, text.indexOf('"objectRef') + 4), { user: { groups: ["g", "h"] } }],
    ["inside a list", text.slice(0, text.indexOf('"h"')), { user: { username: "u", groups: ["g"] } }],
    ["behind a comma", text.slice(0, text.indexOf('"verb"')), { stage: "ResponseComplete" }],
    [
      "with the log's mark",
      `${text.slice(0, text.indexOf('"requestObject"'))}[Truncated...]`,
      { verb: "create", objectRef: { name: "n" } },
    ],
    ["inside an escape", text.slice(0, text.indexOf('\\"') + 1), { stage: "ResponseComplete" }],
    [
      "in its first nested object",
      text.slice(0, text.indexOf('"deep"')),
      { requestObject: { spec: { list: [1, 2500, {}] } } },
    ],
  ])("%s keeps what was complete", (_, input, expected) => {
    expect(salvage(input)).toMatchObject(expected);
  });

  it("at any place gives a part of the event, or nothing", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: text.length }), (at) => {
        const found = salvage(text.slice(0, at)) as Record<string, unknown> | undefined;
        if (at === 0) expect(found).toBeUndefined();
        else
          for (const key of Object.keys(found ?? {}).slice(0, -1))
            expect(found?.[key]).toEqual(event[key as keyof typeof event]);
      }),
    );
  });

  it.each(["", "no json", "}}}}", "[Truncated...]"])("of which nothing is left is nothing: %j", (input) => {
    expect(salvage(input)).toBeUndefined();
  });

  it("nested a million deep neither throws nor hangs", () => {
    expect(() => salvage(`{"a":${"[".repeat(1_000_000)}`)).not.toThrow();
    expect(() => salvage(`{"a":${'{"b":'.repeat(200_000)}`)).not.toThrow();
  });
});
