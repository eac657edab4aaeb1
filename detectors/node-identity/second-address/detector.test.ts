import { describe, expect, it } from "vitest";
import { users } from "../../../test/support/events.ts";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { audit, launched, nodeAtWork } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const THIEF = "203.0.113.9";
const NAT = "198.51.100.7";
const nodeOf = (index: number): string => `i-0a1b2c3d4e5f6000${index}`;
const hostOf = (index: number): string => `10.0.1.${index}`;
const NODE = nodeOf(1);

const spoke = (ip: string, index = 1, at = "10:05"): string =>
  nodeAtWork(at, nodeOf(index), "ASIAEXAMPLENODE00001", ip);
/** A launch, with the address that EC2 gave the instance. */
function launch(index = 1, ip = hostOf(index)): string {
  const event = JSON.parse(launched("09:00", nodeOf(index)));
  const item = { instanceId: nodeOf(index), privateIpAddress: ip, subnetId: "subnet-1" };
  return JSON.stringify({ ...event, responseElements: { instancesSet: { items: [item] } } });
}
/** Addresses as they are written to the Node object. */
const addressed = (user: object, address = hostOf(1), type = "InternalIP"): string =>
  audit("09:01", {
    user,
    verb: "patch",
    requestURI: `/api/v1/nodes/${NODE}/status`,
    objectRef: { resource: "nodes", subresource: "status", name: NODE, apiVersion: "v1" },
    requestObject: {
      status: {
        addresses: [
          { type: "Hostname", address: NODE },
          { type, address },
        ],
      },
    },
    responseObject: { kind: "Node", metadata: { name: NODE } },
  });
const cloudController = users.component("eks:cloud-controller-manager");
const findings = async (lines: readonly string[], site: Readonly<Record<string, unknown>> = {}) =>
  (await ledgerFlow(lines, { detectors: [detector], config: { version: 1, ...site } })).findings;

describe("node-identity/second-address finds", () => {
  it.each<[string, string]>([
    ["its launch tells", launch()],
    ["the cloud controller tells", addressed(cloudController)],
  ])("a node's identity on the internet, while the node speaks from the address that %s", async (_, known) => {
    const [finding, ...rest] = await findings([known, spoke(hostOf(1)), spoke(THIEF)]);
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({
      ...{ severity: "high", confidence: "high", sourceIP: THIEF, cluster: "demo", target: NODE },
      actor: { instanceId: NODE },
    });
    expect(finding?.title).toBe(
      `The identity of node ${NODE} was used from ${THIEF}, while the node speaks from 10.0.1.1`,
    );
    expect(finding?.reasons).toEqual(["10.0.1.1 is the node's own address"]);
  });

  it("the same from another address of the VPC", async () => {
    const [finding] = await findings([launch(), spoke(hostOf(1)), spoke("10.0.9.9")]);
    expect(finding).toMatchObject({ severity: "high", confidence: "high", sourceIP: "10.0.9.9" });
  });

  it("an address on the internet, whichever is the node's own", async () => {
    const [finding] = await findings([spoke(hostOf(1)), spoke(THIEF)]);
    expect(finding).toMatchObject({ severity: "high", confidence: "medium", sourceIP: THIEF });
  });

  it("an address beside the NAT that the nodes share", async () => {
    const lines = [spoke(NAT), spoke(NAT, 2), spoke(NAT, 3), spoke(THIEF)];
    expect((await findings(lines)).map(({ sourceIP }) => sourceIP)).toEqual([THIEF]);
  });

  it("a thief with the identities of two nodes", async () => {
    const lines = [launch(), launch(2), spoke(hostOf(1)), spoke(hostOf(2), 2), spoke(THIEF), spoke(THIEF, 2)];
    expect(await findings(lines)).toHaveLength(2);
  });

  it("an address that the node gave itself, as whoever holds its identity may", async () => {
    const own = addressed(users.node(NODE), THIEF, "ExternalIP");
    expect(await findings([launch(), spoke(hostOf(1)), own, spoke(THIEF)])).not.toEqual([]);
  });

  it("one thing a node and address, in whatever order and however often", async () => {
    const lines = [launch(), spoke(hostOf(1)), spoke(THIEF), spoke(THIEF, 1, "10:06"), spoke(THIEF, 1, "14:00")];
    const [first, ...rest] = await findings(lines);
    expect(rest).toEqual([]);
    expect(first?.count).toBe(2);
    const late = await findings([...lines, ...lines].reverse());
    expect(late.map(({ id, severity, count, title }) => [id, severity, count, title])).toEqual([
      [first?.id, "high", 2, first?.title],
    ]);
  });
});

describe("node-identity/second-address stays quiet on", () => {
  it.each<[string, string[]]>([
    ["a node at its own address", [launch(), spoke(hostOf(1)), spoke(hostOf(1), 1, "12:00")]],
    ["a node with one address that nobody told of", [spoke(NAT)]],
    [
      "the NAT that nodes share, beside their own addresses",
      [1, 2, 3].flatMap((n) => [spoke(hostOf(n), n), spoke(NAT, n)]),
    ],
    [
      "a node's public address",
      [addressed(cloudController, NAT, "ExternalIP"), launch(), spoke(hostOf(1)), spoke(NAT)],
    ],
    ["two private addresses, either of which may be the node's", [spoke(hostOf(1)), spoke("10.0.9.9")]],
    ["another address on another day", [spoke(hostOf(1), 1, "2026-11-21T10:00:00"), spoke(NAT)]],
    [
      "somebody who looks at a node",
      [
        launch(),
        spoke(hostOf(1)),
        audit("10:06", { verb: "get", requestURI: `/api/v1/nodes/${NODE}`, sourceIPs: [THIEF] }),
      ],
    ],
  ])("%s", async (_, lines) => {
    expect(await findings(lines)).toEqual([]);
    expect(await findings([...lines].reverse())).toEqual([]);
  });

  it("what the site declares", async () => {
    const lines = [launch(), spoke(hostOf(1)), spoke(THIEF)];
    expect(await findings(lines, { egress: ["203.0.113.0/24"] })).toEqual([]);
    expect(await findings(lines, { proxies: [THIEF] })).toEqual([]);
  });
});
