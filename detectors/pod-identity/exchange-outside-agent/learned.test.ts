import { describe, expect, it } from "vitest";
import { exchanged, nodeOf } from "../../../test/support/auto.ts";
import { users } from "../../../test/support/events.ts";
import { eitherWay } from "../../../test/support/ledger.ts";
import { audit, CLUSTER, call, session } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const ROLE = "hands";
const [NODE = "", SECOND = "", THIRD = ""] = [1, 2, 3].map((index) => `i-0a1b2c3d4e5f6000${index}`);
/** The audit log was read for a day before. */
const warm = audit("2026-11-20T09:00:00", { verb: "list", requestURI: "/api/v1/pods" });
const nodes = [NODE, SECOND, THIRD];
const atWork = [warm, ...nodes.map((node) => nodeOf("09:00", node, ROLE))];
const ordinary = nodes.map((node) => exchanged("09:05", node, ROLE));
const AGENT = "aws-sdk-go-v2/1.36.3 api/eksauth#1.9.3";
type Fields = Readonly<Record<string, unknown>>;
const ask = (userIdentity: object, fields: Fields = {}, at = "12:00"): string =>
  call(at, "eks-auth:AssumeRoleForPodIdentity", {
    ...{ userIdentity, userAgent: AGENT },
    requestParameters: { clusterName: CLUSTER, token: "HIDDEN_DUE_TO_SECURITY_REASONS" },
    ...fields,
  });
const KEY = "ASIAEXAMPLEMALLORY01";
const find = (lines: readonly string[], config: object = {}) =>
  eitherWay(lines, { detectors: [detector], config: { version: 1, ...config } });
const severities = async (lines: readonly string[], config: object = {}) =>
  (await find(lines, config)).map(({ severity }) => severity);
const cli = { userAgent: "aws-cli/2.31.0" };

const managed = "i-0a1b2c3d4e5f60042";
/** A node of a managed group: named after its address, with a session after its instance (eks-auto-mode.md §1.3). */
const ofGroup = audit("09:00", {
  user: { ...users.node(managed, "group"), username: "system:node:ip-10-0-0-137.eu-central-1.compute.internal" },
  verb: "update",
  requestURI: "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/x",
});

describe("pod-identity/exchange-outside-agent, by the ledger, finds", () => {
  it("a session of the nodes' role that EC2 did not hand out: critical, whatever the role is called", async () => {
    const [finding, ...rest] = await find([...atWork, ...ordinary, ask(session(ROLE, NODE, KEY))]);
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({
      ...{ severity: "critical", confidence: "high", cluster: "demo", sourceIP: "198.51.100.20" },
      ...{ subject: `key/${KEY} pod-identity/demo` },
    });
    expect(finding?.reasons).toContain(
      `a session of hands, the role of the cluster's nodes, that EC2 did not hand out`,
    );
    // At once: it rests on nothing that is missing.
    expect(await severities([nodeOf("13:00", NODE, ROLE), ask(session(ROLE, "any", KEY))])).toEqual(["critical"]);
    expect(await severities([ofGroup, ask(session("group", "any", KEY))])).toEqual(["critical"]);
  });

  it("what a hybrid node's role may be, no more than the record does", async () => {
    const hybrid = audit("09:00", {
      user: { ...users.node("mi-0a1b2c3d4e5f60001", "contractor"), username: "system:node:mi-0a1b2c3d4e5f60001" },
      verb: "update",
      requestURI: "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/x",
    });
    expect(await severities([...atWork, hybrid, ask(session("contractor", "mi-0a1b2c3d4e5f60001", KEY))])).toEqual([
      "low",
    ]);
  });

  it("a role that no node of the cluster works under, which might be that of hybrid nodes: high", async () => {
    const foreign = ask(session("contractor", "build", KEY));
    expect(await severities([foreign])).toEqual(["low"]);
    const [finding, ...rest] = await find([...atWork, ...ordinary, foreign]);
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({ severity: "high", subject: `key/${KEY} pod-identity/demo` });
    expect(finding?.reasons).toContain("no node of the cluster works under role contractor");
    expect(await severities([...atWork, ask(session("contractor", "build", KEY), cli)])).toEqual(["critical"]);
  });

  it("an instance of another role, which is no node: critical", async () => {
    const bastion = ask(session("bastion", "i-0a1b2c3d4e5f60099", KEY, "2.0"));
    expect(await severities([...atWork, ...ordinary, bastion])).toEqual(["critical"]);
  });

  it("an instance of the nodes' role that was not seen at work: high, with another client critical", async () => {
    const idle = exchanged("12:00", "i-0a1b2c3d4e5f60099", ROLE);
    const [finding, ...rest] = await find([...atWork, ...ordinary, idle]);
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({ severity: "high" });
    expect(finding?.reasons).toEqual(["i-0a1b2c3d4e5f60099 was not seen at work in the cluster"]);
    expect(await severities([...atWork, exchanged("12:00", "i-0a1b2c3d4e5f60099", ROLE, cli)])).toEqual(["critical"]);
  });

  it("a node from an address that is its own alone, beside the one it shares: medium, with another client high", async () => {
    const astray = { sourceIPAddress: "203.0.113.66" };
    const [finding, ...rest] = await find([...atWork, ...ordinary, exchanged("12:00", NODE, ROLE, astray)]);
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({ severity: "medium", sourceIP: "203.0.113.66" });
    const other = exchanged("12:00", NODE, ROLE, { ...astray, ...cli });
    expect(await severities([...atWork, ...ordinary, other])).toEqual(["high"]);
  });

  it("a refusal, a step lower", async () => {
    const denied = { errorCode: "AccessDenied" };
    expect(await severities([...atWork, ask(session(ROLE, NODE, KEY), denied)])).toEqual(["high"]);
    expect(await severities([...atWork, ask(session("contractor", "build", KEY), denied)])).toEqual(["medium"]);
  });
});

