import { describe, expect, it } from "vitest";
import { awsCall, callers, hitOf } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const ROLE = "arn:aws:iam::111122223333:role/Developer";
const LINKED = "arn:aws:iam::111122223333:role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS";
const linkedRole = {
  type: "AssumedRole",
  arn: "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAmazonEKS/eks",
  sessionContext: { sessionIssuer: { arn: LINKED, userName: "AWSServiceRoleForAmazonEKS" } },
  invokedBy: "eks.amazonaws.com",
};
const denied = { errorCode: "AccessDenied", responseElements: { message: "User: x is not authorized to perform" } };

const entry = (requestParameters: object, more: object = {}) =>
  awsCall({
    eventSource: "eks.amazonaws.com",
    eventName: "CreateAccessEntry",
    requestParameters: { name: "demo", principalArn: ROLE, type: "STANDARD", ...requestParameters },
    ...more,
  });

describe("impersonation/component-name finds", () => {
  it.each([
    ["a component's name", { username: "eks-auto:coredns" }],
    ["a component's name made of the session's", { username: "eks-runtime:{{SessionName}}" }],
    ["a component's name for a node", { username: "eks-managed:x", type: "EC2" }],
    ["a name of AWS", { username: "eks:node-manager" }],
    ["a name of the control plane", { username: "system:kube-scheduler" }],
    ["a service account's name", { username: "system:serviceaccount:kube-system:x" }],
    ["another prefix that EKS refuses", { username: "amazon:x" }],
    ["a node's name for a person", { username: "system:node:{{SessionName}}" }],
    ["a node's name where no type is told", { username: "system:node:{{SessionName}}", type: undefined }],
    ["the group of the managed controllers", { username: "alice", kubernetesGroups: ["eks:managed"] }],
    ["the group without a limit", { kubernetesGroups: ["viewers", "system:masters"] }],
    ["the group of nodes", { kubernetesGroups: ["system:nodes"] }],
  ])("%s: high, refused a step lower, in the same finding", (_, params) => {
    const hit = hitOf(detector, entry(params));
    expect(hit).toMatchObject({ severity: "high", on: `access entry of ${ROLE}` });
    expect(hit?.sentence).toContain(`alice (role Developer) gave ${ROLE} the`);
    const tried = hitOf(detector, entry(params, denied));
    expect(tried).toMatchObject({ severity: "medium", on: `access entry of ${ROLE}` });
    expect(tried?.sentence).toContain("tried to give");
    expect(tried?.evidence).toContainEqual({ field: "errorMessage", value: denied.responseElements.message });
  });

  it("the name, or else the group, and why", () => {
    const both = hitOf(detector, entry({ username: "eks-auto:x", kubernetesGroups: ["system:nodes", "viewers"] }));
    expect(both?.sentence).toContain("the name eks-auto:x in the cluster");
    expect(both?.reasons).toEqual(["eks-auto:x belongs to Auto Mode", "group system:nodes belongs to nodes"]);
    const group = hitOf(detector, entry({ username: "alice", kubernetesGroups: ["eks:managed", "viewers"] }));
    expect(group?.sentence).toContain("the group eks:managed in the cluster");
  });

  it("an update, whose principal is encoded", () => {
    const params = { principalArn: "arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2FDeveloper", username: "eks-auto:x" };
    const hit = hitOf(detector, entry(params, { eventName: "UpdateAccessEntry" }));
    expect(hit).toMatchObject({ severity: "high", on: `access entry of ${ROLE}` });
  });

  it("a role that is only called like EKS's own, by the name that it gets by default", () => {
    const answer = {
      accessEntry: {
        principalArn: "arn:aws:iam::111122223333:role/team/AWSServiceRoleForAmazonEKS",
        username: "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAmazonEKS/{{SessionName}}",
      },
    };
    const principalArn = answer.accessEntry.principalArn;
    expect(hitOf(detector, entry({ principalArn }, { responseElements: answer }))).toMatchObject({ severity: "high" });
  });

  it("EKS's own group given to EKS's own role, but by somebody else", () => {
    const params = { principalArn: LINKED, kubernetesGroups: ["eks:managed"] };
    expect(hitOf(detector, entry(params))).toMatchObject({ severity: "high" });
    const forwarded = [
      { ...linkedRole, invokedBy: undefined },
      { ...linkedRole, invokedBy: "cloudformation.amazonaws.com" },
      { ...callers.human(), invokedBy: "eks.amazonaws.com" },
    ];
    for (const userIdentity of forwarded) expect(hitOf(detector, entry(params, { userIdentity }))).toBeDefined();
  });
});

describe("impersonation/component-name stays quiet on", () => {
  it.each([
    ["an ordinary entry", entry({ username: "alice", kubernetesGroups: ["viewers"] })],
    ["a name that holds the word elsewhere", entry({ username: "team:eks-auto:x" })],
    ["an entry without a name of its own", entry({})],
    ["a node of Auto Mode", entry({ type: "EC2", username: "system:node:{{SessionName}}" })],
    ["a node of another kind", entry({ type: "EC2_LINUX", username: "system:node:{{EC2PrivateDNSName}}" })],
    ["a type that is not known yet", entry({ type: "HYPERPOD_LINUX", username: "system:node:{{SessionName}}" })],
    [
      "EKS, for its managed controllers",
      entry({ principalArn: LINKED, kubernetesGroups: ["eks:managed"] }, { userIdentity: linkedRole }),
    ],
    [
      "EKS's own role by its own name, put back by somebody",
      entry({
        principalArn: LINKED,
        username: "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAmazonEKS/{{SessionName}}",
      }),
    ],
    ["an entry deleted", entry({ username: "eks-auto:x" }, { eventName: "DeleteAccessEntry" })],
    ["a policy, which auto-policy has", entry({}, { eventName: "AssociateAccessPolicy" })],
    ["a person", awsCall({ userIdentity: callers.human() })],
  ])("%s", (_, event) => {
    expect(hitOf(detector, event)).toBeUndefined();
  });
});
