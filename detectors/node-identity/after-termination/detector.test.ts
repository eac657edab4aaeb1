import { describe, expect, it } from "vitest";
import { callers } from "../../../test/support/events.ts";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { call, nodeAtWork } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const NODE = "i-0a1b2c3d4e5f60001";
const OTHER = "i-0a1b2c3d4e5f60002";
const eks = { ...callers.human("AmazonEKS", "AWSServiceRoleForAmazonEKS"), invokedBy: "eks.amazonaws.com" };
const terminate = (at = "10:02", instance = NODE, more: object = {}): string =>
  call(at, "ec2:TerminateInstances", {
    userIdentity: eks,
    sourceIPAddress: "eks.amazonaws.com",
    requestParameters: { instancesSet: { items: [{ instanceId: instance }] } },
    ...more,
  });
const atWork = (at: string, node = NODE): string => nodeAtWork(at, node, "ASIAEXAMPLENODE00001");
const findings = async (lines: readonly string[], params: Readonly<Record<string, unknown>> = {}) =>
  (
    await ledgerFlow(lines, {
      detectors: [detector],
      config: { version: 1, detectors: { "node-identity/after-termination": { params } } },
    })
  ).findings;

describe("node-identity/after-termination finds", () => {
  it("a node at work an hour after EKS terminated its instance", async () => {
    const [finding] = await findings([terminate(), atWork("11:10")]);
    expect(finding).toMatchObject({ severity: "critical", cluster: "demo", target: NODE, actor: { instanceId: NODE } });
    expect(finding?.title).toBe(
      `Node ${NODE} of cluster demo was at work after AmazonEKS (role AWSServiceRoleForAmazonEKS) had terminated its instance`,
    );
  });

  it("whoever terminated it", async () => {
    const [finding] = await findings([terminate("10:02", NODE, { userIdentity: callers.human() }), atWork("11:10")]);
    expect(finding?.title).toContain("alice (role Developer) had terminated");
  });

  it("one thing a node, counted by the hour, in whatever order and however often", async () => {
    const lines = [atWork("09:50"), terminate(), atWork("11:10"), atWork("11:20"), atWork("13:00")];
    const [first, ...rest] = await findings(lines);
    expect(rest).toEqual([]);
    expect(first?.count).toBe(2);
    const late = await findings([...lines, ...lines].reverse());
    expect(late.map(({ id, severity, count, title }) => [id, severity, count, title])).toEqual([
      [first?.id, "critical", 2, first?.title],
    ]);
  });
});

describe("node-identity/after-termination stays quiet on", () => {
  it.each<[string, string[]]>([
    ["a node that speaks until its end", [atWork("09:00"), terminate(), atWork("10:03")]],
    ["a node that shuts down across the hour", [terminate("10:58"), atWork("11:01")]],
    ["another node", [terminate(), atWork("11:10", OTHER)]],
    [
      "an instance that nobody was allowed to terminate",
      [terminate("10:02", NODE, { errorCode: "Client.UnauthorizedOperation" }), atWork("11:10")],
    ],
    ["a node of which no end is known", [atWork("11:10")]],
  ])("%s", async (_, lines) => {
    expect(await findings(lines)).toEqual([]);
    expect(await findings([...lines].reverse())).toEqual([]);
  });

  it("what the site sets", async () => {
    expect(await findings([terminate(), atWork("11:10")], { graceMinutes: 60 })).toEqual([]);
  });
});
