import { describe, expect, it } from "vitest";
import { awsCall, callers, hitOf } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const AGENT = "aws-sdk-go-v2/1.30.3 os/linux lang/go#1.22.5 md/GOOS#linux md/GOARCH#amd64 api/eksauth#1.6.4";
const CLI = "aws-cli/2.15.38 md/awscrt#0.19.19 ua/2.0 os/linux command/eks-auth.assume-role-for-pod-identity";
const NEWER = "aws-sdk-go-v3/0.1.0 os/linux lang/go#1.29";

const exchange = (userIdentity: object, userAgent = AGENT, more: object = {}) =>
  awsCall({
    eventSource: "eks-auth.amazonaws.com",
    eventName: "AssumeRoleForPodIdentity",
    userIdentity,
    userAgent,
    requestParameters: { clusterName: "demo", token: "HIDDEN_DUE_TO_SECURITY_REASONS" },
    ...more,
  });
const refused = { errorCode: "InvalidTokenException", errorMessage: "The token is not valid" };

/** A session of a role of IAM Identity Center. */
const person = (() => {
  const caller = callers.human("alice", "AWSReservedSSO_Developer_0123456789abcdef");
  const { sessionContext } = caller;
  const arn = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Developer_0123456789abcdef";
  return { ...caller, sessionContext: { ...sessionContext, sessionIssuer: { ...sessionContext.sessionIssuer, arn } } };
})();
const pod = callers.human("eks-demo-checkout-498124c2-a555-40bf-9059-ca9a26821eb0", "checkout");
const egress = { egress: ["198.51.100.0/24"] };
const elsewhere = { sourceIPAddress: "203.0.113.9" };

describe("pod-identity/exchange-outside-agent finds", () => {
  it("a role session with the AWS CLI: high, with caller, delivery and client", () => {
    const hit = hitOf(detector, exchange(callers.human(), CLI));
    expect(hit).toMatchObject({
      severity: "high",
      confidence: "medium",
      on: "pod-identity/demo",
      sentence:
        "alice (role Developer) exchanged a Pod Identity token of cluster demo: no instance's credentials, by a role that may be that of hybrid nodes",
      reasons: [
        "no instance's credentials, by a role that may be that of hybrid nodes",
        "a command line client or script, not the agent",
      ],
    });
    expect(hit?.evidence).toEqual([
      { field: "userIdentity.arn", value: "arn:aws:sts::111122223333:assumed-role/Developer/alice" },
      { field: "userIdentity.sessionContext.ec2RoleDelivery", value: "absent" },
      { field: "userAgent", value: CLI },
      { field: "sourceIPAddress", value: "198.51.100.7" },
    ]);
  });

  it("the same refused: medium, and the same finding", () => {
    const hit = hitOf(detector, exchange(callers.human(), CLI, refused));
    expect(hit).toMatchObject({ severity: "medium", on: "pod-identity/demo" });
    expect(hit?.sentence).toContain("tried to exchange");
  });

  it("a role session that is not proven to be no hybrid node's: low, unsure; medium with an odd client", () => {
    expect(hitOf(detector, exchange(callers.human()))).toMatchObject({ severity: "low", confidence: "low" });
    const caller = callers.human("mi-0a1b2c3d4e5f60001", "HybridNodes");
    expect(hitOf(detector, exchange(caller))).toMatchObject({ severity: "low", confidence: "low" });
    const odd = hitOf(detector, exchange(callers.human(), "python-requests/2.32"));
    expect(odd).toMatchObject({ severity: "medium", confidence: "low" });
  });

  it.each([
    ["an IAM user", callers.user()],
    ["the root user", callers.root()],
    ["a pod's own session", pod],
    ["a person of IAM Identity Center", person],
    ["a session named by a mail address", callers.human("alice@example.com")],
  ])("%s: critical, and still high under the agent's user agent", (_, caller) => {
    expect(hitOf(detector, exchange(caller, CLI))).toMatchObject({ severity: "critical", confidence: "high" });
    expect(hitOf(detector, exchange(caller))).toMatchObject({ severity: "high", confidence: "high" });
  });

  it("a role that is not declared where the node roles are: high", () => {
    const site = { auto: { nodeRoles: ["workers"] } };
    expect(hitOf(detector, exchange(callers.human()), { site })).toMatchObject({
      severity: "high",
      reasons: ["role Developer is declared neither in nodeRoles nor in hybridRoles"],
    });
    expect(hitOf(detector, exchange(callers.human(), CLI), { site })).toMatchObject({ severity: "critical" });
  });

  it("Auto's node role assumed by hand under an instance's name: critical, whatever the client says", () => {
    const hit = hitOf(detector, exchange({ ...callers.node(), sessionContext: byHand("AmazonEKSAutoNodeRole") }));
    expect(hit).toMatchObject({
      severity: "critical",
      reasons: ["a session of Auto Mode's node role that EC2 did not hand out"],
    });
  });

  it("another role assumed by hand under an instance's name: high", () => {
    const caller = { ...callers.node("i-0a1b2c3d4e5f60001", "workers"), sessionContext: byHand("workers") };
    expect(hitOf(detector, exchange(caller))).toMatchObject({
      severity: "high",
      reasons: ["an instance's name without its delivery: assumed by hand"],
    });
  });

  it("the AWS CLI with an Auto node's own credentials: medium, somebody is on the node; low when refused", () => {
    expect(hitOf(detector, exchange(callers.node(), CLI))).toMatchObject({ severity: "medium" });
    expect(hitOf(detector, exchange(callers.node(), "Boto3/1.34 Botocore/1.34"))).toMatchObject({ severity: "medium" });
    expect(hitOf(detector, exchange(callers.node(), CLI, refused))).toMatchObject({ severity: "low" });
  });

  it("the AWS CLI on an instance that is not known to be Auto's: low, an engineer may be on it", () => {
    const caller = callers.node("i-0a1b2c3d4e5f60001", "workers");
    expect(hitOf(detector, exchange(caller, CLI))).toMatchObject({ severity: "low", confidence: "low" });
    const site = { auto: { nodeRoles: ["workers"] } };
    expect(hitOf(detector, exchange(caller, CLI), { site })).toMatchObject({ severity: "medium" });
  });

  it("IMDSv1 credentials of Auto's node role, which Auto does not hand out: high", () => {
    const hit = hitOf(detector, exchange(callers.node("i-0a1b2c3d4e5f60001", "AmazonEKSAutoNodeRole", "1.0")));
    expect(hit).toMatchObject({ severity: "high", reasons: ["credentials from IMDS version 1.0"] });
  });

  it("IMDSv1 credentials of a role that is not known to be Auto's: low, declared ones high", () => {
    const event = exchange(callers.node("i-0a1b2c3d4e5f60001", "workers", "1.0"));
    expect(hitOf(detector, event)).toMatchObject({ severity: "low", confidence: "low" });
    expect(hitOf(detector, event, { site: { auto: { nodeRoles: ["workers"] } } })).toMatchObject({ severity: "high" });
  });

  it("an instance's credentials from a public address that is none of the declared egress", () => {
    const hit = hitOf(detector, exchange(callers.node(), AGENT, elsewhere), { site: egress });
    expect(hit).toMatchObject({ severity: "high", confidence: "high" });
    expect(hit?.reasons?.[0]).toContain("203.0.113.9");
    const workers = exchange(callers.node("i-0a1b2c3d4e5f60001", "workers"), AGENT, elsewhere);
    expect(hitOf(detector, workers, { site: egress })).toMatchObject({ severity: "medium", confidence: "medium" });
  });

  it("a listed hybrid role with a command line client: medium, saying that it was listed", () => {
    const hit = hitOf(detector, exchange(callers.human("node-7", "HybridNodes"), CLI), {
      params: { hybridRoles: ["HybridNodes"] },
    });
    expect(hit).toMatchObject({ severity: "medium", confidence: "medium" });
    expect(hit?.notExempted?.[0]).toContain("hybrid");
  });

  it("a pod's session of a role that is listed as hybrid", () => {
    const hit = hitOf(detector, exchange(pod), { params: { hybridRoles: ["checkout"] } });
    expect(hit).toMatchObject({ severity: "high", notExempted: [] });
  });
});

