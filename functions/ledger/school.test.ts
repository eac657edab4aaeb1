import { describe, expect, it } from "vitest";
import { sourceOf } from "../../detectors/ledger/facts.ts";
import { type AuditLearner, about, type CallLearner, nodeDayId, timeOf } from "../../detectors/ledger/learner.ts";
import { auditLearners, callLearners } from "../../detectors/ledger/learners.ts";
import { type Peek, peek, receivedIn } from "../../schemas/events/k8s-audit/peek.ts";
import { auditEvent, users } from "../../test/support/events.ts";
import { audit, nodeAtWork, podBound, podCall, tokenMinted } from "../../test/support/trails.ts";
import { createSchool, type Lessons, type School } from "./school.ts";

const NODE = "i-0a1b2c3d4e5f60001";
const peeked = (line: string): Peek => {
  const found = peek(line);
  if (found === undefined) throw new Error("not as Go writes it");
  return found;
};
const atWork = (at: string, key = "ASIAEXAMPLENODE00001"): Peek => peeked(nodeAtWork(at, NODE, key));

const seen: AuditLearner = {
  trail: "k8s-audit",
  trigger: ({ username }) => username.startsWith("system:node:"),
  same: ({ users: who }) => who,
  learn: (request) => [
    about("nodeDay", nodeDayId(NODE, request), request)("seen", { time: timeOf(request), trail: "audit log" }),
  ],
};
const always: AuditLearner = { ...seen, trigger: ({ verb }) => verb === "update" };
const { same: _, ...withoutSame } = always;
const scope = { account: "111122223333", region: "eu-central-1", cluster: "demo" };
const lessonsOf = (count: number, name: string): Lessons =>
  new Map(Array.from({ length: count }, (_unused, index) => [`${name} ${index}`, receivedIn(atWork("10:00"))]));
const wanted = (school: School, event: Peek, ...fresh: string[]): boolean =>
  school.wantsAudit(event, scope, new Map(fresh.map((lesson) => [lesson, receivedIn(event)])));
const node = auditEvent({ user: users.node(NODE), verb: "update" });

describe("an event", () => {
  it("is wanted by whoever learns from it, and by nobody else", () => {
    const school = createSchool(auditLearners, callLearners);
    expect(wanted(school, atWork("10:00"))).toBe(true);
    expect(wanted(school, peeked(podBound("10:00", { uid: "u", name: "a", node: NODE })))).toBe(true);
    expect(wanted(school, peeked(tokenMinted("10:00", { uid: "u", name: "a" }, NODE, "j")))).toBe(true);
    expect(school.wantsCall(podCall("10:00", "s3:GetObject", "ASIAEXAMPLE00000001"))).toBe(true);
    expect(school.wantsCall('{"eventSource":"s3.amazonaws.com","userIdentity":{"type":"AWSService"}}')).toBe(false);
    expect(wanted(createSchool([], []), atWork("10:00"))).toBe(false);
    expect(createSchool([], []).wantsCall("anything")).toBe(false);
  });

  it("that a learner cannot look at is wanted, and told of", () => {
    const trigger = (): never => {
      throw new Error("broken");
    };
    const school = createSchool([{ ...seen, trigger, name: "broken" }], []);
    expect(wanted(school, atWork("10:00"))).toBe(true);
    const { facts, failures } = school.learn(node, atWork("10:00"));
    expect(facts.map(({ kind }) => kind)).toEqual(["trail"]);
    expect(failures).toMatchObject([{ learner: "learner/broken" }]);
    expect(school.threw()).toEqual(new Map([["learner/broken", 1]]));
  });

  it("that has only been received teaches nothing", () => {
    const school = createSchool([seen], []);
    expect(wanted(school, { ...atWork("10:00"), stage: "RequestReceived" })).toBe(false);
    const lesson = school.learn({ ...node, stage: "RequestReceived" }, atWork("10:00"));
    expect(lesson.facts.map(({ kind }) => kind)).toEqual(["trail"]);
    expect(lesson.lessons.size).toBe(0);
  });

  it("tells that its trail is read", () => {
    const { facts } = createSchool([], []).learn(node, undefined);
    expect(facts).toMatchObject([{ kind: "trail", id: "k8s-audit", attribute: "heard", source: sourceOf(node) }]);
  });

  it("whose text could not be told is learned from by everybody", () => {
    const school = createSchool([{ ...seen, trigger: () => false }], []);
    expect(school.learn(node, undefined).facts.map(({ kind }) => kind)).toEqual(["trail", "nodeDay"]);
    expect(school.learn(node, undefined).lessons.size).toBe(0);
    expect(school.learn(node, atWork("10:00")).facts.map(({ kind }) => kind)).toEqual(["trail"]);
  });
});

