import { describe, expect, it } from "vitest";
import { awsCall, callers, hitOf } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const POLICY = "arn:aws:eks::aws:cluster-access-policy";
const ROLE = "arn:aws:iam::111122223333:role/Developer";
const NODE_ROLE = "arn:aws:iam::111122223333:role/AmazonEKSAutoNodeRole";
const LINKED = "arn:aws:iam::111122223333:role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS";
const linkedRole = {
  type: "AssumedRole",
  arn: "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAmazonEKS/eks",
  sessionContext: { sessionIssuer: { arn: LINKED, userName: "AWSServiceRoleForAmazonEKS" } },
  invokedBy: "eks.amazonaws.com",
};
const denied = { errorCode: "AccessDenied", responseElements: { message: "User: x is not authorized to perform" } };

const call = (eventName: string, params: object, more: object = {}) =>
  awsCall({
    eventSource: "eks.amazonaws.com",
    eventName,
    requestParameters: { name: "demo", principalArn: ROLE, ...params },
    ...more,
  });
const associate = (policy: string, principalArn = ROLE, more: object = {}) =>
  call("AssociateAccessPolicy", { principalArn, policyArn: `${POLICY}/${policy}` }, more);
const nodeEntry = (principalArn = ROLE, more: object = {}) =>
  call("CreateAccessEntry", { principalArn, type: "EC2" }, more);

describe("impersonation/auto-policy finds", () => {
  it.each([
    "AmazonEKSComputePolicy",
    "AmazonEKSComputeClusterPolicy",
    "AmazonEKSNetworkingPolicy",
    "AmazonEKSNetworkingClusterPolicy",
    "AmazonEKSLoadBalancingPolicy",
    "AmazonEKSLoadBalancingClusterPolicy",
    "AmazonEKSBlockStoragePolicy",
    "AmazonEKSBlockStorageClusterPolicy",
    "AmazonEKSHybridPolicy",
    "AmazonEKSEventPolicy",
    "AmazonEKSPodIdentityPolicy",
  ])("%s given to anybody but EKS's own role: high, denied a step lower", (policy) => {
    const hit = hitOf(detector, associate(policy));
    expect(hit).toMatchObject({ severity: "high", on: `access of ${ROLE}` });
    expect(hit?.sentence).toBe(`alice (role Developer) made ${ROLE} hold ${policy}`);
    expect(hit?.evidence).toEqual([
      { field: "principalArn", value: ROLE },
      { field: "policyArn", value: `${POLICY}/${policy}` },
    ]);
    const tried = hitOf(detector, associate(policy, ROLE, denied));
    expect(tried).toMatchObject({ severity: "medium", on: `access of ${ROLE}` });
    expect(tried?.sentence).toContain("tried to make");
    expect(hitOf(detector, associate(policy, NODE_ROLE))).toMatchObject({ severity: "high" });
  });

  it("such a policy for a role that is only called like EKS's own", () => {
    const alike = "arn:aws:iam::111122223333:role/team/AWSServiceRoleForAmazonEKS";
    expect(hitOf(detector, associate("AmazonEKSComputePolicy", alike))).toMatchObject({ severity: "high" });
  });

  it("a policy for EKS's own role that it has no use for", () => {
    expect(hitOf(detector, associate("AmazonEKSClusterAdminPolicy", LINKED))).toMatchObject({ severity: "medium" });
  });

  it.each([
    ["made a node", nodeEntry],
    ["given the policy of nodes", (role?: string) => associate("AmazonEKSAutoNodePolicy", role)],
  ])("an undeclared role %s: low, and medium where the site declares its node roles", (_, event) => {
    const hit = hitOf(detector, event());
    expect(hit).toMatchObject({ severity: "low" });
    expect(hit?.notExempted).toHaveLength(1);
    const site = { auto: { nodeRoles: ["batch-nodes"] } };
    expect(hitOf(detector, event(), { site })).toMatchObject({ severity: "medium", notExempted: [] });
    expect(hitOf(detector, event(NODE_ROLE), { site })).toMatchObject({ severity: "medium" });
  });

  it("the policy of nodes for what is no role: high", () => {
    const user = "arn:aws:iam::111122223333:user/bob";
    expect(hitOf(detector, associate("AmazonEKSAutoNodePolicy", user))).toMatchObject({ severity: "high" });
  });

  it("a node role by whoever is not EKS itself", () => {
    const forwarded = [
      { ...linkedRole, invokedBy: "cloudformation.amazonaws.com" },
      { ...callers.human(), invokedBy: "eks.amazonaws.com" },
    ];
    for (const userIdentity of forwarded) expect(hitOf(detector, nodeEntry(ROLE, { userIdentity }))).toBeDefined();
  });

  it("a principal that is encoded, as in a path", () => {
    const encoded = "arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2FDeveloper";
    expect(hitOf(detector, associate("AmazonEKSComputePolicy", encoded))?.on).toBe(`access of ${ROLE}`);
  });
});

describe("impersonation/auto-policy stays quiet on", () => {
  it.each([
    ["a node role of the name that EKS proposes", nodeEntry(NODE_ROLE)],
    ["the policy of nodes for it", associate("AmazonEKSAutoNodePolicy", NODE_ROLE)],
    ["EKS, for the built-in pools' role", nodeEntry(ROLE, { userIdentity: linkedRole })],
    ["EKS, for its managed controllers", associate("AmazonEKSComputePolicy", LINKED, { userIdentity: linkedRole })],
    ["somebody who puts back what EKS's own role has", associate("AmazonEKSComputePolicy", LINKED)],
    ["an entry for EKS's own role", call("CreateAccessEntry", { principalArn: LINKED, type: "STANDARD" })],
    ["a policy for people", associate("AmazonEKSViewPolicy")],
    ["a policy whose name begins so", associate("AmazonEKSComputePolicyReader")],
    ["an entry of another type", call("CreateAccessEntry", { type: "EC2_LINUX" })],
    ["a policy taken away", call("DisassociateAccessPolicy", { policyArn: `${POLICY}/AmazonEKSComputePolicy` })],
  ])("%s", (_, event) => {
    expect(hitOf(detector, event)).toBeUndefined();
  });

  it("a node role that the site declares", () => {
    const settings = { site: { auto: { nodeRoles: ["Developer"] } } };
    expect(hitOf(detector, nodeEntry(), settings)).toBeUndefined();
    expect(hitOf(detector, associate("AmazonEKSAutoNodePolicy"), settings)).toBeUndefined();
  });
});
