import { describe, expect, it } from "vitest";
import { peek } from "../../../schemas/events/k8s-audit/peek.ts";
import { auditEvent, users } from "../../../test/support/events.ts";
import { budgetMade, evicted } from "../../../test/support/node-work.ts";
import { audit, podCreated } from "../../../test/support/trails.ts";
import { decode } from "../facts.ts";
import type { AuditLearner } from "../learner.ts";
import { evictionsRefused, guards } from "./evictions.ts";

const POD = { uid: "11111111-0000-4000-8000-000000000001", name: "orders-1" };
const learned = (learner: AuditLearner, text: string) =>
  learner.learn(auditEvent(JSON.parse(text))).map(({ kind, id, attribute, value }) => ({
    ...{ entity: `${kind} ${id}`, set: attribute },
    ...decode(kind, attribute, value),
  }));
const triggered = ({ trigger }: AuditLearner, text: string): boolean => {
  const peeked = peek(text);
  return peeked !== undefined && trigger(peeked);
};

describe("refused evictions", () => {
  it("are told by the hour, of the pod's name, with the way from its namespace's guards", () => {
    const name = "111122223333/eu-central-1/demo/shop/orders-1";
    expect(learned(evictionsRefused, evicted("10:31", POD))).toEqual([
      {
        entity: `podName ${name}`,
        set: "blocked",
        time: "2026-11-22T10:00:00.000Z",
        cluster: "demo",
      },
      { entity: "guard 111122223333/eu-central-1/demo/shop", set: "blocked", id: name },
    ]);
    expect(triggered(evictionsRefused, evicted("10:31", POD))).toBe(true);
  });

  it.each<[string, string]>([
    ["a person's", evicted("10:00", POD, { user: users.human() })],
    ["an eviction that goes through", evicted("10:00", POD, { code: 201, message: "" })],
    [
      "one that a busy server puts off",
      evicted("10:00", POD, { message: "too many requests, please try again later" }),
    ],
    ["one that fails", evicted("10:00", POD, { code: 500 })],
  ])("are not %s", (_, text) => {
    expect(learned(evictionsRefused, text)).toEqual([]);
  });

  it("need not be parsed again within the hour", () => {
    const scope = { account: "111122223333", region: "eu-central-1", cluster: "demo" };
    const [first, again, later, busy] = [
      evicted("10:00", POD),
      evicted("10:59", POD),
      evicted("11:00", POD),
      evicted("10:00", POD, { message: "too many requests" }),
    ].map((text) => {
      const peeked = peek(text);
      return peeked && evictionsRefused.same?.(peeked, scope);
    });
    expect(again).toBe(first);
    expect(later).not.toBe(first);
    expect(busy).not.toBe(first);
  });
});

describe("guards", () => {
  const whats = (text: string): unknown[] =>
    learned(guards, text).flatMap((fact) => ("what" in fact ? [fact.what] : []));
  const annotated = (resource: string, requestObject: object): string =>
    audit("10:00", {
      ...{
        user: users.human(),
        verb: "patch",
        requestURI: `/apis/apps/v1/namespaces/shop/${resource}/orders`,
        requestObject,
      },
      objectRef: { resource, namespace: "shop", name: "orders", apiVersion: "v1" },
    });
  const KEPT = { metadata: { annotations: { "karpenter.sh/do-not-disrupt": "true" } } };

  it.each<[string, string, string]>([
    ["a budget of none", budgetMade("10:00", { maxUnavailable: 0 }), "PodDisruptionBudget keep with maxUnavailable 0"],
    [
      "a budget of all",
      budgetMade("10:00", { minAvailable: "100%" }),
      "PodDisruptionBudget keep with minAvailable 100%",
    ],
    ["a pod's annotation", annotated("pods", KEPT), "karpenter.sh/do-not-disrupt on pods/orders"],
    [
      "a template's",
      annotated("deployments", { spec: { template: KEPT } }),
      "karpenter.sh/do-not-disrupt on deployments/orders",
    ],
    [
      "a job's template's",
      annotated("cronjobs", { spec: { jobTemplate: { spec: { template: KEPT } } } }),
      "karpenter.sh/do-not-disrupt on cronjobs/orders",
    ],
  ])("are %s", (_, text, what) => {
    expect(whats(text)).toEqual([what]);
    expect(triggered(guards, text)).toBe(true);
  });

  it.each<[string, string]>([
    ["a budget that lets one go", budgetMade("10:00", { maxUnavailable: 1 })],
    ["a budget by number", budgetMade("10:00", { minAvailable: 1 })],
    [
      "an annotation that says no",
      annotated("pods", { metadata: { annotations: { "karpenter.sh/do-not-disrupt": "false" } } }),
    ],
    ["a controller's pods", podCreated("10:00", POD)],
    ["a budget by an operator", budgetMade("10:00", { maxUnavailable: 0 }, users.serviceAccount("db", "operator"))],
    ["a budget by EKS", budgetMade("10:00", { maxUnavailable: 0 }, users.serviceLinkedRole())],
    [
      "a budget that was refused",
      JSON.stringify({ ...JSON.parse(budgetMade("10:00", { maxUnavailable: 0 })), responseStatus: { code: 403 } }),
    ],
  ])("are not %s", (_, text) => {
    expect(learned(guards, text)).toEqual([]);
  });
});