describe("a lesson", () => {
  it("is not wanted again once it is remembered, and not before", () => {
    const school = createSchool([seen], []);
    const { lessons } = school.learn(node, atWork("10:00"));
    expect(wanted(school, atWork("10:00"))).toBe(true);
    school.remember(lessons);
    expect(wanted(school, atWork("10:00"))).toBe(false);
    expect(wanted(school, atWork("10:00", "ASIAEXAMPLEFOREIGN01"))).toBe(true);
  });

  it("is wanted again of an event that was earlier: since then it is known", () => {
    const school = createSchool([seen], []);
    school.remember(school.learn(node, atWork("10:05")).lessons);
    expect(wanted(school, atWork("10:06"))).toBe(false);
    expect(wanted(school, atWork("10:04"))).toBe(true);
    school.remember(school.learn(node, atWork("10:04")).lessons);
    school.remember(school.learn(node, atWork("10:07")).lessons);
    expect(wanted(school, atWork("10:04"))).toBe(false);
  });

  it("is wanted as long as one of those who learn has not got it, or cannot say what is the same", () => {
    const school = createSchool([seen, withoutSame as AuditLearner], []);
    school.remember(school.learn(node, atWork("10:00")).lessons);
    expect(wanted(school, atWork("10:00"))).toBe(true);
  });

  it("is not wanted again in the batch that it is learned in", () => {
    const school = createSchool([seen], []);
    const { lessons } = school.learn(node, atWork("10:00"));
    expect(wanted(school, atWork("10:00"), ...lessons.keys())).toBe(false);
    expect(wanted(school, atWork("10:00"), "another")).toBe(true);
  });

  it("is forgotten when twice the capacity came after it, and known when less than that did", () => {
    const school = createSchool([seen], [], 10);
    school.remember(school.learn(node, atWork("10:00")).lessons);
    school.remember(lessonsOf(9, "lesson"));
    expect(wanted(school, atWork("10:00"))).toBe(false);
    school.remember(lessonsOf(20, "further"));
    expect(wanted(school, atWork("10:00"))).toBe(true);
  });
});

describe("what makes two events teach the same", () => {
  const token = (at: string, jti: string, uri = "/api/v1/namespaces/shop/configmaps"): string =>
    audit(at, {
      user: {
        ...users.serviceAccount("shop", "orders", "orders-1"),
        extra: {
          "authentication.kubernetes.io/credential-id": [`JTI=${jti}`],
          "authentication.kubernetes.io/pod-uid": ["d019d9d9-c299-4af8-b68c-c24d2e910b1c"],
        },
      },
      verb: "get",
      requestURI: `${uri}/db`,
      objectRef: { resource: uri.split("/").at(-1), namespace: "shop", name: "db", apiVersion: "v1" },
    });
  const times = ["10:00", "10:00:30", "10:05", "10:15", "10:55", "11:05"];
  const lines = times.flatMap((at) => [
    nodeAtWork(at, NODE, "ASIAEXAMPLENODE00001"),
    nodeAtWork(at, NODE, "ASIAEXAMPLENODE00001", "203.0.113.9"),
    nodeAtWork(at, NODE, "ASIAEXAMPLEFOREIGN01"),
    nodeAtWork(at, "i-0a1b2c3d4e5f60002", "ASIAEXAMPLENODE00001"),
    ...["one", "two"].flatMap((jti) => [token(at, jti), token(at, jti, "/api/v1/namespaces/shop/secrets")]),
  ]);
  const learners = auditLearners.filter(({ same }) => same !== undefined);

  it.each(learners.map((learner, index) => [index, learner] as const))(
    "is told rightly by learner %i",
    (_n, learner) => {
      const byLesson = new Map<string, Set<string>>();
      const taught = lines.filter((line) => learner.trigger(peeked(line)));
      for (const line of taught) {
        const lesson = learner.same?.(peeked(line), scope) ?? "";
        const told = learner.learn(auditEvent(JSON.parse(line))).map(({ source: _source, ...rest }) => rest);
        byLesson.set(lesson, (byLesson.get(lesson) ?? new Set()).add(JSON.stringify(told)));
      }
      for (const told of byLesson.values()) expect([...told].slice(1)).toEqual([]);
      expect(byLesson.size).toBeLessThan(Math.max(1, taught.length));
    },
  );
});

/** Learners of calls have no lessons: each call is its own. */
const never: CallLearner = { trail: "cloudtrail", trigger: "a(?=b)|c", learn: () => [] };
it("asks all learners of calls at once", () => {
  const school = createSchool([], [never, { ...never, trigger: "d" }]);
  expect(["ab", "c", "xd", "a", "b"].map(school.wantsCall)).toEqual([true, true, true, false, false]);
});
