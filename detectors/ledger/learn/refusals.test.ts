import { describe, expect, it } from "vitest";
import { peek } from "../../../schemas/events/k8s-audit/peek.ts";
import { auditEvent, users } from "../../../test/support/events.ts";
import { type Asked, nodeAsks, nodeOf } from "../../../test/support/node-work.ts";
import { podBound, podGone, podReported, tokenMinted } from "../../../test/support/trails.ts";
import { decode } from "../facts.ts";
import type { AuditLearner } from "../learner.ts";
import { podsKept, podsPlaced, refusalsOfNodes } from "./refusals.ts";

const NODE = nodeOf(1);
const POD = { uid: "11111111-0000-4000-8000-000000000001", name: "orders-1", node: NODE };
const refused = (fields: Partial<Asked> = {}, at = "10:00"): string =>
  nodeAsks(at, NODE, { verb: "get", resource: "secrets", namespace: "shop", name: "db", code: 403, ...fields });
const learned = (learner: AuditLearner, text: string) =>
  learner.learn(auditEvent(JSON.parse(text))).map(({ kind, id, attribute, value }) => ({
    ...{ entity: `${kind} ${id}`, set: attribute },
    ...decode(kind, attribute, value),
  }));
const triggered = ({ trigger }: AuditLearner, text: string): boolean => {
  const peeked = peek(text);
  return peeked !== undefined && trigger(peeked);
};

describe("refusals of a node", () => {
  it("are told to their day, with the way from its pods and its fellows", () => {
    const id = "111122223333/eu-central-1/demo/2026-11-22";
    const facts = learned(refusalsOfNodes, refused());
    expect(facts).toContainEqual({
      ...{ entity: `refusals ${id}`, set: "refused", time: "2026-11-22T10:00:00.000Z" },
      ...{ node: NODE, kind: "secret", namespace: "shop", name: "db" },
    });
    expect(facts.map(({ entity }) => entity).filter((entity) => entity.startsWith("stay "))).toEqual([
      `stay 111122223333/eu-central-1/demo/${NODE}/2026-11-22`,
      `stay 111122223333/eu-central-1/demo/${NODE}/2026-11-21`,
    ]);
    expect(facts).toContainEqual({ entity: `roster ${id}`, set: "refusals", id });
  });

  it("are told to both days around midnight", () => {
    const days = (at: string): unknown[] =>
      learned(refusalsOfNodes, refused({}, at)).flatMap((fact) => ("day" in fact ? [fact.day] : []));
    expect(days("23:01")).toEqual(["2026-11-22", "2026-11-23"]);
    expect(days("00:59")).toEqual(["2026-11-22", "2026-11-21"]);
    expect(days("12:00")).toEqual(["2026-11-22"]);
  });

  it("go by the pod's name, where they are about one", () => {
    const names = (text: string): string[] =>
      learned(refusalsOfNodes, text).flatMap(({ entity }) => (entity.startsWith("podName ") ? [entity] : []));
    expect(names(refused({ resource: "pods", name: "orders-1" }))).toEqual([
      "podName 111122223333/eu-central-1/demo/shop/orders-1",
    ]);
    expect(names(refused())).toEqual([]);
  });

  it.each<[string, string, boolean]>([
    ["a Secret", refused(), true],
    ["a pod's status", refused({ verb: "patch", resource: "pods", subresource: "status" }), true],
    ["a token", refused({ verb: "create", resource: "serviceaccounts", subresource: "token", name: "orders" }), true],
    ["a command in a pod", refused({ resource: "pods", subresource: "exec" }), false],
    ["a list", refused({ verb: "list", name: "" }), false],
    ["a volume", refused({ resource: "persistentvolumeclaims" }), false],
    ["another group's Secrets", refused({ resource: "bitnami.com/secrets" }), false],
    ["what is allowed", refused({ code: 200 }), false],
    ["an impersonation", refused({ more: { annotations: {} } }), false],
    ["a component", refused({ more: { impersonatedUser: { username: "eks-auto:ipamd" } } }), false],
    ["a person", refused({ user: users.human() }), false],
  ])("are those of %s: %s", (_, text, expected) => {
    expect(learned(refusalsOfNodes, text).length > 0).toBe(expected);
    if (expected) expect(triggered(refusalsOfNodes, text)).toBe(true);
  });
});

describe("where a node has pods", () => {
  const ran = [
    {
      entity: `stay 111122223333/eu-central-1/demo/${NODE}/2026-11-22`,
      set: "ran",
      node: NODE,
      namespace: "shop",
    },
  ];
  it.each<[string, AuditLearner, string]>([
    ["the scheduler tells", podsPlaced, podBound("10:00", POD)],
    ["a status tells", podsKept, podReported("10:00", POD)],
    ["a token tells", podsKept, tokenMinted("10:00", POD, NODE, "b7d2f9a4-2c95-47b8-af3f-000000000001")],
    ["an end tells", podsKept, podGone("10:00", POD)],
  ])("%s", (_, learner, text) => {
    expect(learned(learner, text)).toEqual(ran);
    expect(triggered(learner, text)).toBe(true);
  });

  it.each<[string, AuditLearner, string]>([
    [
      "a binding that was refused",
      podsPlaced,
      JSON.stringify({ ...JSON.parse(podBound("10:00", POD)), responseStatus: { code: 403 } }),
    ],
    ["a node of another kind", podsPlaced, podBound("10:00", { ...POD, node: "ip-10-0-1-7" })],
    ["a status that was refused", podsKept, refused({ verb: "patch", resource: "pods", subresource: "status" })],
    ["a read", podsKept, refused({ resource: "pods", code: 200 })],
    ["somebody else's delete", podsKept, JSON.stringify({ ...JSON.parse(podGone("10:00", POD)), user: users.human() })],
    [
      "a dry run",
      podsKept,
      JSON.stringify({
        ...JSON.parse(podGone("10:00", POD)),
        requestURI: "/api/v1/namespaces/shop/pods/orders-1?dryRun=All",
      }),
    ],
  ])("%s does not tell", (_, learner, text) => {
    const peeked = triggered(learner, text);
    expect(peeked && learned(learner, text).length > 0).toBe(false);
  });

  it("is told once a day and namespace", () => {
    const scope = { account: "111122223333", region: "eu-central-1", cluster: "demo" };
    const same = (text: string): string | undefined => {
      const peeked = peek(text);
      return peeked && podsKept.same?.(peeked, scope);
    };
    expect(same(podGone("11:00", { ...POD, name: "x" }))).toBe(same(podReported("10:00", POD)));
    expect(same(podReported("10:00", { ...POD, namespace: "web" }))).not.toBe(same(podReported("10:00", POD)));
    expect(same(podReported("2026-11-23T10:00:00", POD))).not.toBe(same(podReported("10:00", POD)));
  });
});
