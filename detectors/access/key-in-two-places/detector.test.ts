import { describe, expect, it } from "vitest";
import type { Config } from "../../../schemas/config/config.ts";
import { users } from "../../../test/support/events.ts";
import { ledgerFlow } from "../../../test/support/ledger.ts";
import { audit, call, nodeAtWork, session } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const KEY = "ASIAEXAMPLEHUMAN0001";
const HOME = "203.0.113.9";
const AWAY = "198.51.100.7";

const kubectl = (at: string, ip: string): string =>
  audit(at, {
    user: users.human("alice", "ClusterAdmin"),
    verb: "list",
    requestURI: "/api/v1/namespaces/shop/pods",
    objectRef: { resource: "pods", namespace: "shop", apiVersion: "v1" },
    sourceIPs: [ip],
  });
const aws = (at: string, sourceIPAddress: string, fields: object = {}): string =>
  call(at, "ec2:DescribeVpcs", { userIdentity: session("ClusterAdmin", "alice", KEY), sourceIPAddress, ...fields });

const findings = async (lines: readonly string[], config: Omit<Config, "version"> = {}) =>
  (await ledgerFlow(lines, { detectors: [detector], config: { version: 1, ...config } })).findings;
/** At home before and after, away in between. */
const turns = [kubectl("10:00", HOME), aws("10:01", HOME), aws("10:06", AWAY), kubectl("10:11", HOME)];

describe("finds", () => {
  it("a key that comes from home, from elsewhere and from home again", async () => {
    const [finding, ...more] = await findings(turns);
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ severity: "medium", confidence: "low", actor: { accessKeyId: KEY } });
    expect(finding?.title).toBe(
      `Key ${KEY} of alice (role ClusterAdmin) came from 198.51.100.0/24 (CloudTrail) and 203.0.113.0/24 (CloudTrail and audit log) in turns`,
    );
  });

  it("both in the audit log", async () => {
    const lines = [kubectl("10:00", HOME), kubectl("10:06", AWAY), kubectl("10:11", HOME)];
    expect((await findings(lines)).map(({ severity }) => severity)).toEqual(["medium"]);
  });

  it("each network in one trail alone at low: a VPN may do that", async () => {
    const lines = [kubectl("10:00", HOME), aws("10:00", AWAY), kubectl("10:06", HOME), aws("10:06", AWAY)];
    expect((await findings(lines)).map(({ severity }) => severity)).toEqual(["low"]);
  });

  it("networks of IPv6", async () => {
    const lines = [kubectl("10:00", "2001:db8:1::5"), aws("10:06", "2001:db8:2::5"), kubectl("10:11", "2001:db8:1::6")];
    expect((await findings(lines)).length).toBe(1);
  });

  it("the same in any order, however often", async () => {
    const [first] = await findings(turns);
    const backwards = await findings([...turns.toReversed(), ...turns]);
    expect(backwards.map(({ id, count, title }) => [id, count, title])).toEqual([
      [first?.id, first?.count, first?.title],
    ]);
  });
});

describe("stays quiet on", () => {
  it.each([
    ["a person who moves", [kubectl("10:00", HOME), aws("10:01", HOME), aws("10:06", AWAY), kubectl("10:11", AWAY)]],
    ["a move within five minutes", [kubectl("10:00", HOME), aws("10:03", AWAY), kubectl("10:06", AWAY)]],
    ["a way back an hour later", [kubectl("10:00", HOME), aws("10:06", AWAY), kubectl("11:00", HOME)]],
    ["two addresses of one network", [kubectl("10:00", HOME), aws("10:06", "203.0.113.77"), kubectl("10:11", HOME)]],
    [
      "a private endpoint of the cluster",
      [kubectl("10:00", "10.0.1.10"), aws("10:06", AWAY), kubectl("10:11", "10.0.1.10")],
    ],
    ["IPv4 here and IPv6 there", [kubectl("10:00", HOME), aws("10:06", "2001:db8::7"), kubectl("10:11", HOME)]],
    [
      "a VPC endpoint",
      [kubectl("10:00", HOME), aws("10:06", AWAY, { vpcEndpointId: "vpce-0a1b2c3d" }), kubectl("10:11", HOME)],
    ],
    [
      "what an AWS service does for the person",
      [kubectl("10:00", HOME), aws("10:06", "cloudformation.amazonaws.com"), kubectl("10:11", HOME)],
    ],
    ["a key that comes into no cluster", [aws("10:00", HOME), aws("10:06", AWAY), aws("10:11", HOME)]],
    ["a node's key", [...turns, nodeAtWork("10:20", "i-0a1b2c3d4e5f60001", KEY)]],
    [
      "two people",
      [kubectl("10:00", HOME), aws("10:06", AWAY).replaceAll(KEY, "ASIAEXAMPLEHUMAN0002"), kubectl("10:11", HOME)],
    ],
  ])("%s", async (_, lines) => {
    expect((await findings(lines)).map(({ title }) => title)).toEqual([]);
    expect(await findings(lines.toReversed())).toEqual([]);
  });

  it.each([
    ["an egress of the site", { egress: ["198.51.100.0/24"] }],
    ["a proxy of the site", { proxies: [AWAY] }],
    ["a network that is declared", { detectors: { "access/key-in-two-places": { params: { networks: [AWAY] } } } }],
  ])("%s", async (_, config) => {
    expect(await findings(turns, config)).toEqual([]);
  });
});