describe("pod-identity/exchange-outside-agent stays quiet on", () => {
  it.each(["AmazonEKSAutoNodeRole", "managed-node-group", "self-managed"])("the agent on an instance of %s", (role) => {
    expect(hitOf(detector, exchange(callers.node("i-0a1b2c3d4e5f60001", role)))).toBeUndefined();
  });

  it("an agent whose user agent has changed: that alone is no sign", () => {
    expect(hitOf(detector, exchange(callers.node(), NEWER))).toBeUndefined();
  });

  it("an agent on the declared egress, behind a VPC endpoint, or where no egress is declared", () => {
    expect(hitOf(detector, exchange(callers.node()), { site: egress })).toBeUndefined();
    const inside = exchange(callers.node(), AGENT, { sourceIPAddress: "10.0.1.10" });
    expect(hitOf(detector, inside, { site: egress })).toBeUndefined();
    expect(hitOf(detector, exchange(callers.node(), AGENT, elsewhere))).toBeUndefined();
  });

  it("an agent that EKS refuses", () => {
    expect(hitOf(detector, exchange(callers.node(), AGENT, refused))).toBeUndefined();
  });

  it("a listed hybrid role", () => {
    const event = exchange(callers.human("node-7", "HybridNodes"), NEWER);
    expect(hitOf(detector, event, { params: { hybridRoles: ["HybridNodes"] } })).toBeUndefined();
  });

  it("EKS itself", () => {
    expect(hitOf(detector, exchange(callers.service("pods.eks.amazonaws.com")))).toBeUndefined();
  });

  it("other calls of eks-auth, and a call of that name of another service", () => {
    expect(hitOf(detector, exchange(callers.human(), CLI, { eventName: "Other" }))).toBeUndefined();
    expect(hitOf(detector, exchange(callers.human(), CLI, { eventSource: "x.amazonaws.com" }))).toBeUndefined();
  });
});

/** A session context without delivery: AssumeRole by somebody. */
function byHand(role: string) {
  return { sessionIssuer: { type: "Role", arn: `arn:aws:iam::111122223333:role/${role}`, userName: role } };
}
