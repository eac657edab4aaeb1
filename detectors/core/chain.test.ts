import Type from "typebox";
import { describe, expect, it } from "vitest";
import type { Severity } from "../../schemas/findings/finding.ts";
import { auditEvent, awsCall, users } from "../../test/support/events.ts";
import { createChain } from "./chain.ts";
import { type DetectorMeta, defineEventDetector, type EventDetector, type Hit } from "./contracts.ts";
import { arm, type Sample } from "./settings.ts";

const meta = (id: string, rest: Partial<DetectorMeta> = {}): DetectorMeta => ({
  id,
  version: 1,
  title: id,
  description: "d",
  severity: "medium",
  confidence: "high",
  status: "stable",
  attack: [{ tactic: "TA0004", technique: "T1134" }],
  reads: [],
  references: [],
  gaps: [],
  triage: [{ do: "look", audit: 'filter user.username = "{actor.name}"', cli: "echo '{actor.name}'" }],
  ...rest,
});

const hit = (rest: Partial<Hit> = {}): Hit => ({
  sentence: "it happened",
  on: "target",
  evidence: [{ field: "f", value: "v" }],
  ...rest,
});

const detector = (id: string, answer: () => Hit | undefined, rest: Partial<DetectorMeta> = {}): EventDetector =>
  defineEventDetector({
    meta: meta(id, rest),
    on: "impersonation",
    params: Type.Object({ limit: Type.Number({ default: 3 }) }),
    detect: answer,
  });

const event = (overrides = {}) =>
  auditEvent({ impersonatedUser: { username: "eks-auto:coredns", groups: [] }, ...overrides });

function judge(detectors: readonly EventDetector[], config = {}, of = event()) {
  const { armed, site, suppressions } = arm(detectors, { version: 1, ...config }, {}, []);
  const chain = createChain(armed, site, suppressions);
  return { findings: chain.judge(of).map(({ finding }) => finding), chain, suppressions };
}

describe("the chain", () => {
  it("isolates a detector that throws: the others judge, and a health finding says so", () => {
    const broken = detector("a/broken", () => {
      throw new Error("oops");
    });
    const { findings, chain } = judge([broken, detector("b/sound", () => hit())]);
    expect(findings.map((finding) => finding.detector).sort()).toEqual(["b/sound", "health/detector-error"]);
    expect(findings.find(({ family }) => family === "health")?.title).toContain("a/broken");
    expect(chain.counts().threw.get("a/broken")).toBe(1);
  });

  it("makes one finding of a family, the strongest's, with the others as reasons", () => {
    const { findings } = judge([
      detector("a/weak", () => hit({ severity: "low", sentence: "weakly" })),
      detector("a/strong", () => hit({ severity: "high" })),
    ]);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ detector: "a/strong", severity: "high", reasons: ["also a/weak: weakly"] });
  });

  it("breaks a tie by declared order", () => {
    const { findings } = judge([detector("a/first", () => hit()), detector("a/second", () => hit())]);
    expect(findings.map((finding) => finding.detector)).toEqual(["a/first"]);
  });

  it("names findings of other families as related, both ways", () => {
    const { findings } = judge([detector("a/x", () => hit()), detector("b/y", () => hit())]);
    const [x, y] = findings;
    expect(x?.related).toEqual([y?.id]);
    expect(y?.related).toEqual([x?.id]);
  });

  it("lets a shadow detector displace nobody", () => {
    const { findings } = judge([
      detector("a/live", () => hit({ severity: "low" })),
      detector("a/new", () => hit({ severity: "critical" }), { status: "shadow" }),
    ]);
    expect(findings.map((finding) => [finding.detector, finding.status])).toEqual([
      ["a/live", "stable"],
      ["a/new", "shadow"],
    ]);
  });

  it("does not ask a detector whose facet the event lacks", () => {
    const { findings } = judge([detector("a/x", () => hit())], {}, auditEvent());
    expect(findings).toEqual([]);
  });
});

