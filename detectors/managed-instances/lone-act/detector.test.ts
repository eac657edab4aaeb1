import { describe, expect, it } from "vitest";
import { users } from "../../../test/support/events.ts";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { type Asked, nodeAsks, nodeOf } from "../../../test/support/node-work.ts";
import { nodeAtWork } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const THIEF = nodeOf(1);
const REVIEW: Asked = { verb: "create", resource: "authorization.k8s.io/selfsubjectrulesreviews", code: 201 };
const ALL_PODS: Asked = { verb: "list", resource: "pods", code: 403 };
/** The log, being read for two days; nodes at work on the day itself. */
const fleet = (count = 6, day = "2026-11-22"): string[] => [
  nodeAtWork("2026-11-20T09:00:00", nodeOf(9), "ASIAEXAMPLENODE00009"),
  ...Array.from({ length: count }, (_, index) =>
    nodeAtWork(`${day}T09:00:00`, nodeOf(index + 1), "ASIAEXAMPLENODE00001"),
  ),
];
const does = (asked: Asked, ...nodes: number[]): string[] =>
  nodes.map((index) => nodeAsks("10:00", nodeOf(index), asked));
const findings = async (lines: readonly string[], params: object = {}) =>
  (
    await ledgerFlow(lines, {
      detectors: [detector],
      config: { version: 1, detectors: { "managed-instances/lone-act": { params: { ...params } } } },
    })
  ).findings;
const severities = async (lines: readonly string[]) => (await findings(lines)).map(({ severity }) => severity);

describe("managed-instances/lone-act finds", () => {
  it("a node that asks what it may do, as no other does", async () => {
    const [finding, ...rest] = await findings([...fleet(), ...does(REVIEW, 1)]);
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({
      ...{ severity: "medium", confidence: "low", cluster: "demo", outcome: "success" },
      actor: { name: `system:node:${THIEF}`, instanceId: THIEF },
      title: `Node ${THIEF} did what no kubelet does and no other node did`,
      reasons: ["create authorization.k8s.io/selfsubjectrulesreviews: done"],
    });
  });

  it("what is low by itself: all pods listed, and its own taints", async () => {
    expect(await severities([...fleet(), ...does(ALL_PODS, 1)])).toEqual(["medium"]);
    const taints = { verb: "patch", resource: "nodes", name: THIEF, requestObject: { spec: { taints: [] } } };
    expect(await severities([...fleet(), ...does(taints, 1)])).toEqual(["medium"]);
  });

  it("kinds that no rule names: low, read or refused", async () => {
    for (const asked of [
      { verb: "list", resource: "cilium.io/ciliumnodes" },
      { verb: "create", resource: "cilium.io/ciliumnodes", code: 403 },
      { verb: "get", resource: "eks.amazonaws.com/nodeclasses", name: "default", code: 403 },
    ])
      expect(await severities([...fleet(), ...does(asked, 1)]), asked.resource).toEqual(["low"]);
  });

  it("what a node did that was refused a hundred other things before", async () => {
    const kinds = Array.from({ length: 100 }, (_, n) => `example.com/kind${n}`);
    const refused = kinds.flatMap((resource) => does({ verb: "create", resource, code: 403 }, 1));
    const found = await findings([[...fleet(), ...refused, ...does(REVIEW, 1)].join("\n")]);
    expect(found).toMatchObject([{ severity: "medium" }]);
    expect(found[0]?.reasons.join()).toContain("selfsubjectrulesreviews: done");
  });

  it("a thing that two other nodes do, of six", async () => {
    expect(await severities([...fleet(), ...does(REVIEW, 1, 2)])).toHaveLength(2);
    // Each of three is one of three, and has two others: not yet a crowd, nor half of five.
    expect(await severities([...fleet(), ...does(REVIEW, 1, 2, 3)])).toHaveLength(3);
  });

  it("one thing a node and day, in whatever order and however often", async () => {
    const lines = [...fleet(), ...does(REVIEW, 1), ...does(ALL_PODS, 1), nodeAsks("17:00", THIEF, REVIEW)];
    const [first, ...rest] = await findings(lines);
    expect(rest).toEqual([]);
    expect(first).toMatchObject({ count: 3, severity: "medium" });
    const late = await findings([...lines, ...lines].reverse());
    expect(late.map(({ id, severity, count }) => [id, severity, count])).toEqual([[first?.id, "medium", 3]]);
  });

  it("what is done on the last day of an epoch, once", async () => {
    const lines = [...fleet(6, "2026-12-02"), nodeAsks("2026-12-02T23:00:00", THIEF, REVIEW)];
    expect(await severities(lines)).toEqual(["medium"]);
  });
});

