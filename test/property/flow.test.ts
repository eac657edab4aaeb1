import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Finding } from "../../schemas/findings/finding.ts";
import { flow } from "../support/sample.ts";
import { root } from "../tools/folders.ts";
import { recordingsIn } from "../tools/labels.ts";

const recordings = recordingsIn(`${root}test/recordings/audit`);
const lines = (name: string): string[] =>
  recordings
    .find((recording) => recording.name === name)
    ?.events.trimEnd()
    .split("\n") ?? [];
/** Attacks of every family, small enough to be replayed many times. */
const SAMPLE = [
  "attack-chain",
  "attack-impersonation",
  "attack-nodes-proxy-websocket",
  "attack-persistence-evasion",
  "attack-token-theft",
];
const everything = SAMPLE.flatMap(lines);

const ids = (findings: readonly Finding[]): string[] => findings.map(({ id }) => id).sort();

/** What a finding is known by, and counted. */
const told = (findings: readonly Finding[]): string[] =>
  findings.map(({ id, severity, subject, count }) => `${id} ${severity} ${subject} ${count}`).sort();

/** That of an auditID on two requests quotes the one that was read second. */
const quotesTheSecond = ({ detector }: Finding): boolean => detector === "trail/reused-audit-id";
const whole = (findings: readonly Finding[]): Finding[] =>
  findings.filter((finding) => !quotesTheSecond(finding)).sort((a, b) => (a.id < b.id ? -1 : 1));

const expected = flow([everything.join("\n")]);

describe("the same events", () => {
  it("make findings at all", () => {
    expect(expected.findings.length).toBeGreaterThan(20);
    expect(expected.findings.some(quotesTheSecond)).toBe(true);
    expect(expected.totals).toMatchObject({ read: everything.length, judged: everything.length, setAside: 0 });
  });

  it("in any order give the same findings, to the letter", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(everything, { minLength: everything.length }), (shuffled) => {
        const { findings } = flow([shuffled.join("\n")]);
        expect(told(findings)).toEqual(told(expected.findings));
        expect(whole(findings).map(({ related: _, ...rest }) => rest)).toEqual(
          whole(expected.findings).map(({ related: _, ...rest }) => rest),
        );
      }),
      { numRuns: 8 },
    );
  });

  it("cut into any chunks give the same findings", () => {
    fc.assert(
      fc.property(fc.integer({ min: 50, max: 200_000 }), (cuts) => {
        const { findings, totals } = flow([everything.join("\n")], { cuts });
        expect(totals.read).toBe(everything.length);
        expect(ids(findings)).toEqual(ids(expected.findings));
      }),
      { numRuns: 10 },
    );
  });

  it("delivered twice are the same findings, with the same counts", () => {
    const { findings } = flow([everything.join("\n"), everything.join("\n")]);
    expect(findings).toEqual(expected.findings);
  });
});

describe("the screen", () => {
  it.each(recordings.map(({ name, events }) => [name, events] as const))("loses nothing of %s", (_, events) => {
    const parsed = flow([events], { screen: false });
    const screened = flow([events]);
    expect(screened.findings).toEqual(parsed.findings);
    expect(parsed.totals.screened).toBe(0);
    expect(screened.totals.judged).toBe(parsed.totals.judged);
  });

  it("spares most of the parsing on an ordinary day", () => {
    const { totals } = flow([
      recordings
        .filter(({ name }) => name.startsWith("benign-"))
        .map(({ events }) => events)
        .join(""),
    ]);
    expect(totals.screened / totals.read).toBeGreaterThan(0.4);
  });

  it("parses what another producer spelled in another way", () => {
    const [line = ""] = lines("attack-impersonation").filter((event) => event.includes('"impersonatedUser"'));
    const spaced = JSON.stringify(JSON.parse(line), null, 1).replaceAll("\n", " ");
    const escaped = line.replace("impersonatedUser", "\\u0069mpersonatedUser");
    for (const text of [spaced, escaped]) expect(ids(flow([text]).findings)).toEqual(ids(flow([line]).findings));
  });
});

