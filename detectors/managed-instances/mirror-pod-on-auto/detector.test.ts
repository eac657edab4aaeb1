import { describe, expect, it } from "vitest";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { type Asked, nodeAsks, nodeOf } from "../../../test/support/node-work.ts";
import { launched, nodeAtWork } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const NODE = nodeOf(1);
const MIRROR: Asked = { verb: "create", resource: "pods", namespace: "kube-system", name: `web-${NODE}`, code: 201 };
/** The log, being read for two days; nodes at work on the day itself. */
const fleet = (count = 6): string[] => [
  nodeAtWork("2026-11-20T09:00:00", nodeOf(9), "ASIAEXAMPLENODE00009"),
  ...Array.from({ length: count }, (_, index) => nodeAtWork("09:00", nodeOf(index + 1), "ASIAEXAMPLENODE00001")),
];
const launch = launched("2026-11-19T08:00:00", NODE);
const mirror = (index = 1, asked: Partial<Asked> = {}): string =>
  nodeAsks("10:00", nodeOf(index), { ...MIRROR, ...asked });
const findings = async (lines: readonly string[]) => (await ledgerFlow(lines, { detectors: [detector] })).findings;

describe("managed-instances/mirror-pod-on-auto finds", () => {
  it("a static pod on one node that EKS launched", async () => {
    const [finding, ...rest] = await findings([...fleet(), launch, mirror()]);
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({
      ...{ severity: "high", confidence: "medium", cluster: "demo", target: NODE },
      actor: { instanceId: NODE },
      title: `A static pod runs on node ${NODE}, which EKS launched for pool general-purpose, and on no other node`,
    });
  });

  it("one thing a node, in whatever order and however often", async () => {
    const lines = [...fleet(), launch, mirror(), nodeAsks("16:30", NODE, { ...MIRROR, name: "another" })];
    const [first, ...rest] = await findings(lines);
    expect(rest).toEqual([]);
    const late = await findings([...lines, ...lines].reverse());
    expect(late.map(({ id, severity, count }) => [id, severity, count])).toEqual([[first?.id, "high", 2]]);
  });
});

describe("managed-instances/mirror-pod-on-auto stays quiet on", () => {
  it.each<[string, string[]]>([
    ["a node whose launch by EKS was not seen: managed by others, or older", [...fleet(), mirror()]],
    ["the launch of another node", [...fleet(), launched("2026-11-19T08:00:00", nodeOf(2)), mirror()]],
    [
      "an instance that somebody launched by hand, with EKS's tags",
      [
        ...fleet(),
        launch.replaceAll("ec2fleet.amazonaws.com", "198.51.100.7").replace(',"invokedBy":"198.51.100.7"', ""),
        mirror(),
      ],
    ],
    [
      "static pods that an update brings to other nodes as well",
      [...fleet(), launch, mirror(1), mirror(2), mirror(3), mirror(4)],
    ],
    ["a pod that was refused", [...fleet(), launch, mirror(1, { code: 403 })]],
    ["a pod that is deleted", [...fleet(), launch, mirror(1, { verb: "delete", code: 200 })]],
    [
      "another thing that no other node does",
      [...fleet(), launch, mirror(1, { resource: "authorization.k8s.io/selfsubjectrulesreviews" })],
    ],
    ["a cluster too small to compare", [...fleet(3), launch, mirror()]],
    ["a log that has been read since today", [...fleet().slice(1), launch, mirror()]],
  ])("%s", async (_, lines) => {
    expect(await findings(lines)).toEqual([]);
    expect(await findings([...lines].reverse())).toEqual([]);
  });
});
