import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Frame } from "../records.ts";
import { createFrames, type FrameOptions } from "./frame.ts";

type Limits = Omit<FrameOptions, "from">;

function framesOf(text: string, sizes: readonly number[] = [text.length + 1], limits: Limits = {}): Frame[] {
  const framer = createFrames({ from: "f", ...limits });
  const out: Frame[] = [];
  let at = 0;
  for (let turn = 0; at < text.length; turn += 1) {
    const size = Math.max(1, sizes[turn % sizes.length] ?? 1);
    out.push(...framer.push(text.slice(at, at + size)));
    at += size;
  }
  return [...out, ...framer.end()];
}
/** Line and text of each frame, or line and code. */
const shown = (frames: readonly Frame[]): string[] =>
  frames.map(({ text, origin, error }) => `${origin.line} ${error?.code ?? text}`);

const AUDIT = '{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"a","stage":"Panic"}';
const CALL = '{"eventVersion":"1.11","eventSource":"ec2.amazonaws.com","eventName":"StopInstances"}';
const ROW = '[{"field":"@timestamp","value":"x"},{"field":"@message","value":"{}"}]';
const CUT_AUDIT = AUDIT.slice(0, 70);

describe("frames", () => {
  it.each<[string, string, string[]]>([
    ["one JSON value a line", '{"a":1}\n{"b":2}\n', ['1 {"a":1}', '2 {"b":2}']],
    [
      "the last line without a newline, blank lines, carriage returns and a byte order mark",
      '\ufeff{"a":1}\r\n\r\n  {"b":2}',
      ['1 {"a":1}', '3 {"b":2}'],
    ],
    ["a byte order mark where files were joined", '{"a":1}\n\ufeff{"b":2}', ['1 {"a":1}', '2 {"b":2}']],
    ["a pretty-printed value", '{\n  "a": [\n    1\n  ]\n}\n{"b":2}\n', ['1 {\n  "a": [\n    1\n  ]\n}', '6 {"b":2}']],
    [
      "a value that begins and goes on in the way of a record of its own",
      `{"eventVersion":"1.11",\n "eventName":"A",\n "x":{"y":[\n{"z":1}]}}\n${CALL}`,
      ['1 {"eventVersion":"1.11",\n "eventName":"A",\n "x":{"y":[\n{"z":1}]}}', `5 ${CALL}`],
    ],
    [
      "a value whose lines begin with the comma",
      `{"a":{"b":1}\n, "c":2\n}\n{"d":"x"\n,"e":[]}\n${CALL}`,
      ['1 {"a":{"b":1}\n, "c":2\n}', '4 {"d":"x"\n,"e":[]}', `6 ${CALL}`],
    ],
    [
      "values without a newline between them",
      '{"a":1}{"b":"}{"}{"c":3}\n{"d":4}',
      ['1 {"a":1}', '1 {"b":"}{"}', '1 {"c":3}', '2 {"d":4}'],
    ],
    ["records without a newline between them", `${AUDIT}${CALL}${AUDIT}`, [`1 ${AUDIT}`, `1 ${CALL}`, `1 ${AUDIT}`]],
    ["values with spaces between them", `${AUDIT} ${CALL}\t\t${AUDIT}`, [`1 ${AUDIT}`, `1 ${CALL}`, `1 ${AUDIT}`]],
    [
      "a record before a cut one on the same line",
      `${AUDIT}${CUT_AUDIT}\n${CALL}`,
      [`1 ${AUDIT}`, `1 ${CUT_AUDIT}`, `2 ${CALL}`],
    ],
    ["values with commas behind them", `${AUDIT},\n{"a":1},\n${CALL}\n`, [`1 ${AUDIT}`, '2 {"a":1}', `3 ${CALL}`]],
    [
      "quotes, brackets and backslashes in strings",
      '{"a":"\\"}{\\\\"}\n{"b":"\\\\\\"["}',
      ['1 {"a":"\\"}{\\\\"}', '2 {"b":"\\\\\\"["}'],
    ],
    [
      "strings of a document, whatever they hold",
      '{\n"a":"\\"]}\\\\",\n"b\\"":"{[\\\\\\"",\n"c":1}\n{"d":1}',
      ['1 {\n"a":"\\"]}\\\\",\n"b\\"":"{[\\\\\\"",\n"c":1}', '5 {"d":1}'],
    ],
    ["the elements of Records", '{\n "Records": [\n  {"a":1},\n  {"b":[2]}\n ]\n}\n', ['3 {"a":1}', '4 {"b":[2]}']],
    [
      "the elements of Records on one line",
      `{"Records":[${CALL},${CALL}]}\n${AUDIT}`,
      [`1 ${CALL}`, `1 ${CALL}`, `2 ${AUDIT}`],
    ],
    [
      "the elements of items, behind what else an EventList has",
      `{"kind":"EventList","metadata":{},"items":[${AUDIT}]}`,
      [`1 ${AUDIT}`],
    ],
    ["the elements of Events and of results", `{"Events":[{"a":1}]}\n{"results":[${ROW}]}`, ['1 {"a":1}', `2 ${ROW}`]],
    [
      "the elements of a list, whatever they are",
      '[{"a":1},\n {"b":2}, "three", 4, [5]]\n',
      ['1 {"a":1}', '2 {"b":2}', '2 "three"', "2 4", "2 [5]"],
    ],
    ["nothing of an empty list", '{"Records":[]}\n[\n]\n{"a":1}', ['4 {"a":1}']],
    [
      "no event of the members beside the list",
      '{\n"nextToken": {"y":[1]},\n"events": [{"a":1}],\n"searchedLogStreams": [{"x":1}]\n}\n{"b":2}',
      ['3 {"a":1}', '6 {"b":2}'],
    ],
    [
      "lists of other names, and deeper ones, in their value",
      '{\n"spec": {"items": [{"a":1}]}, "list": [{"Records":[{"b":1}]}]\n}',
      ['1 {\n"spec": {"items": [{"a":1}]}, "list": [{"Records":[{"b":1}]}]\n}'],
    ],
    ["a row of a query, which is a list, whole", `${ROW}\n${ROW}`, [`1 ${ROW}`, `2 ${ROW}`]],
    [
      "lines that are no JSON",
      'I1124 hello\n2026-01-01T00:00:00.000Z {"a":1}\n[2026-01-01] hello\n{hello}\n"{}"',
      ["1 I1124 hello", '2 2026-01-01T00:00:00.000Z {"a":1}', "3 [2026-01-01] hello", "4 {hello}", '5 "{}"'],
    ],
    [
      "no header of a CSV export, wherever it stands",
      '@timestamp,@message,@log\n2026,"{""a"":1}"\n"@timestamp","@message"\n@message\ntimestamp,message\n1,"{}"',
      ['2 2026,"{""a"":1}"', '6 1,"{}"'],
    ],
    ["words that could be a header and are none", "message\ntimestamp\na,b", ["1 message", "2 timestamp", "3 a,b"]],
    ["nothing of nothing", "", []],
    ["nothing of blank lines", " \n\r\n\t\n", []],
  ])("are %s", (_, text, expected) => {
    expect(shown(framesOf(text))).toEqual(expected);
    expect(shown(framesOf(text, [1]))).toEqual(expected);
  });

  it.each<[string, string, string[]]>([
    ["inside a string", '{"a":"cut he\n{"b":2}\n', ['1 {"a":"cut he', '2 {"b":2}']],
    ["behind a comma", '{"a":1,\n{"b":2}\n{"c":3}\n', ['1 {"a":1,', '2 {"b":2}', '3 {"c":3}']],
    ["behind a bracket", `{"a":{"b":[\n${AUDIT}\n${CALL}`, ['1 {"a":{"b":[', `2 ${AUDIT}`, `3 ${CALL}`]],
    [
      "in a record, behind a bracket",
      `${AUDIT.slice(0, -1)},"x":[\n${CALL}\n`,
      [`1 ${AUDIT.slice(0, -1)},"x":[`, `2 ${CALL}`],
    ],
    [
      "in a record, before another log",
      `${AUDIT.slice(0, -1)},\nI1124 hello`,
      [`1 ${AUDIT.slice(0, -1)},`, "2 I1124 hello"],
    ],
    ["with the log's mark", '{"a":{"b":1,[Truncated...]\n{"b":2}\n', ['1 {"a":{"b":1,[Truncated...]', '2 {"b":2}']],
    ["with the mark behind dots", '{"a":[1,...[truncated]\n{"b":2}\n', ['1 {"a":[1,...[truncated]', '2 {"b":2}']],
    ["in a document, in a string", '{\n"a":"cut\n{"b":2}', ['1 {\n"a":"cut', '3 {"b":2}']],
    [
      "in a list, in the middle of a record",
      `{"Records":[\n${CALL},\n{"eventVersion":"1.11","x":{"y":[\n${CALL},\n${CALL}\n]}`,
      [`2 ${CALL}`, '3 {"eventVersion":"1.11","x":{"y":[', `4 ${CALL}`, `5 ${CALL}`, "6 ]}"],
    ],
  ])("cut %s do not swallow the next", (_, text, expected) => {
    expect(shown(framesOf(text))).toEqual(expected);
    expect(shown(framesOf(text, [1]))).toEqual(expected);
  });

  it.each<[string, string, string[]]>([
    ["a document over several lines", '{\n "Records": [\n {"a":1},\n {"b":', ['3 {"a":1}', '4 {"b":']],
    [
      "a document on one line",
      `{"Records":[${CALL},${CALL},${CALL.slice(0, 30)}`,
      [`1 ${CALL}`, `1 ${CALL}`, `1 ${CALL.slice(0, 30)}`],
    ],
    ["a document before its list", '{"kind":"EventList",\n', ['1 {"kind":"EventList",']],
    ["a line", `${CALL}\n${CUT_AUDIT}`, [`1 ${CALL}`, `2 ${CUT_AUDIT}`]],
  ])("of %s that the end of the input cut are what was whole, and the rest", (_, text, expected) => {
    expect(shown(framesOf(text))).toEqual(expected);
  });

  it("keep a byte order mark that belongs to a string, wherever the pieces end", () => {
    const text = '{"Records":[{"a":"\ufeff"}]}';
    expect(shown(framesOf(text, [text.indexOf("\ufeff")], { longLine: 1 }))).toEqual(['1 {"a":"\ufeff"}']);
  });

  it("hold values as deep as they come", () => {
    const deep = `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
    expect(framesOf(`[${deep},\n${deep}]`).map(({ text }) => text)).toEqual([deep, deep]);
  });
});

describe("any input", () => {
  const record = fc.constantFrom(AUDIT, CALL, ROW);
  const cut = fc
    .tuple(record, fc.nat(), fc.constantFrom("", "[Truncated...]"))
    .map(([text, at, mark]) => text.slice(0, at % text.length) + mark);
  const piece = fc.oneof(
    record,
    cut,
    fc.json(),
    fc.json().map((text) => JSON.stringify(JSON.parse(text), null, 2)),
    fc.array(fc.object(), { maxLength: 3 }).map((Records) => JSON.stringify({ Records })),
    fc.array(fc.object(), { maxLength: 3 }).map((events) => JSON.stringify({ events, nextToken: "x" }, null, 1)),
    fc.string({ unit: fc.constantFrom(...'{}[]",:\\ \n\ta1') }),
    fc.string({ unit: "binary" }),
  );
  const input = fc
    .array(fc.tuple(piece, fc.constantFrom("\n", "\n", "\r\n", "", " ", ",\n")), { maxLength: 8 })
    .map((pieces) => pieces.flat().join(""));
  const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 });

  it("does not show how it was cut into pieces", () => {
    fc.assert(
      fc.property(input, sizes, (text, cuts) => {
        expect(shown(framesOf(text, cuts))).toEqual(shown(framesOf(text)));
      }),
      { numRuns: 2_000 },
    );
  });

  it("does not either where lines and values are longer than the limits", () => {
    const limit = fc.integer({ min: 64, max: 160 });
    fc.assert(
      fc.property(input, sizes, limit, limit, (text, cuts, longLine, maxFrame) => {
        const limits = { longLine, maxFrame };
        expect(shown(framesOf(text, cuts, limits))).toEqual(shown(framesOf(text, [text.length + 1], limits)));
      }),
      { numRuns: 3_000 },
    );
  });

  const LAYOUTS = {
    line: ["", 0, "\n"],
    windows: ["", 0, "\r\n"],
    pretty: ["", 1, "\n"],
    glued: ["", 0, ""],
    Records: ['{"Records":[\n', 1, "\n]}\n"],
    list: ["[", 1, "]\n"],
  } as const;

  it("gives back every object of a mixture, whole, in order and with its line", () => {
    const layout = fc.constantFrom(...(Object.keys(LAYOUTS) as (keyof typeof LAYOUTS)[]));
    const values = fc.array(fc.tuple(fc.object(), layout), { maxLength: 6 });
    fc.assert(
      fc.property(values, fc.integer({ min: 64, max: 160 }), (all, longLine) => {
        let text = "";
        const expected = all.map(([value, name]) => {
          const [head, indent, foot] = LAYOUTS[name];
          text += head;
          const line = text.split("\n").length;
          text += JSON.stringify({ v: value }, null, indent) + foot;
          return `${line} ${JSON.stringify({ v: value })}`;
        });
        const frames = framesOf(text, [7], { longLine });
        expect(frames.map((frame) => `${frame.origin.line} ${JSON.stringify(JSON.parse(frame.text))}`)).toEqual(
          expected,
        );
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("memory", () => {
  const element = `{"eventVersion":"1.11","pad":"${"x".repeat(1_000)}"}`;

  it.each<[string, string, string, string]>([
    ["a document of one line", '{"Records":[', ",", "]}"],
    ["a pretty-printed document", '{\n  "events": [\n    ', ",\n", "\n  ]\n}\n"],
    ["values without a newline between them", "", "", ""],
    ["a list on one line", "[", ",", "]"],
  ])("holds a few records at a time of %s of 60 MB", (_, head, between, foot) => {
    const framer = createFrames({ from: "f" });
    const batch = Array.from({ length: 500 }, () => element).join(between);
    let frames = framer.push(head).length;
    let held = 0;
    for (let turn = 0; turn < 120; turn += 1) {
      frames += framer.push(turn === 0 ? batch : between + batch).length;
      held = Math.max(held, framer.held());
    }
    frames += framer.push(foot).length + framer.end().length;
    expect(frames).toBe(60_000);
    expect(held).toBeLessThan(3_000_000);
  });

  it.each<[string, string, string, string[]]>([
    ["a line that is no JSON", "x", '\n{"b":2}\n', ["1 E_TOO_LARGE", '2 {"b":2}']],
    ["a value whose string never ends", '{"a":"x', '\n{"b":2}\n', ["1 E_TOO_LARGE", '2 {"b":2}']],
    ["a value", '{"a":"x', '"}{"b":2}\n{"c":3}', ["1 E_TOO_LARGE", '1 {"b":2}', '2 {"c":3}']],
    ["an element", '{"Records":[{"a":1},\n{"a":"x', '"},{"b":2}]}', ['1 {"a":1}', "2 E_TOO_LARGE", '2 {"b":2}']],
  ])("sets %s above the limit aside, skips it without holding it, and goes on", (_, head, foot, expected) => {
    const framer = createFrames({ from: "f", maxFrame: 2_500_000 });
    const out = framer.push(head);
    let held = 0;
    for (let turn = 0; turn < 40; turn += 1) {
      out.push(...framer.push("x".repeat(500_000)));
      held = Math.max(held, framer.held());
    }
    out.push(...framer.push(foot), ...framer.end());
    expect(shown(out)).toEqual(expected);
    expect(held).toBeLessThan(5_000_000);
    const [tooLarge] = out.filter(({ error }) => error !== undefined);
    expect(tooLarge?.text).toHaveLength(200);
    expect(tooLarge?.text.endsWith("xxx")).toBe(true);
  });

  it("takes a long line in small pieces in linear time", () => {
    const piece = "x".repeat(4_096);
    const timeOf = (pieces: number): number => {
      const framer = createFrames({ from: "f" });
      const started = performance.now();
      for (let turn = 0; turn < pieces; turn += 1) framer.push(piece);
      expect(framer.end()).toHaveLength(1);
      return performance.now() - started;
    };
    const best = (pieces: number): number => Math.min(...[1, 2, 3].map(() => timeOf(pieces)));
    timeOf(1_000);
    // Eight times as much would take 64 times as long if every piece were searched from the beginning of the line.
    expect(best(8_000) / best(1_000)).toBeLessThan(32);
  });
});
