import { describe, expect, it } from "vitest";
import { awsCall, hitOf } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const declared = { site: { auto: { clusterRoles: ["demo-cluster"], nodeRoles: ["demo-nodes"] } } };
const AWS = "arn:aws:iam::aws:policy";

const iam = (eventName: string, requestParameters: object | null, more: object = {}) =>
  awsCall({ eventSource: "iam.amazonaws.com", eventName, requestParameters, ...more });
/** As IAM writes it: no parameters, the role in the text alone. */
const denied = (api: string, role = "demo-cluster") =>
  iam(api, null, {
    errorCode: "AccessDenied",
    errorMessage: `User: arn:aws:sts::111122223333:assumed-role/Developer/alice is not authorized to perform: iam:${api} on resource: role ${role} because no identity-based policy allows the iam:${api} action`,
  });
const document = (...statements: object[]) => JSON.stringify({ Version: "2012-10-17", Statement: statements });
const allow = (Principal: unknown) => ({ Effect: "Allow", Principal, Action: "sts:AssumeRole" });
const trust = (roleName: string, policyDocument: string, more: object = {}) =>
  iam("UpdateAssumeRolePolicy", { roleName, policyDocument }, more);
const EKS = { Service: "eks.amazonaws.com" };

describe("managed-instances/role-changed finds", () => {
  it.each<[string, string, object, string]>([
    [
      "a person of the account",
      "demo-cluster",
      allow({ ...EKS, AWS: "arn:aws:iam::111122223333:role/Developer" }),
      "high",
    ],
    ["the account itself", "demo-cluster", allow({ AWS: ["arn:aws:iam::111122223333:root"] }), "high"],
    ["another account", "demo-cluster", allow({ AWS: "arn:aws:iam::444455556666:root" }), "critical"],
    [
      "another account among others",
      "demo-cluster",
      allow({ ...EKS, AWS: ["arn:aws:iam::111122223333:root", "444455556666"] }),
      "critical",
    ],
    ["another account by its number", "demo-cluster", allow({ AWS: "444455556666" }), "critical"],
    ["everybody", "demo-cluster", allow("*"), "critical"],
    ["everybody of AWS", "demo-cluster", allow({ AWS: "*" }), "critical"],
    ["everybody but one", "demo-cluster", { Effect: "Allow", NotPrincipal: { AWS: "444455556666" } }, "critical"],
    ["EC2, which is no cluster", "demo-cluster", allow({ Service: "ec2.amazonaws.com" }), "high"],
    ["EKS, which is no node", "demo-nodes", allow(EKS), "high"],
    ["EKS alone: a repair", "demo-cluster", allow(EKS), "low"],
  ])("trust in %s", (_, role, statement, severity) => {
    const hit = hitOf(detector, trust(role, document(statement)), declared);
    expect(hit).toMatchObject({ severity, confidence: "high", on: `UpdateAssumeRolePolicy role/${role}` });
    expect(hit?.evidence.filter(({ value }) => value === "")).toEqual([]);
  });

  it("whom the role trusts now, in words, also where the document is encoded", () => {
    const text = document(allow({ ...EKS, AWS: "arn:aws:iam::111122223333:user/eve" }));
    const hit = hitOf(detector, trust("demo-cluster", encodeURIComponent(text)), declared);
    expect(hit?.sentence).toBe(
      "alice (role Developer) did iam:UpdateAssumeRolePolicy on cluster role demo-cluster: trusts arn:aws:iam::111122223333:user/eve",
    );
  });

  it("a trust that cannot be read: high", () => {
    expect(hitOf(detector, trust("demo-cluster", "{cut"), declared)).toMatchObject({ severity: "high" });
  });

  it("a denied try, which names the role in the text alone: one step less, in the same finding", () => {
    expect(hitOf(detector, denied("UpdateAssumeRolePolicy"), declared)).toMatchObject({
      severity: "medium",
      on: "UpdateAssumeRolePolicy role/demo-cluster",
    });
    for (const api of ["AttachRolePolicy", "PutRolePolicy"])
      expect(hitOf(detector, denied(api), declared)).toMatchObject({ severity: "medium" });
    expect(hitOf(detector, denied("AttachRolePolicy", "AmazonEKSAutoNodeRole"))).toMatchObject({ severity: "low" });
    const known = trust("demo-cluster", document(allow("*")), { errorCode: "AccessDenied" });
    expect(hitOf(detector, known, declared)).toMatchObject({ severity: "high" });
    expect(hitOf(detector, denied("DetachRolePolicy"), declared)?.sentence).toContain("tried iam:DetachRolePolicy");
  });

  it.each<[string, string, string, string]>([
    ["administrator", "demo-nodes", `${AWS}/AdministratorAccess`, "high"],
    ["a policy of another kind", "demo-nodes", `${AWS}/AmazonSSMManagedInstanceCore`, "medium"],
    ["what the cluster's role has, on nodes", "demo-nodes", `${AWS}/AmazonEKSComputePolicy`, "medium"],
    [
      "a customer's policy of a documented name",
      "demo-cluster",
      "arn:aws:iam::111122223333:policy/AmazonEKSComputePolicy",
      "medium",
    ],
  ])("attached: %s", (_, roleName, policyArn, severity) => {
    expect(hitOf(detector, iam("AttachRolePolicy", { roleName, policyArn }), declared)).toMatchObject({ severity });
  });

  it("an inline policy: medium; one that makes an administrator: high", () => {
    const put = (Action: unknown) =>
      iam("PutRolePolicy", {
        roleName: "demo-nodes",
        policyName: "x",
        policyDocument: document({ Effect: "Allow", Action, Resource: "*" }),
      });
    expect(hitOf(detector, put("s3:GetObject"), declared)).toMatchObject({ severity: "medium" });
    for (const action of ["*", ["s3:Get*", "iam:PassRole"], "sts:AssumeRole"])
      expect(hitOf(detector, put(action), declared)).toMatchObject({ severity: "high" });
  });

  it.each(["DetachRolePolicy", "DeleteRolePolicy", "DeleteRolePermissionsBoundary", "AddRoleToInstanceProfile"])(
    "%s: medium",
    (api) => {
      expect(hitOf(detector, iam(api, { roleName: "demo-nodes" }), declared)).toMatchObject({ severity: "medium" });
    },
  );

  it("a role of the default name: one step less", () => {
    const roleName = "AmazonEKSAutoNodeRole";
    const hit = hitOf(detector, iam("AttachRolePolicy", { roleName, policyArn: `${AWS}/AdministratorAccess` }));
    expect(hit).toMatchObject({ severity: "medium", confidence: "medium" });
    expect(hit?.reasons?.[0]).toContain("not declared in auto.nodeRoles");
  });

  it("a role made with the name of EKS's own: high", () => {
    const roleName = "AWSServiceRoleForAmazonEKS";
    expect(hitOf(detector, iam("CreateRole", { roleName, path: "/ops/" }))).toMatchObject({ severity: "high" });
    expect(hitOf(detector, iam("CreateRole", { roleName }))?.sentence).toContain("would bear the name");
    const own = "/aws-service-role/eks.amazonaws.com/";
    expect(hitOf(detector, iam("CreateRole", { roleName, path: own }))).toBeUndefined();
  });

  it("a role set up with strangers in its trust", () => {
    const assumeRolePolicyDocument = document(allow("*"));
    expect(
      hitOf(detector, iam("CreateRole", { roleName: "demo-nodes", assumeRolePolicyDocument }), declared),
    ).toMatchObject({
      severity: "critical",
    });
  });

  it("a deployer: low by CloudFormation, as ever by hand", () => {
    const params = { deployers: ["Developer"] };
    const stack = { sourceIPAddress: "cloudformation.amazonaws.com" };
    const event = (more: object) => trust("demo-cluster", document(allow("*")), more);
    expect(hitOf(detector, event(stack), { ...declared, params })).toMatchObject({ severity: "low" });
    expect(hitOf(detector, event({}), { ...declared, params })).toMatchObject({ severity: "critical" });
    expect(hitOf(detector, event(stack), declared)).toMatchObject({ severity: "critical" });
  });
});

