import { describe, expect, it } from "vitest";
import { awsCall, callers, hitOf } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const LINKED = "AWSServiceRoleForAmazonEKS";
const declared = { site: { auto: { clusterRoles: ["demo-cluster"] } } };
const by = (userIdentity: unknown, more: object = {}) => awsCall({ userIdentity, ...more });
const denied = { errorCode: "Client.UnauthorizedOperation" };
const forwarded = { sourceIPAddress: "eks.amazonaws.com", userAgent: "eks.amazonaws.com" };

/** The service-linked role, or one of its name under another path. */
function linked(path: string, more: object = {}) {
  const identity = callers.human("AmazonEKS", LINKED);
  const sessionIssuer = {
    ...identity.sessionContext.sessionIssuer,
    arn: `arn:aws:iam::111122223333:role${path}${LINKED}`,
  };
  return { ...identity, sessionContext: { ...identity.sessionContext, sessionIssuer }, ...more };
}
const OWN = "/aws-service-role/eks.amazonaws.com/";

describe("managed-instances/operator-role finds", () => {
  it("a declared cluster role used from an address: critical; denied: one step less, in the same finding", () => {
    const hit = hitOf(detector, by(callers.human("alice", "demo-cluster")), declared);
    expect(hit).toMatchObject({ severity: "critical", confidence: "high", on: "role/demo-cluster", reasons: [] });
    expect(hit?.sentence).toBe(
      "Session alice of demo-cluster, Auto Mode's cluster role, called ec2:DescribeInstances from 198.51.100.7",
    );
    const tried = hitOf(detector, by(callers.human("alice", "demo-cluster"), denied), declared);
    expect(tried).toMatchObject({ severity: "high", on: "role/demo-cluster" });
    expect(tried?.sentence).toContain("tried ec2:DescribeInstances");
  });

  it("a role of the default name: high, and why", () => {
    const hit = hitOf(detector, by(callers.human("alice", "AmazonEKSAutoClusterRole")));
    expect(hit).toMatchObject({ severity: "high", confidence: "medium" });
    expect(hit?.reasons?.[0]).toContain("not declared in auto.clusterRoles");
  });

  it.each(["i-0a1b2c3d4e5f60001", "eks-demo-app-0f0e0d0c-0b0a-4908-8706-050403020100"])(
    "a session that took the name of a node or a pod: %s",
    (name) => {
      const hit = hitOf(detector, by(callers.human(name, "demo-cluster")), declared);
      expect(hit).toMatchObject({ severity: "critical" });
      expect(hit?.sentence).toContain(`Session ${name}`);
    },
  );

  it("a private address, through an endpoint of the VPC", () => {
    const inside = { sourceIPAddress: "10.0.1.7", vpcEndpointId: "vpce-0a1b2c3d4e5f60001" };
    const hit = hitOf(detector, by(callers.human("alice", "demo-cluster"), inside), declared);
    expect(hit).toMatchObject({ severity: "critical" });
    expect(hit?.evidence).toContainEqual({ field: "vpcEndpointId", value: "vpce-0a1b2c3d4e5f60001" });
  });

  it("the service-linked role from an address: critical, nobody can assume it", () => {
    const hit = hitOf(detector, by(linked(OWN)));
    expect(hit).toMatchObject({ severity: "critical", confidence: "high", on: `role/${LINKED}` });
    expect(hit?.sentence).toContain("nobody but EKS can assume");
    expect(hitOf(detector, by(linked(OWN), denied))).toMatchObject({ severity: "high" });
  });

  it("a role that only bears its name, even through a service: high", () => {
    for (const more of [{}, forwarded]) {
      const hit = hitOf(detector, by(linked("/ops/", { invokedBy: "eks.amazonaws.com" }), more));
      expect(hit).toMatchObject({ severity: "high", on: `role/${LINKED}` });
      expect(hit?.sentence).toContain("only bears the name");
    }
    expect(hitOf(detector, by(linked("/"), denied))).toMatchObject({ severity: "medium" });
  });

  it("a record without the role's ARN, from an address: it may be either", () => {
    const { sessionContext: _issuer, ...bare } = callers.human("AmazonEKS", LINKED);
    expect(hitOf(detector, by(bare))).toMatchObject({ severity: "high", confidence: "low" });
    expect(hitOf(detector, by({ ...bare, invokedBy: "eks.amazonaws.com" }, forwarded))).toBeUndefined();
  });
});

describe("managed-instances/operator-role stays quiet on", () => {
  it.each(["eks.amazonaws.com", "ec2fleet.amazonaws.com", "kms.amazonaws.com"])(
    "the cluster role through %s",
    (service) => {
      const through = { sourceIPAddress: service, userAgent: service };
      expect(hitOf(detector, by(callers.human("x", "demo-cluster"), through), declared)).toBeUndefined();
      const invoked = { ...callers.human("x", "demo-cluster"), invokedBy: service };
      expect(hitOf(detector, by(invoked), declared)).toBeUndefined();
    },
  );

  it("the service-linked role through EKS", () => {
    expect(hitOf(detector, by(linked(OWN, { invokedBy: "eks.amazonaws.com" }), forwarded))).toBeUndefined();
  });

  it.each([
    ["another role", callers.human()],
    ["the node role", callers.node()],
    ["another service's linked role", callers.human("x", "AWSServiceRoleForAutoScaling")],
    ["a user", callers.user("demo-cluster")],
  ])("%s", (_, identity) => {
    expect(hitOf(detector, by(identity), declared)).toBeUndefined();
  });
});
