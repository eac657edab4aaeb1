import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Frame } from "../records.ts";
import { createFrames } from "./frame.ts";

function framesOf(text: string, sizes: readonly number[] = [text.length + 1], maxFrame?: number): Frame[] {
  const framer = createFrames({ from: "f", ...(maxFrame !== undefined && { maxFrame }) });
  const out: Frame[] = [];
  let at = 0;
  for (let turn = 0; at < text.length; turn += 1) {
    const size = Math.max(1, sizes[turn % sizes.length] ?? 1);
    out.push(...framer.push(text.slice(at, at + size)));
    at += size;
  }
  return [...out, ...framer.end()];
}
const shown = (frames: readonly Frame[]) => frames.map(({ text, origin, error }) => [origin.line, error?.code ?? text]);

describe("frames", () => {
  it.each<[string, string, [number, string][]]>([
    [
      "one JSON value a line",
      '{"a":1}\n{"b":2}\n',
      [
        [1, '{"a":1}'],
        [2, '{"b":2}'],
      ],
    ],
    [
      "the last line without a newline, blank lines, carriage returns and a byte order mark",
      '\ufeff{"a":1}\r\n\r\n  {"b":2}',
      [
        [1, '{"a":1}'],
        [3, '{"b":2}'],
      ],
    ],
    [
      "a pretty-printed value",
      '{\n  "a": [\n    1\n  ]\n}\n{"b":2}\n',
      [
        [1, '{\n  "a": [\n    1\n  ]\n}'],
        [6, '{"b":2}'],
      ],
    ],
    [
      "values without a newline between them",
      '{"a":1}{"b":"}{"}{"c":3}\n',
      [
        [1, '{"a":1}'],
        [1, '{"b":"}{"}'],
        [1, '{"c":3}'],
      ],
    ],
    [
      "the elements of Records",
      '{\n "Records": [\n  {"a":1},\n  {"b":[2]}\n ]\n}\n',
      [
        [3, '{"a":1}'],
        [4, '{"b":[2]}'],
      ],
    ],
    [
      "the elements of a list on one line, with what else the document has",
      '[{"a":1},\n {"b":2}, "three", 4]\n',
      [
        [1, '{"a":1}'],
        [2, '{"b":2}'],
        [2, '"three"'],
        [2, "4"],
      ],
    ],
    [
      "members after the list are no events",
      '{\n"events": [{"a":1}],\n"searchedLogStreams": [{"x":1}]\n}',
      [[2, '{"a":1}']],
    ],
    [
      "lists of other names stay in their value",
      '{\n"spec": {"items": [{"a":1}]}\n}',
      [[1, '{\n"spec": {"items": [{"a":1}]}\n}']],
    ],
    [
      "lines that are no JSON",
      'I1124 hello\n2026-01-01T00:00:00.000Z {"a":1}\n',
      [
        [1, "I1124 hello"],
        [2, '2026-01-01T00:00:00.000Z {"a":1}'],
      ],
    ],
    ["the header of a CSV export is no event", '@timestamp,@message\n2026,"{""a"":1}"\n', [[2, '2026,"{""a"":1}"']]],
    [
      "a cut line does not swallow the next",
      '{"a":"cut he\n{"b":2}\n',
      [
        [1, '{"a":"cut he'],
        [2, '{"b":2}'],
      ],
    ],
    [
      "a line cut behind a comma does not either",
      '{"a":1,\n{"b":2}\n{"c":3}\n',
      [
        [1, '{"a":1,'],
        [2, '{"b":2}'],
        [3, '{"c":3}'],
      ],
    ],
    [
      "nor one that the log has marked",
      '{"a":{"b":1,[Truncated...]\n{"b":2}\n',
      [
        [1, '{"a":{"b":1,[Truncated...]'],
        [2, '{"b":2}'],
      ],
    ],
    [
      "a document that ends in the middle",
      '{\n "Records": [\n {"a":1},\n {"b":',
      [
        [3, '{"a":1}'],
        [4, '{"b":'],
      ],
    ],
    ["nothing", "", []],
  ])("%s", (_, text, expected) => {
    expect(shown(framesOf(text))).toEqual(expected);
  });

  const piece = fc.oneof(
    fc.json().map((text) => text),
    fc.json().map((text) => JSON.stringify(JSON.parse(text), null, 2)),
    fc.array(fc.object(), { maxLength: 3 }).map((Records) => JSON.stringify({ Records })),
    fc.array(fc.object(), { maxLength: 3 }).map((events) => JSON.stringify({ events, nextToken: "x" }, null, 1)),
    fc.string(),
  );
  const input = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join("\n"));

  it("do not show how the input was cut into pieces", () => {
    fc.assert(
      fc.property(input, fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 }), (text, sizes) => {
        expect(shown(framesOf(text, sizes))).toEqual(shown(framesOf(text)));
      }),
      { numRuns: 1_000 },
    );
  });

  it("give back every object of a mixture, whole and in order", () => {
    const values = fc.array(fc.tuple(fc.object(), fc.constantFrom("line", "pretty", "Records", "list")), {
      maxLength: 6,
    });
    fc.assert(
      fc.property(values, (all) => {
        const text = all
          .map(([value, how]) => {
            if (how === "line") return JSON.stringify({ v: value });
            if (how === "pretty") return JSON.stringify({ v: value }, null, 2);
            return how === "Records"
              ? JSON.stringify({ Records: [{ v: value }] }, null, 1)
              : JSON.stringify([{ v: value }], null, 1);
          })
          .join("\n");
        expect(framesOf(text, [7]).map((frame) => JSON.stringify(JSON.parse(frame.text)))).toEqual(
          all.map(([value]) => JSON.stringify({ v: value })),
        );
      }),
      { numRuns: 500 },
    );
  });
});

describe("memory", () => {
  const element = `{"eventVersion":"1.11","pad":"${"x".repeat(1_000)}"}`;

  it.each<[string, string, string]>([
    ["a document of one line", '{"Records":[', "]}"],
    ["a pretty-printed document", '{\n  "Records": [\n    ', "\n  ]\n}\n"],
  ])("holds one record at a time of %s of 60 MB", (_, head, foot) => {
    const framer = createFrames({ from: "f" });
    const batch = Array.from({ length: 500 }, () => element).join(",\n");
    let frames = framer.push(head).length;
    let held = 0;
    for (let turn = 0; turn < 120; turn += 1) {
      frames += framer.push(turn === 0 ? batch : `,${batch}`).length;
      held = Math.max(held, framer.held());
    }
    frames += framer.push(foot).length + framer.end().length;
    expect(frames).toBe(60_000);
    expect(held).toBeLessThan(3_000_000);
  });

  it.each<[string, string]>([
    ["a line that is no JSON", "x"],
    ["a value that never ends", '{"a":"x'],
  ])("skips %s above the limit, sets it aside and goes on with the next line", (_, head) => {
    const framer = createFrames({ from: "f", maxFrame: 2_000_000 });
    const out = framer.push(head);
    let held = 0;
    for (let turn = 0; turn < 40; turn += 1) {
      out.push(...framer.push("x".repeat(500_000)));
      held = Math.max(held, framer.held());
    }
    out.push(...framer.push('\n{"b":2}\n'), ...framer.end());
    expect(shown(out).map(([at, what]) => [at, what])).toEqual([
      [1, "E_TOO_LARGE"],
      [2, '{"b":2}'],
    ]);
    expect(held).toBeLessThan(4_000_000);
  });
});