describe("managed-instances/role-changed stays quiet on", () => {
  it.each([
    ["the cluster's policies", "demo-cluster", `${AWS}/AmazonEKSBlockStoragePolicyV2`],
    ["the cluster's policies in China", "demo-cluster", "arn:aws-cn:iam::aws:policy/AmazonEKSComputePolicy"],
    ["the nodes' policies", "demo-nodes", `${AWS}/AmazonEC2ContainerRegistryPullOnly`],
    ["another role", "Developer", `${AWS}/AdministratorAccess`],
  ])("%s being attached", (_, roleName, policyArn) => {
    expect(hitOf(detector, iam("AttachRolePolicy", { roleName, policyArn }), declared)).toBeUndefined();
  });

  it("a role set up as the documentation has it, or whose trust is not in the record", () => {
    const assumeRolePolicyDocument = document(allow({ Service: ["ec2.amazonaws.com"] }));
    const params = { roleName: "demo-nodes", assumeRolePolicyDocument };
    expect(hitOf(detector, iam("CreateRole", params), declared)).toBeUndefined();
    expect(hitOf(detector, iam("CreateRole", { roleName: "demo-nodes" }), declared)).toBeUndefined();
  });

  it("statements that deny", () => {
    const deny = { Effect: "Deny", Principal: "*", Action: "sts:AssumeRole" };
    expect(hitOf(detector, trust("demo-cluster", document(deny, allow(EKS))), declared)).toMatchObject({
      severity: "low",
    });
  });

  it("EKS, which puts the node role into a profile of its own", () => {
    const eks = { sourceIPAddress: "eks.amazonaws.com" };
    const params = { roleName: "demo-nodes", instanceProfileName: "eks-demo" };
    expect(hitOf(detector, iam("AddRoleToInstanceProfile", params, eks), declared)).toBeUndefined();
  });

  it.each(["TagRole", "UpdateRole", "CreateServiceLinkedRole"])("%s", (api) => {
    expect(hitOf(detector, iam(api, { roleName: "demo-nodes" }), declared)).toBeUndefined();
  });
});
