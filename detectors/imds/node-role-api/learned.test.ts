import { describe, expect, it } from "vitest";
import { clusterCreated, instanceCall, nodeOf } from "../../../test/support/auto.ts";
import { eitherWay } from "../../../test/support/ledger.ts";
import { call, session } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const ROLE = "hands";
const NODES = [1, 2, 3, 4, 5].map((index) => `i-0a1b2c3d4e5f6000${index}`);
const [NODE = "", ...REST] = NODES;
const atWork = NODES.map((node) => nodeOf("09:00", node, ROLE));
const API = "s3:ListBuckets";
const odd = (node = NODE, api = API, fields: Readonly<Record<string, unknown>> = {}, at = "12:00"): string =>
  instanceCall(at, api, node, ROLE, fields);
const find = (lines: readonly string[], config: object = {}) =>
  eitherWay(lines, { detectors: [detector], config: { version: 1, ...config } });
const params = (set: object) => ({ detectors: { "imds/node-role-api": { params: set } } });

describe("imds/node-role-api, by the ledger, finds", () => {
  it("a call by one node alone, under a role of any name that nodes work under: high", async () => {
    const [finding, ...rest] = await find([...atWork, odd()]);
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({
      ...{ severity: "high", confidence: "medium", outcome: "success", sourceIP: "198.51.100.20", target: ROLE },
      actor: { instanceId: NODE, role: `arn:aws:iam::111122223333:role/${ROLE}`, accessKeyId: "ASIAEXAMPLEE5F60001" },
      reasons: [`${API} by 1 of the 5 nodes that work under it`],
    });
    expect(finding?.title).toBe(`node ${NODE} called ${API} with role hands of demo, which no Auto Mode node calls`);
  });

  it.each<[string, readonly string[]]>([
    ["that its cluster was given", [clusterCreated("08:00", "any", ROLE)]],
    ["that nodes of no more than one instance work under", [nodeOf("09:00", NODE, ROLE)]],
    [
      "that was let in for nodes",
      [
        call("08:00", "eks:CreateAccessEntry", {
          userIdentity: session("Platform", "carol", "ASIAEXAMPLEPLATFORM1"),
          requestParameters: { name: "demo", principalArn: `arn:aws:iam::111122223333:role/${ROLE}`, type: "EC2" },
        }),
      ],
    ],
  ])("a role %s", async (_, lines) => {
    expect(await find([...lines, odd()])).toMatchObject([{ severity: "high" }]);
  });

  it("a refusal, a step lower; with all that the key did in one finding", async () => {
    const denied = odd(NODE, "iam:ListRoles", { errorCode: "AccessDenied" });
    expect(await find([...atWork, denied])).toMatchObject([{ severity: "medium", outcome: "attempt" }]);
    expect(await find([...atWork, denied, odd()])).toMatchObject([{ severity: "high", count: 2 }]);
  });

  it("what most nodes call: low, one a role and API, with what to do", async () => {
    const four = NODES.slice(0, 4).map((node) => odd(node));
    const [finding, ...rest] = await find([...atWork, ...four]);
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({ severity: "low", confidence: "low", subject: `role/${ROLE} ${API} on most nodes` });
    expect(finding?.title).toBe(`The nodes of demo call ${API} with role hands: list it in apis if that is an agent's`);
  });

  it("what fewer than most of them call, or most of a cluster of two", async () => {
    const three = NODES.slice(0, 3).map((node) => odd(node));
    expect((await find([...atWork, ...three])).map(({ severity }) => severity)).toEqual(["high", "high", "high"]);
    const two = NODES.slice(0, 2);
    const both = await find([...two.map((node) => nodeOf("09:00", node, ROLE)), ...two.map((node) => odd(node))]);
    expect(both.map(({ severity }) => severity)).toEqual(["high", "high"]);
  });

  it("one that is made under the names of most nodes, by hand: no node made it", async () => {
    const byHand = NODES.map((node) =>
      call("12:00", API, { userIdentity: session(ROLE, node, "ASIAEXAMPLEMALLORY01") }),
    );
    expect((await find([...atWork, ...byHand])).map(({ severity, count }) => [severity, count])).toEqual([["high", 5]]);
  });

  it("a new node that calls what the others called the day before: low", async () => {
    const before = NODES.map((node) => odd(node, API, {}, "2026-11-21T22:00:00"));
    const lines = [...atWork, ...before, ...NODES.map((node) => nodeOf("2026-11-21T21:00:00", node, ROLE)), odd()];
    expect((await find(lines)).map(({ severity }) => severity)).toEqual(["low", "low"]);
  });

  it("the suggestion for a role that is declared, too, whose calls tell by themselves", async () => {
    const config = { auto: { nodeRoles: [ROLE] } };
    const single = await find([...atWork, odd()], config);
    expect(single).toMatchObject([{ severity: "high", count: 1 }]);
    const all = await find([...atWork, ...NODES.map((node) => odd(node))], config);
    expect(all.map(({ severity }) => severity)).toEqual(["high", "high", "high", "high", "high", "low"]);
  });
});

describe("imds/node-role-api, by the ledger, stays quiet on", () => {
  it.each<[string, readonly string[]]>([
    ["instances of another role", [...atWork, instanceCall("12:00", API, NODE, "batch-worker")]],
    ["a role that nothing was learned of", [odd()]],
    ["a node's own work", [...atWork, odd(NODE, "ecr:BatchGetImage")]],
    [
      "agents that fall back to the role and are denied",
      [...atWork, odd(NODE, "ec2:DescribeTags", { errorCode: "AccessDenied" })],
    ],
    [
      "what a service calls for the node",
      [...atWork, odd(NODE, "kms:Decrypt", { sourceIPAddress: "ecr.amazonaws.com" })],
    ],
    [
      "the cluster's own check of a node's token",
      [
        ...atWork,
        odd(NODE, "sts:GetCallerIdentity", { sourceIPAddress: "203.0.113.9", userAgent: "Go-http-client/1.1" }),
      ],
    ],
    ["the role of the cluster", [clusterCreated("08:00", ROLE, "others"), odd()]],
  ])("%s", async (_, lines) => {
    expect(await find(lines)).toEqual([]);
  });

  it("what is listed", async () => {
    expect(await find([...atWork, odd(REST[0])], params({ apis: [API] }))).toEqual([]);
    expect(await find([...atWork, odd(REST[0])], params({ apis: ["s3:*"] }))).toEqual([]);
    const denied = odd(NODE, API, { errorCode: "AccessDenied" });
    expect(await find([...atWork, denied], params({ fallbackApis: [API] }))).toMatchObject([
      { severity: "low", subject: `instance/${NODE} role/${ROLE} ${API}` },
    ]);
  });
});