describe("pod-identity/exchange-outside-agent, by the ledger, stays quiet on", () => {
  it.each<[string, readonly string[]]>([
    ["nodes at work", [...atWork, ...ordinary]],
    ["a node of a managed group", [...atWork, ...ordinary, ofGroup, exchanged("12:00", managed, "group")]],
    [
      "a node that was at work the day before",
      [warm, nodeOf("2026-11-21T23:50:00", NODE, ROLE), nodeOf("00:05", SECOND, ROLE), exchanged("00:10", NODE, ROLE)],
    ],
    [
      "nodes that all have an address of their own",
      [
        ...atWork,
        ...nodes.map((node, index) => exchanged("09:05", node, ROLE, { sourceIPAddress: `203.0.113.${index}` })),
      ],
    ],
    [
      "nodes that move to a new way out together",
      [
        ...[...atWork, ...ordinary],
        ...nodes.map((node) => exchanged("12:00", node, ROLE, { sourceIPAddress: "203.0.113.66" })),
      ],
    ],
    [
      "a node through an endpoint of the VPC",
      [
        ...[...atWork, ...ordinary],
        exchanged("12:00", NODE, ROLE, { sourceIPAddress: "10.0.3.4", vpcEndpointId: "vpce-0a1b2c3d4e5f60001" }),
      ],
    ],
    [
      "a strange instance, while the audit log is new",
      [...atWork.slice(1), exchanged("12:00", "i-0a1b2c3d4e5f60099", ROLE)],
    ],
    ["an instance's exchange of a cluster whose nodes are not known", [warm, exchanged("12:00", NODE, ROLE)]],
  ])("%s", async (_, lines) => {
    expect(await find(lines)).toEqual([]);
  });

  it("roles that are listed", async () => {
    const hybrid = {
      detectors: { "pod-identity/exchange-outside-agent": { params: { hybridRoles: ["contractor"] } } },
    };
    expect(await find([...atWork, ask(session("contractor", "mi-0a1b2c3d4e5f60001", KEY))], hybrid)).toEqual([]);
    const auto = { auto: { nodeRoles: ["spare"] } };
    expect(await find([...atWork, nodeOf("09:00", NODE, ROLE), exchanged("12:00", NODE, "spare")], auto)).toEqual([]);
  });
});
