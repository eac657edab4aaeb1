import { describe, expect, it } from "vitest";
import { clusterCreated, clusterRoleOpened, nodeOf } from "../../../test/support/auto.ts";
import { callers } from "../../../test/support/events.ts";
import { eitherWay } from "../../../test/support/ledger.ts";
import { call } from "../../../test/support/trails.ts";
import { detector } from "./detector.ts";

const mallory = callers.human("mallory", "Developer");
type Fields = Readonly<Record<string, unknown>>;
const iam = (api: string, requestParameters: object, fields: Fields = {}): string =>
  call("12:00", `iam:${api}`, { userIdentity: mallory, requestParameters, ...fields });
const trust = (roleName: string, Principal: object, fields: Fields = {}): string => {
  const Statement = [{ Effect: "Allow", Principal, Action: "sts:AssumeRole" }];
  const policyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
  return iam("UpdateAssumeRolePolicy", { roleName, policyDocument }, fields);
};
const attach = (roleName: string, policy: string): string =>
  iam("AttachRolePolicy", { roleName, policyArn: `arn:aws:iam::aws:policy/${policy}` });
const FOREIGN = { AWS: "arn:aws:iam::444455556666:root" };
const find = (lines: readonly string[], config: object = {}) =>
  eitherWay(lines, { detectors: [detector], config: { version: 1, ...config } });
const CLUSTER = clusterRoleOpened("10:00", "quayside");
const NODES = nodeOf("10:00", "i-0a1b2c3d4e5f60001", "hands");

describe("managed-instances/role-changed, by the ledger, finds", () => {
  it.each<[string, string, string]>([
    ["cluster", CLUSTER, "quayside"],
    ["node", NODES, "hands"],
  ])("a %s role of any name that trusts another account", async (kind, line, role) => {
    const [finding, ...rest] = await find([line, trust(role, FOREIGN)]);
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({ severity: "critical", confidence: "high", target: role, count: 1 });
    expect(finding?.title).toContain(`did iam:UpdateAssumeRolePolicy on ${kind} role ${role} of demo: trusts `);
    expect(await find([line, trust(role, FOREIGN, { errorCode: "AccessDenied" })])).toMatchObject([
      { severity: "high", outcome: "attempt" },
    ]);
  });

  it("an administrator's policy: high; another, which a set-up attaches, too: low", async () => {
    expect(await find([NODES, attach("hands", "AdministratorAccess")])).toMatchObject([{ severity: "high" }]);
    expect(await find([NODES, attach("hands", "CloudWatchAgentServerPolicy")])).toMatchObject([{ severity: "low" }]);
    const auto = { nodeRoles: ["hands"] };
    expect(await find([NODES, attach("hands", "CloudWatchAgentServerPolicy")], { auto })).toMatchObject([
      { severity: "medium", count: 1 },
    ]);
  });

  it("what a listed role deploys by CloudFormation: low", async () => {
    const userIdentity = { ...mallory, invokedBy: "cloudformation.amazonaws.com" };
    const params = { deployers: ["Developer"] };
    const detectors = { "managed-instances/role-changed": { params } };
    expect(await find([CLUSTER, trust("quayside", FOREIGN, { userIdentity })], { detectors })).toMatchObject([
      { severity: "low" },
    ]);
    expect(await find([CLUSTER, trust("quayside", FOREIGN)], { detectors })).toMatchObject([{ severity: "critical" }]);
  });
});

describe("managed-instances/role-changed, by the ledger, stays quiet on", () => {
  const profile = { roleName: "hands", instanceProfileName: "eks-demo" };
  it.each<[string, readonly string[]]>([
    ["another role", [CLUSTER, NODES, trust("app", FOREIGN)]],
    ["a role that nothing was learned of", [trust("quayside", FOREIGN)]],
    ["the policies that the documentation has for it", [NODES, attach("hands", "AmazonEKSWorkerNodeMinimalPolicy")]],
    [
      "EKS putting a role into an instance profile",
      [
        NODES,
        iam("AddRoleToInstanceProfile", profile, { userIdentity: { ...mallory, invokedBy: "eks.amazonaws.com" } }),
      ],
    ],
    ["reads", [NODES, iam("GetRole", { roleName: "hands" })]],
    ["a cluster without Auto Mode", [clusterCreated("10:00", "quayside", "", false), trust("quayside", FOREIGN)]],
  ])("%s", async (_, lines) => {
    expect(await find(lines)).toEqual([]);
  });
});