describe("managed-instances/lone-act stays quiet on", () => {
  const node = users.node(THIEF);
  it.each<[string, string[]]>([
    ["what three others do", [...fleet(9), ...does(REVIEW, 1, 2, 3, 4)]],
    ["what half of the others do", [...fleet(5), ...does(REVIEW, 1, 2, 3)]],
    ["a cluster too small to compare", [...fleet(3), ...does(REVIEW, 1)]],
    ["a log that has been read since today", [...fleet().slice(1), ...does(REVIEW, 1)]],
    [
      "what others did when they started, a week ago",
      [
        ...fleet(9),
        ...[2, 3, 4].map((index) => nodeAsks("2026-11-21T03:00:00", nodeOf(index), REVIEW)),
        ...does(REVIEW, 1),
      ],
    ],
    [
      "what others did in the epoch before",
      [
        nodeAtWork("2026-11-09T09:00:00", nodeOf(9), "ASIAEXAMPLENODE00009"),
        ...fleet(9, "2026-11-20").slice(1),
        ...[2, 3, 4].map((index) => nodeAsks("2026-11-10T03:00:00", nodeOf(index), REVIEW)),
        nodeAsks("2026-11-20T10:00:00", THIEF, REVIEW),
      ],
    ],
    [
      "what others begin within the night, over the end of an epoch",
      [
        ...fleet(9, "2026-12-02"),
        nodeAsks("2026-12-02T23:00:00", THIEF, REVIEW),
        ...[2, 3, 4].map((index) => nodeAsks("2026-12-03T03:00:00", nodeOf(index), REVIEW)),
      ],
    ],
    [
      "a kubelet's own pods, Secrets and leases",
      [
        ...fleet(),
        ...does({ verb: "list", resource: "pods", query: `?fieldSelector=spec.nodeName%3D${THIEF}` }, 1),
        ...does({ verb: "get", resource: "secrets", namespace: "shop", name: "db" }, 1),
        ...does({ verb: "get", resource: "coordination.k8s.io/leases", namespace: "kube-node-lease", name: THIEF }, 1),
      ],
    ],
    [
      "an agent that reports a node's condition",
      [
        ...fleet(),
        ...does({ verb: "patch", resource: "nodes", subresource: "status", name: THIEF }, 1),
        ...does(
          { verb: "patch", resource: "eks.amazonaws.com/nodediagnostics", subresource: "status", name: THIEF },
          1,
        ),
        ...does({ verb: "create", resource: "events.k8s.io/events", namespace: "default", code: 201 }, 1),
      ],
    ],
    [
      "what is judged at once, and higher",
      [
        ...fleet(),
        ...does({ verb: "create", resource: "pods", subresource: "exec", namespace: "shop", name: "x", code: 403 }, 1),
      ],
    ],
    [
      "a component of the node",
      [
        ...fleet(),
        ...does(
          { ...REVIEW, more: { impersonatedUser: { username: "eks-auto:ipamd", groups: ["system:authenticated"] } } },
          1,
        ),
      ],
    ],
    [
      "an impersonation that was refused",
      [...fleet(), ...does({ ...REVIEW, code: 403, more: { annotations: {} } }, 1)],
    ],
    [
      "a static pod, which is another rule's",
      [...fleet(), ...does({ verb: "create", resource: "pods", namespace: "kube-system", name: "web", code: 201 }, 1)],
    ],
    [
      "a node of another kind",
      [
        ...fleet(),
        ...does({ ...REVIEW, user: { ...node, username: "system:node:ip-10-0-1-7.eu-central-1.compute.internal" } }, 1),
      ],
    ],
    ["a person", [...fleet(), ...does({ ...REVIEW, user: users.human() }, 1)]],
    [
      "discovery, which names no resource",
      [
        ...fleet(),
        nodeAsks("10:00", THIEF, { verb: "get", resource: "", more: { requestURI: "/apis", objectRef: undefined } }),
      ],
    ],
  ])("%s", async (_, lines) => {
    expect(await findings(lines)).toEqual([]);
    expect(await findings([...lines].reverse())).toEqual([]);
  });

  it("what the site sets", async () => {
    expect(await findings([...fleet(), ...does(REVIEW, 1, 2)], { others: 1 })).toEqual([]);
    expect(await findings([...fleet(), ...does(REVIEW, 1)], { peers: 6 })).toEqual([]);
  });
});
