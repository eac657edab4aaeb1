import { describe, expect, it } from "vitest";
import { users } from "../../../test/support/events.ts";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { budgetMade, evicted, nodeAsks, nodeOf } from "../../../test/support/node-work.ts";
import { audit, podBound, podCreated } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const NODE = nodeOf(1);
const mallory = users.human("mallory");
const KEPT = { uid: "11111111-0000-4000-8000-000000000001", name: "orders-0", node: NODE };
const FOOT = {
  ...{ uid: "11111111-0000-4000-8000-000000000002", name: "toolbox", node: NODE, by: mallory },
  spec: { hostPID: true },
};
/** `hours` hours of refused evictions from the 22nd at 10:30 on. */
const tried = (hours = 25, pod: object & { name: string } = KEPT, options = {}): string[] =>
  Array.from({ length: hours }, (_, hour) =>
    evicted(new Date(Date.UTC(2026, 10, 22, 10 + hour, 30)).toISOString().slice(0, 19), { ...KEPT, ...pod }, options),
  );
const BUDGET = budgetMade("2026-11-21T10:00:00", { maxUnavailable: 0 });
const PLACED = [podCreated("2026-11-21T11:00:00", FOOT), podBound("2026-11-21T11:00:01", FOOT)];
const BOUND = podBound("2026-11-20T10:00:00", KEPT);
const entered = (user: object, at = "2026-11-21T12:00:00"): string =>
  nodeAsks(at, NODE, {
    verb: "create",
    resource: "pods",
    subresource: "exec",
    namespace: "shop",
    name: KEPT.name,
    code: 101,
    user,
  });
const findings = async (lines: readonly string[], params: object = {}) =>
  (
    await ledgerFlow(lines, {
      detectors: [detector],
      config: { version: 1, detectors: { "managed-instances/eviction-blockade": { params: { ...params } } } },
    })
  ).findings;
const severities = async (lines: readonly string[]) => (await findings(lines)).map(({ severity }) => severity);

describe("managed-instances/eviction-blockade finds", () => {
  it("a node with a pod of its own rights, kept by a budget for a day", async () => {
    const [finding, ...rest] = await findings([BUDGET, BOUND, ...PLACED, ...tried()]);
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({
      ...{ severity: "medium", confidence: "low", cluster: "demo", target: NODE, count: 1 },
      actor: { name: "mallory (role ClusterAdmin)", kind: "human" },
      reasons: ["mallory (role ClusterAdmin) placed pod shop/toolbox with hostPID of the node on it"],
      title: `Node ${NODE} could not be drained for 24 hours or more: mallory (role ClusterAdmin) made PodDisruptionBudget keep with maxUnavailable 0`,
    });
    expect(finding?.firstSeen).toBe("2026-11-22T10:00:00.000Z");
  });

  it("a pod that a person entered: low", async () => {
    expect(await severities([BUDGET, BOUND, entered(users.human("alice")), ...tried()])).toEqual(["low"]);
  });

  it("other ways to keep a pod", async () => {
    for (const spec of [{ maxUnavailable: "0%" }, { minAvailable: "100%" }])
      expect(await severities([budgetMade("2026-11-21T10:00:00", spec), BOUND, ...PLACED, ...tried()])).toEqual([
        "medium",
      ]);
    const annotated = audit("2026-11-21T10:00:00", {
      ...{ user: mallory, verb: "patch", requestURI: "/api/v1/namespaces/shop/pods/orders-0" },
      objectRef: { resource: "pods", namespace: "shop", name: "orders-0", apiVersion: "v1" },
      requestObject: { metadata: { annotations: { "karpenter.sh/do-not-disrupt": "true" } } },
    });
    expect(await severities([annotated, BOUND, ...PLACED, ...tried()])).toEqual(["medium"]);
  });

  it("several pods that take turns", async () => {
    const other = { ...KEPT, uid: "11111111-0000-4000-8000-000000000003", name: "orders-1" };
    const lines = [BUDGET, BOUND, podBound("2026-11-20T10:00:00", other), ...PLACED];
    expect(await severities([...lines, ...tried().slice(0, 13), ...tried(25, other).slice(13)])).toEqual(["medium"]);
  });

  it("one thing a node, in whatever order and however often", async () => {
    const lines = [BUDGET, BOUND, ...PLACED, ...tried(30), entered(users.human("alice"))];
    const [first, ...rest] = await findings(lines);
    expect(rest).toEqual([]);
    expect(first).toMatchObject({ severity: "medium", count: 6 });
    const late = await findings([...lines, ...lines].reverse());
    expect(late.map(({ id, severity, count }) => [id, severity, count])).toEqual([[first?.id, "medium", 6]]);
  });
});