describe("a finding's id", () => {
  const idOf = (of: ReturnType<typeof event>) => judge([detector("a/x", () => hit())], {}, of).findings[0]?.id;

  it("is the same for every stage and answer of a request", () => {
    expect(idOf(event({ stage: "ResponseStarted", responseStatus: { code: 101 } }))).toBe(idOf(event()));
  });

  it("has no window for a temporary key, and the day for a name", () => {
    const later = { requestReceivedTimestamp: "2027-06-01T10:00:00.000000Z" };
    expect(idOf(event(later))).toBe(idOf(event()));
    const nobody = { user: users.component("eks:addon-manager") };
    expect(idOf(event({ ...nobody, ...later }))).not.toBe(idOf(event(nobody)));
    const sameDay = { requestReceivedTimestamp: "2026-11-22T23:59:59.000000Z" };
    expect(idOf(event({ ...nobody, ...sameDay }))).toBe(idOf(event(nobody)));
  });

  it("differs between two actors and between two clusters", () => {
    expect(idOf(event({ user: users.serviceAccount() }))).not.toBe(idOf(event()));
    const elsewhere = { ...event(), scope: { account: "111122223333", region: "eu-central-1", cluster: "other" } };
    expect(idOf(elsewhere)).not.toBe(idOf(event()));
  });
});

describe("what a finding shows", () => {
  it("redacts secrets in evidence, argv and the quoted event", () => {
    const token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl";
    const of = event({
      verb: "get",
      objectRef: { resource: "pods", subresource: "exec", namespace: "shop", name: "x" },
      requestURI: `/api/v1/namespaces/shop/pods/x/exec?command=curl&command=-H&command=Authorization%3A+Bearer+${token}`,
      requestObject: { data: { password: "hunter2hunter2" } },
    });
    const shown = JSON.stringify(
      judge([detector("a/x", () => hit({ evidence: [{ field: "f", value: token }] }))], {}, of).findings,
    );
    expect(shown).not.toContain("c2lnbmF0dXJl");
    expect(shown).not.toContain("hunter2");
    expect(shown).toContain("[token]");
  });

  it("quotes values of the log for the language that they are pasted into", () => {
    const name = `x" or 1=1 | '; rm -rf ~ '\\`;
    const of = event({ user: { username: name, groups: [] } });
    const queries = judge([detector("a/x", () => hit())], {}, of).findings[0]?.queries ?? [];
    expect(queries.map(({ text }) => text)).toEqual([
      `filter user.username = "x\\" or 1=1 | '; rm -rf ~ '\\\\"`,
      `echo 'x" or 1=1 | '\\''; rm -rf ~ '\\''\\'`,
    ]);
  });

  it("names no event by more than an id is long", () => {
    const [finding] = judge([detector("a/x", () => hit())], {}, event({ auditID: "x".repeat(100_000) })).findings;
    expect(finding?.events[0]?.length).toBe(256);
    expect(JSON.stringify(finding).length).toBeLessThan(20_000);
  });

  it("quotes no value as an option of a command", () => {
    const of = event({ user: { username: "--server=https://203.0.113.9", groups: [] } });
    const queries = judge([detector("a/x", () => hit())], {}, of).findings[0]?.queries ?? [];
    expect(queries.map(({ text }) => text)).toContain("echo '?--server=https://203.0.113.9'");
  });
});

