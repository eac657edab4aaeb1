import { describe, expect, it } from "vitest";
import { awsCall, callers, hitOf } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const declared = { site: { auto: { clusterRoles: ["demo-cluster"] } } };
const ROLE = "arn:aws:iam::111122223333:role/demo-cluster";
const TAG = { key: "eks:eks-cluster-name", value: "demo" };

const assume = (roleArn: string, more: object = {}, params: object = {}) =>
  awsCall({
    eventSource: "sts.amazonaws.com",
    eventName: "AssumeRole",
    requestParameters: { roleArn, roleSessionName: "debug", ...params },
    responseElements: { credentials: { accessKeyId: "ASIAEXAMPLEISSUED001" } },
    ...more,
  });
/** As STS writes it: no parameters, the role in the text alone. */
const denied = (roleArn: string) => ({
  errorCode: "AccessDenied",
  errorMessage: `User: arn:aws:sts::111122223333:assumed-role/Developer/alice is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`,
  requestParameters: null,
  responseElements: null,
});
const eks = { userIdentity: callers.service("eks.amazonaws.com"), sourceIPAddress: "eks.amazonaws.com" };

describe("managed-instances/operator-role-assumed finds", () => {
  it("a declared cluster role assumed by a person: critical, with the issued key", () => {
    const hit = hitOf(detector, assume(ROLE), declared);
    expect(hit).toMatchObject({ severity: "critical", confidence: "high", on: "role/demo-cluster" });
    expect(hit?.sentence).toBe(
      "alice (role Developer) assumed Auto Mode's cluster role demo-cluster as session debug (sts:AssumeRole)",
    );
    expect(hit?.evidence).toContainEqual({
      field: "responseElements.credentials.accessKeyId",
      value: "ASIAEXAMPLEISSUED001",
    });
  });

  it("a denied try, whose record has no parameters: one step less, in the same finding", () => {
    const hit = hitOf(detector, assume("", denied(ROLE)), declared);
    expect(hit).toMatchObject({ severity: "high", on: "role/demo-cluster" });
    expect(hit?.sentence).toContain("tried to assume Auto Mode's cluster role demo-cluster");
  });

  it("a role of the default name: high; tried: medium", () => {
    const role = "arn:aws:iam::111122223333:role/AmazonEKSAutoClusterRole";
    expect(hitOf(detector, assume(role))).toMatchObject({ severity: "high", confidence: "medium" });
    expect(hitOf(detector, assume("", denied(role)))).toMatchObject({ severity: "medium" });
  });

  it.each<[string, object]>([
    ["a web identity", { eventName: "AssumeRoleWithWebIdentity" }],
    [
      "EC2, for an instance",
      { userIdentity: callers.service("ec2.amazonaws.com"), sourceIPAddress: "ec2.amazonaws.com" },
    ],
    ["a pod", { userIdentity: callers.service("pods.eks.amazonaws.com"), sourceIPAddress: "pods.eks.amazonaws.com" }],
    ["a node", { userIdentity: callers.node() }],
    ["the root user", { userIdentity: callers.root() }],
  ])("the cluster role assumed for %s", (_, more) => {
    expect(hitOf(detector, assume(ROLE, more), declared)).toMatchObject({ severity: "critical" });
  });

  it("the cluster's session tag on a role that nobody declared: medium; tried: low", () => {
    const other = "arn:aws:iam::111122223333:role/Launcher";
    const hit = hitOf(detector, assume(other, {}, { tags: [TAG] }));
    expect(hit).toMatchObject({ severity: "medium", on: "role/Launcher" });
    expect(hit?.sentence).toContain("with session tag eks:eks-cluster-name=demo");
    expect(hitOf(detector, assume(other, { errorCode: "AccessDenied" }, { tags: [TAG] }))).toMatchObject({
      severity: "low",
    });
  });
});

describe("managed-instances/operator-role-assumed stays quiet on", () => {
  it("EKS, with the tag, and with a role that nobody declared", () => {
    expect(hitOf(detector, assume(ROLE, eks, { tags: [TAG] }), declared)).toBeUndefined();
    expect(hitOf(detector, assume("arn:aws:iam::111122223333:role/own", eks, { tags: [TAG] }))).toBeUndefined();
  });

  it.each<[string, object]>([
    ["another role", {}],
    ["the tags of Pod Identity", { tags: [{ key: "eks-cluster-name", value: "demo" }] }],
  ])("%s", (_, params) => {
    expect(hitOf(detector, assume("arn:aws:iam::111122223333:role/app", {}, params), declared)).toBeUndefined();
  });

  it("a session token, which is for no role", () => {
    const event = awsCall({ eventSource: "sts.amazonaws.com", eventName: "GetSessionToken" });
    expect(hitOf(detector, event, declared)).toBeUndefined();
  });
});