describe("managed-instances/eviction-blockade stays quiet on", () => {
  const SA = users.serviceAccount("db", "operator");
  it.each<[string, string[]]>([
    [
      "a budget and refusals, and nothing else on the node: an application with one replica",
      [BUDGET, BOUND, ...tried()],
    ],
    ["a blockade that nobody made lately", [BOUND, ...PLACED, ...tried()]],
    ["a budget of long ago", [budgetMade("2026-11-10T10:00:00", { maxUnavailable: 0 }), BOUND, ...PLACED, ...tried()]],
    [
      "a budget of another namespace",
      [budgetMade("2026-11-21T10:00:00", { maxUnavailable: 0 }, mallory, "web"), BOUND, ...PLACED, ...tried()],
    ],
    [
      "a budget that lets one go",
      [budgetMade("2026-11-21T10:00:00", { maxUnavailable: 1 }), BOUND, ...PLACED, ...tried()],
    ],
    [
      "a budget that an operator makes",
      [budgetMade("2026-11-21T10:00:00", { maxUnavailable: 0 }, SA), BOUND, ...PLACED, ...tried()],
    ],
    ["twenty-three hours", [BUDGET, BOUND, ...PLACED, ...tried(24)]],
    ["two refusals a day apart", [BUDGET, BOUND, ...PLACED, ...tried().filter((_, hour) => hour % 24 === 0)]],
    ["evictions by a person", [BUDGET, BOUND, ...PLACED, ...tried(25, KEPT, { user: users.human() })]],
    ["an API server that is busy", [BUDGET, BOUND, ...PLACED, ...tried(25, KEPT, { message: "too many requests" })]],
    ["evictions that go through", [BUDGET, BOUND, ...PLACED, ...tried(25, KEPT, { code: 201, message: "" })]],
    ["a pod of which no node is known", [BUDGET, ...PLACED, ...tried()]],
    [
      "such a pod on another node",
      [BUDGET, podBound("2026-11-20T10:00:00", { ...KEPT, node: nodeOf(2) }), ...PLACED, ...tried()],
    ],
    [
      "an ordinary pod of a person",
      [
        BUDGET,
        BOUND,
        ...[podCreated, podBound].map((make) => make("2026-11-21T11:00:00", { ...FOOT, spec: {} })),
        ...tried(),
      ],
    ],
    [
      "an agent that a controller placed",
      [
        BUDGET,
        BOUND,
        podCreated("2026-11-21T11:00:00", {
          ...FOOT,
          by: users.serviceAccount("kube-system", "daemon-set-controller"),
        }),
        podBound("2026-11-21T11:00:01", FOOT),
        ...tried(),
      ],
    ],
    ["an operator that enters its pods", [BUDGET, BOUND, entered(SA), ...tried()]],
    [
      "a pod that was entered before all that",
      [BUDGET, BOUND, entered(users.human("alice"), "2026-11-10T10:00:00"), ...tried()],
    ],
  ])("%s", async (_, lines) => {
    expect(await findings(lines)).toEqual([]);
    expect(await findings([...lines].reverse())).toEqual([]);
  });

  it("what the site sets", async () => {
    expect(await findings([BUDGET, BOUND, ...PLACED, ...tried()], { hours: 30 })).toEqual([]);
    const earlier = [budgetMade("2026-11-18T10:00:00", { maxUnavailable: 0 }), BOUND, ...PLACED, ...tried()];
    expect(await findings(earlier)).toHaveLength(1);
    expect(await findings(earlier, { days: 2 })).toEqual([]);
  });
});