describe("suppressions", () => {
  const rule = {
    detector: "a/x",
    actor: "arn:aws:sts::111122223333:assumed-role/ClusterAdmin/*",
    action: { verb: "list" },
    reason: "a drill",
    owner: "team",
    expires: "2026-11-23T00:00:00Z",
  };

  it("hide one identity doing one action, and count", () => {
    const { findings, suppressions, chain } = judge([detector("a/x", () => hit())], { suppressions: [rule] });
    expect(findings).toEqual([]);
    expect(suppressions.report()).toMatchObject([{ used: 1, expired: 0, number: 1 }]);
    expect(chain.counts().suppressed).toBe(1);
  });

  it.each<[string, object, object]>([
    ["by event time once they have expired", {}, { requestReceivedTimestamp: "2026-11-23T00:00:00.000000Z" }],
    ["when their end is a time that there is not", { expires: "2026-12-31T23:59:60Z" }, {}],
    ["of another identity", { actor: "arn:aws:sts::111122223333:assumed-role/Other/*" }, {}],
    ["of another action", { action: { verb: "create" } }, {}],
    ["of another address", { sourceIP: "192.0.2.0/24" }, {}],
    ["of another cluster", { cluster: "prod" }, {}],
    ["with a pattern read literally", { actor: "arn.aws:sts::111122223333:assumed-role/ClusterAdmin/*" }, {}],
  ])("do not hide hits %s", (_, change, of) => {
    expect(
      judge([detector("a/x", () => hit())], { suppressions: [{ ...rule, ...change }] }, event(of)).findings,
    ).toHaveLength(1);
  });

  it("that would hide a detector's own hit sample are refused", () => {
    const sample: Sample = {
      event: "hit-a.ndjson",
      detector: "a/x",
      cluster: "demo",
      target: "pods shop",
      actor: { name: "arn:aws:sts::111122223333:assumed-role/ClusterAdmin/alice" },
      action: { verb: "list", resource: "pods" },
    };
    const armWith = (suppression: object) =>
      arm([detector("a/x", () => hit())], { version: 1, suppressions: [{ ...rule, ...suppression }] }, {}, [sample]);
    expect(() => armWith({})).toThrow(/own hit sample \(hit-a.ndjson\)/);
    expect(() => armWith({ actor: "*bob" })).not.toThrow();
    expect(() => armWith({ detector: "a/none" })).toThrow(/no detector is named/);
  });
});

describe("settings", () => {
  it("gives every parameter its default, and what the configuration overrides", () => {
    const { armed } = arm(
      [detector("a/x", () => undefined)],
      { version: 1, detectors: { "a/x": { params: { limit: 9 }, severity: "low", status: "shadow" } } },
      {},
      [],
    );
    expect(armed[0]).toMatchObject({ params: { limit: 9 }, severity: "low", detector: { meta: { status: "shadow" } } });
    expect(arm([detector("a/x", () => undefined)], { version: 1 }, {}, []).armed[0]?.params).toEqual({ limit: 3 });
  });

  it.each<[string, Severity | undefined, Severity | undefined, Severity]>([
    ["a hit that names none has it", "low", undefined, "low"],
    ["one above it comes down to it", "low", "medium", "low"],
    ["one above it does, though it is below the detector's own", "informational", "low", "informational"],
    ["one below it stays", "medium", "low", "low"],
    ["one of full worth goes up to it", "critical", "medium", "critical"],
    ["one that evidence has put lower does not", "critical", "low", "low"],
    ["without it what a hit says stands", undefined, "low", "low"],
  ])("takes a configured severity for the highest: %s", (_, severity, own, expected) => {
    const one = detector("a/x", () => hit(own && { severity: own }));
    const config = severity && { detectors: { "a/x": { severity } } };
    expect(judge([one], config).findings).toMatchObject([{ severity: expected }]);
  });

  it.each<[string, object, string[]]>([
    ["a detector", { only: ["a/x"] }, ["a/x"]],
    ["a group", { only: ["b"] }, ["b/y"]],
    ["a tactic by name", { only: ["privilege-escalation"] }, ["a/x", "b/y"]],
    ["a tactic by id, less a detector", { only: ["TA0004"], skip: ["a/x"] }, ["b/y"]],
  ])("chooses by %s", (_, selection, ids) => {
    const { armed } = arm(
      [detector("a/x", () => undefined), detector("b/y", () => undefined)],
      { version: 1 },
      selection,
      [],
    );
    expect(armed.map((entry) => entry.detector.meta.id)).toEqual(ids);
  });

  it("refuses a choice that names nothing, and one that leaves nothing", () => {
    expect(() => arm([detector("a/x", () => undefined)], { version: 1 }, { only: ["nope"] }, [])).toThrow(/"nope"/);
    const none = { only: ["a"], skip: ["a/x"] };
    expect(() => arm([detector("a/x", () => undefined)], { version: 1 }, none, [])).toThrow(/no detector is left/);
  });
});

it("judges CloudTrail by the same chain", () => {
  const caller = defineEventDetector({
    meta: meta("c/z"),
    on: "ec2Call",
    params: Type.Object({}),
    detect: () => hit(),
  });
  expect(judge([caller], {}, awsCall() as never).findings[0]?.action).toMatchObject({
    trail: "cloudtrail",
    verb: "ec2:DescribeInstances",
  });
});
