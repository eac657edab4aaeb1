import { expect, it } from "vitest";
import { peek } from "../../../schemas/events/k8s-audit/peek.ts";
import { tokenUsed } from "../../../test/support/at-work.ts";
import { auditEvent, users } from "../../../test/support/events.ts";
import { nodeAtWork } from "../../../test/support/trails.ts";
import { decode } from "../facts.ts";
import type { AuditLearner } from "../learner.ts";
import { nodesHeard, tokensHeard } from "./origins.ts";

const NODE = "i-0a1b2c3d4e5f60001";
const ORIGIN = "111122223333/eu-central-1/demo/203.0.113.9/2026-11-22";
const scope = { account: "111122223333", region: "eu-central-1", cluster: "demo" };
const time = "2026-11-22T10:00:00.000Z";
const learned = ({ learn }: AuditLearner, event: ReturnType<typeof auditEvent>) =>
  learn(event).map(({ kind, id, attribute, value }) => ({
    ...{ kind, of: id, attribute },
    ...decode(kind, attribute, value),
  }));
const from = { sourceIPs: ["10.9.9.9", "203.0.113.9"], requestReceivedTimestamp: "2026-11-22T10:07:00.000000Z" };
const pod = users.serviceAccount("shop", "orders", "orders-1");
const token = "JTI=6fc39ecd-2c95-47b8-af3f-58994a3ce6f6";

it("learns from which address a node speaks: the peer's, the last one", () => {
  const day = `${NODE}/2026-11-22`;
  expect(learned(nodesHeard, auditEvent({ user: users.node(NODE), ...from }))).toEqual([
    { kind: "origin", of: ORIGIN, attribute: "heard", time, node: NODE, cluster: "demo", ip: "203.0.113.9" },
    { kind: "node", of: NODE, attribute: "day", id: day },
    { kind: "nodeDay", of: day, attribute: "of", id: NODE },
    { kind: "nodeDay", of: day, attribute: "spoke", time: "2026-11-22T00:00:00.000Z", ip: "203.0.113.9" },
    { kind: "nodeDay", of: day, attribute: "origin", id: ORIGIN },
  ]);
});

it("learns from which address a pod's token is used", () => {
  const account = { namespace: "shop", serviceAccount: "orders", cluster: "demo" };
  expect(learned(tokensHeard, auditEvent({ user: pod, ...from }))).toEqual([
    { kind: "origin", of: ORIGIN, attribute: "used", time, token, ...account, ip: "203.0.113.9" },
    { kind: "token", of: token, attribute: "origin", id: ORIGIN },
  ]);
});

it("learns nothing from people, from nodes of other kinds and from tokens that are bound to no pod", () => {
  const other = { ...users.node(NODE), username: "system:node:ip-10-0-1-7" };
  for (const user of [users.human(), other]) expect(learned(nodesHeard, auditEvent({ user, ...from }))).toEqual([]);
  for (const user of [users.human(), users.serviceAccount()])
    expect(learned(tokensHeard, auditEvent({ user, ...from }))).toEqual([]);
  expect(learned(nodesHeard, auditEvent({ user: users.node(NODE), sourceIPs: [] }))).toEqual([]);
  expect(learned(tokensHeard, auditEvent({ user: pod, sourceIPs: [] }))).toEqual([]);
});

it("learns the same again within the hour, and no longer", () => {
  const lesson = ({ same }: AuditLearner, line: string): string | undefined => {
    const peeked = peek(line);
    return peeked && same?.(peeked, scope);
  };
  const one = { uid: "11111111-0000-4000-8000-000000000001", name: "orders-1" };
  for (const [learner, at] of [
    [nodesHeard, (when: string, ip: string) => nodeAtWork(when, NODE, "ASIAEXAMPLENODE00001", ip)],
    [tokensHeard, (when: string, ip: string) => tokenUsed(when, one, "b7d2", ip)],
  ] as const) {
    expect(lesson(learner, at("10:01", "10.0.0.1"))).toBe(lesson(learner, at("10:59", "10.0.0.1")));
    expect(lesson(learner, at("10:01", "10.0.0.1"))).not.toBe(lesson(learner, at("11:01", "10.0.0.1")));
    expect(lesson(learner, at("10:01", "10.0.0.1"))).not.toBe(lesson(learner, at("10:01", "10.0.0.2")));
  }
});
