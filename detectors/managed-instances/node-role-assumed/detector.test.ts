import { describe, expect, it } from "vitest";
import { awsCall, callers, hitOf } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const declared = { site: { auto: { nodeRoles: ["demo-nodes"] } } };
const VICTIM = "i-0a1b2c3d4e5f60002";

const assume = (role: string, roleSessionName: string, more: object = {}) =>
  awsCall({
    eventSource: "sts.amazonaws.com",
    eventName: "AssumeRole",
    requestParameters: { roleArn: `arn:aws:iam::111122223333:role/${role}`, roleSessionName },
    responseElements: { credentials: { accessKeyId: "ASIAEXAMPLEISSUED001" } },
    ...more,
  });
/** As STS writes it: no parameters, the role in the text alone. */
const denied = (role: string) => ({
  errorCode: "AccessDenied",
  errorMessage: `User: arn:aws:sts::111122223333:assumed-role/Developer/alice is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::111122223333:role/${role}`,
  requestParameters: null,
  responseElements: null,
});
const by = (principal: string) => ({ userIdentity: callers.service(principal), sourceIPAddress: principal });

describe("managed-instances/node-role-assumed finds", () => {
  it.each([
    ["a declared role", "demo-nodes", "high"],
    ["a role of the default name", "AmazonEKSAutoNodeRole", "medium"],
  ])("%s assumed under a node's name: critical", (_, role, confidence) => {
    const hit = hitOf(detector, assume(role, VICTIM), declared);
    expect(hit).toMatchObject({ severity: "critical", confidence, on: `role/${role}` });
    expect(hit?.sentence).toBe(`alice (role Developer) assumed the node role ${role} as node ${VICTIM}`);
    expect(hit?.evidence).toContainEqual({ field: "requestParameters.roleSessionName", value: VICTIM });
  });

  it("under another name: high where declared, medium by the role's name", () => {
    expect(hitOf(detector, assume("demo-nodes", "debug"), declared)).toMatchObject({ severity: "high" });
    const hit = hitOf(detector, assume("AmazonEKSAutoNodeRole", "debug"));
    expect(hit).toMatchObject({ severity: "medium" });
    expect(hit?.sentence).toContain("as session debug");
    expect(hit?.reasons?.[0]).toContain("not declared in auto.nodeRoles");
  });

  it("a denied try: one step less, in the same finding; its record may not say the name", () => {
    const refused = { errorCode: "AccessDenied", responseElements: null };
    expect(hitOf(detector, assume("demo-nodes", VICTIM, refused), declared)).toMatchObject({
      severity: "high",
      on: "role/demo-nodes",
    });
    const hit = hitOf(detector, assume("", "", denied("demo-nodes")), declared);
    expect(hit).toMatchObject({ severity: "medium", on: "role/demo-nodes" });
    expect(hit?.sentence).toBe("alice (role Developer) tried to assume the node role demo-nodes");
    expect(hitOf(detector, assume("", "", denied("AmazonEKSAutoNodeRole")))).toMatchObject({ severity: "low" });
  });

  it.each<[string, object]>([
    ["a node, its own role", { userIdentity: callers.node("i-0a1b2c3d4e5f60001", "demo-nodes") }],
    ["another service", by("ssm.amazonaws.com")],
    ["EKS for a pod", by("pods.eks.amazonaws.com")],
    ["a service account", { eventName: "AssumeRoleWithWebIdentity" }],
  ])("whoever is not EC2: %s", (_, more) => {
    expect(hitOf(detector, assume("demo-nodes", VICTIM, more), declared)).toMatchObject({ severity: "critical" });
  });
});

describe("managed-instances/node-role-assumed, where no node role is declared,", () => {
  it("finds any role under an instance's name: low and unsure", () => {
    const hit = hitOf(detector, assume("prod-nodes", VICTIM));
    expect(hit).toMatchObject({ severity: "low", confidence: "low", on: "role/prod-nodes" });
    expect(hit?.sentence).toBe(`alice (role Developer) assumed role prod-nodes as node ${VICTIM}`);
    expect(hit?.reasons?.[0]).toContain("declare it in auto.nodeRoles");
  });

  it.each<[string, string, string, object]>([
    ["an instance under its own name", "app", VICTIM, { userIdentity: callers.node(VICTIM, "web") }],
    ["a service of AWS", "app", VICTIM, by("ssm.amazonaws.com")],
    ["another role under another name", "app", "deploy", {}],
  ])("stays quiet on %s", (_, role, session, more) => {
    expect(hitOf(detector, assume(role, session, more))).toBeUndefined();
  });
});

describe("managed-instances/node-role-assumed stays quiet on", () => {
  it("EC2, which hands the role to an instance", () => {
    expect(hitOf(detector, assume("demo-nodes", VICTIM, by("ec2.amazonaws.com")), declared)).toBeUndefined();
  });

  it.each([
    ["another role under an instance's name", "WebServerRole"],
    ["the cluster role, which is another finding", "AmazonEKSAutoClusterRole"],
  ])("%s", (_, role) => {
    expect(hitOf(detector, assume(role, VICTIM), declared)).toBeUndefined();
  });
});
