import { describe, expect, it } from "vitest";
import { awsCall, callers, hitOf } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const declared = { site: { auto: { nodeRoles: ["demo-nodes"] } } };
const node = (role = "AmazonEKSAutoNodeRole") => callers.node("i-0a1b2c3d4e5f60001", role);

function call(api: string, more: object = {}) {
  const [service = "", action = ""] = api.split(":");
  return awsCall({ eventSource: `${service}.amazonaws.com`, eventName: action, userIdentity: node(), ...more });
}

describe("imds/node-role-api finds", () => {
  it("a call outside the two policies with a declared role: high", () => {
    const hit = hitOf(detector, call("secretsmanager:GetSecretValue", { userIdentity: node("demo-nodes") }), declared);
    expect(hit).toMatchObject({
      severity: "high",
      on: "role/demo-nodes",
      reasons: [],
      sentence:
        "node i-0a1b2c3d4e5f60001 called secretsmanager:GetSecretValue with role demo-nodes, which no Auto Mode node calls",
    });
    expect(hit?.evidence).toContainEqual({ field: "eventName", value: "secretsmanager:GetSecretValue" });
  });

  it("a denied one: it counts, one step lower, in the same finding", () => {
    const hit = hitOf(
      detector,
      call("iam:ListRoles", { userIdentity: node("demo-nodes"), errorCode: "AccessDenied" }),
      declared,
    );
    expect(hit).toMatchObject({ severity: "medium", on: "role/demo-nodes" });
    expect(hit?.sentence).toContain("was denied iam:ListRoles");
  });

  it("one that failed for another reason: still somebody's try", () => {
    const hit = hitOf(detector, call("s3:CreateBucket", { errorCode: "BucketAlreadyExists" }));
    expect(hit).toMatchObject({ severity: "medium" });
    expect(hit?.sentence).toContain("failed to call");
  });

  it("a role known by its default name only: medium, and why", () => {
    const hit = hitOf(detector, call("s3:ListBuckets"));
    expect(hit).toMatchObject({ severity: "medium" });
    expect(hit?.reasons?.[0]).toContain("not declared in auto.nodeRoles");
  });

  it.each([
    ["by the AWS CLI", {}],
    ["that failed", { userAgent: "Go-http-client/1.1", errorCode: "AccessDenied" }],
    [
      "with the authenticator's user agent through the cluster's VPC",
      { userAgent: "Go-http-client/1.1", vpcEndpointId: "vpce-1" },
    ],
    [
      "with the authenticator's user agent from a private address",
      { userAgent: "Go-http-client/1.1", sourceIPAddress: "10.0.1.7" },
    ],
    ["with a user agent that only begins like the authenticator's", { userAgent: "Go-http-client/1.1 thief" }],
  ])("GetCallerIdentity %s, a thief's first call: medium", (_, more) => {
    expect(hitOf(detector, call("sts:GetCallerIdentity", more))).toMatchObject({ severity: "medium" });
  });

  it("GetCallerIdentity with the authenticator's user agent from the cluster's own egress: medium", () => {
    const site = { egress: ["198.51.100.0/24"] };
    const event = call("sts:GetCallerIdentity", { userAgent: "Go-http-client/1.1" });
    expect(hitOf(detector, event, { site })).toMatchObject({ severity: "medium" });
  });

  it("GetCallerIdentity in the authenticator's shape: informational, one for all nodes, as a user agent clears nothing", () => {
    const hit = hitOf(detector, call("sts:GetCallerIdentity", { userAgent: "Go-http-client/1.1" }));
    expect(hit).toMatchObject({
      severity: "informational",
      confidence: "low",
      by: "role/AmazonEKSAutoNodeRole",
      on: "the authenticator's check",
    });
    expect(hit?.notExempted).toHaveLength(1);
  });

  it("an agent that falls back to the node's role and is denied: low, apart from what else the key does", () => {
    const event = call("ec2:DescribeTags", { errorCode: "Client.UnauthorizedOperation" });
    const subject = { by: "instance/i-0a1b2c3d4e5f60001", on: "role/AmazonEKSAutoNodeRole ec2:DescribeTags" };
    expect(hitOf(detector, event)).toMatchObject({ ...subject, severity: "low", confidence: "low" });
    expect(hitOf(detector, call("ec2:DescribeTags"))).toMatchObject({ ...subject, severity: "medium" });
    expect(hitOf(detector, call("ec2:DescribeVolumes"))?.by).toBeUndefined();
  });

  it("a call that a service forwards for the node: low, with the service named", () => {
    const hit = hitOf(detector, call("kms:Decrypt", { sourceIPAddress: "s3.amazonaws.com" }));
    expect(hit).toMatchObject({ severity: "low" });
    expect(hit?.notExempted?.[0]).toContain("s3.amazonaws.com");
  });
});

describe("imds/node-role-api stays quiet on", () => {
  it.each([
    "eks-auth:AssumeRoleForPodIdentity",
    "ecr:GetAuthorizationToken",
    "ecr:BatchGetImage",
    "ecr:GetDownloadUrlForLayer",
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchImportUpstreamImage",
  ])("%s, which the two policies allow", (api) => {
    expect(hitOf(detector, call(api))).toBeUndefined();
  });

  it("the check of a token that EKS itself makes", () => {
    const forwarded = { sourceIPAddress: "eks.amazonaws.com", userAgent: "eks.amazonaws.com" };
    expect(hitOf(detector, call("sts:GetCallerIdentity", forwarded))).toBeUndefined();
  });

  it("an instance whose role nobody called Auto Mode's", () => {
    expect(hitOf(detector, call("ec2:DescribeInstances", { userIdentity: node("WebServerRole") }))).toBeUndefined();
  });

  it("a person with the node role's name in a session of another role", () => {
    expect(hitOf(detector, call("s3:ListBuckets", { userIdentity: callers.human() }))).toBeUndefined();
  });

  it("an API, or a whole service, that the site allows", () => {
    const event = call("ssm:UpdateInstanceInformation");
    expect(hitOf(detector, event, { params: { apis: ["ssm:UpdateInstanceInformation"] } })).toBeUndefined();
    expect(hitOf(detector, event, { params: { apis: ["ssm:*"] } })).toBeUndefined();
    expect(hitOf(detector, event, { params: { apis: ["s3:*"] } })).toMatchObject({ severity: "medium" });
  });
});