describe("anything at all", () => {
  const balancedFlow = (text: string): void => {
    const { totals, aside, findings } = flow([text]);
    expect(totals.read).toBe(totals.judged + totals.setAside);
    expect(aside.length).toBe(totals.setAside);
    expect(findings.filter(({ family }) => family === "health")).toEqual([]);
  };

  it("as bytes is judged or set aside", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => balancedFlow(new TextDecoder().decode(bytes))),
      { numRuns: 300 },
    );
  });

  it("as JSON is judged or set aside", () => {
    fc.assert(
      fc.property(fc.json(), (text) => balancedFlow(text)),
      { numRuns: 500 },
    );
  });

  it("cut anywhere is salvaged or set aside", () => {
    const chosen = everything.filter((_, index) => index % 7 === 0);
    fc.assert(
      fc.property(fc.constantFrom(...chosen), fc.double({ min: 0, max: 1, noNaN: true }), (line, at) => {
        balancedFlow(`${line.slice(0, Math.floor(line.length * at))}[Truncated...]`);
      }),
      { numRuns: 500 },
    );
  });

  /** A record of the right shape whose members are anything: what normalising and the detectors must bear. */
  const anything = fc.jsonValue({ maxDepth: 4 });
  const spoiled = (line: string): fc.Arbitrary<string> => {
    const event = JSON.parse(line) as Record<string, unknown>;
    return fc
      .tuple(
        fc.subarray(Object.keys(event), { minLength: 1, maxLength: 4 }),
        fc.array(anything, { minLength: 4, maxLength: 4 }),
      )
      .map(([keys, values]) =>
        JSON.stringify({ ...event, ...Object.fromEntries(keys.map((key, index) => [key, values[index]])) }),
      );
  };

  it("in the members of an audit event is judged or set aside", () => {
    const chosen = everything.filter((_, index) => index % 11 === 0);
    fc.assert(fc.property(fc.constantFrom(...chosen).chain(spoiled), balancedFlow), { numRuns: 600 });
  });

  it("in the bodies of an audit event is judged", () => {
    const chosen = everything
      .filter((event) => event.includes('"requestObject"'))
      .filter((_, index) => index % 5 === 0);
    const body = fc.dictionary(
      fc.constantFrom(
        "spec",
        "metadata",
        "template",
        "containers",
        "subjects",
        "rules",
        "status",
        "data",
        "kind",
        "__proto__",
        "constructor",
      ),
      anything,
    );
    fc.assert(
      fc.property(fc.constantFrom(...chosen), body, body, (line, requestObject, responseObject) => {
        const { totals } = flow([JSON.stringify({ ...JSON.parse(line), requestObject, responseObject })]);
        expect(totals).toMatchObject({ read: 1, judged: 1 });
      }),
      { numRuns: 400 },
    );
  });

  const call = fc.record({
    eventVersion: fc.constant("1.11"),
    eventSource: fc.constantFrom(
      "ec2.amazonaws.com",
      "sts.amazonaws.com",
      "eks.amazonaws.com",
      "eks-auth.amazonaws.com",
      "iam.amazonaws.com",
      "ssm.amazonaws.com",
      "logs.amazonaws.com",
      "cloudtrail.amazonaws.com",
    ),
    eventName: fc.constantFrom(
      "RunInstances",
      "CreateTags",
      "AssumeRole",
      "AssumeRoleForPodIdentity",
      "CreateAccessEntry",
      "UpdateClusterConfig",
      "StartSession",
      "PutSubscriptionFilter",
      "PutEventSelectors",
      "UpdateAssumeRolePolicy",
    ),
    userIdentity: anything,
    requestParameters: anything,
    responseElements: anything,
    errorCode: fc.option(fc.string()),
  });

  it("in the members of a CloudTrail record is judged", () => {
    fc.assert(
      fc.property(call, (record) => {
        const { totals, findings } = flow([JSON.stringify(record)]);
        expect(totals).toMatchObject({ read: 1, judged: 1 });
        expect(findings.filter(({ family }) => family === "health")).toEqual([]);
      }),
      { numRuns: 600 },
    );
  });

  it("never reaches a prototype", () => {
    flow([
      '{"auditID":"x","stage":"ResponseComplete","requestURI":"/","verb":"get","__proto__":{"polluted":true},"annotations":{"__proto__":"x","constructor":"y"}}',
    ]);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});
