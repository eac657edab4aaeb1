import { describe, expect, it } from "vitest";
import { awsCall, callers } from "../../../test/support/events.ts";
import { tagsOf } from "./tags.ts";

describe("outcome", () => {
  it.each<[string, object, string, string]>([
    ["no error is a success", {}, "success", ""],
    ["EC2 prefixes Client.", { errorCode: "Client.UnauthorizedOperation" }, "denied", "UnauthorizedOperation"],
    ["a suffix Exception is dropped", { errorCode: "AccessDeniedException" }, "denied", "AccessDenied"],
    [
      "any other error is a failure",
      { errorCode: "Client.InvalidInstanceID.NotFound" },
      "failed",
      "InvalidInstanceID.NotFound",
    ],
  ])("%s", (_, overrides, outcome, errorCode) => {
    expect(awsCall(overrides)).toMatchObject({ outcome, errorCode });
  });

  it("finds EKS' text in responseElements.message: an answer does not mean success", () => {
    const call = awsCall({
      eventSource: "eks.amazonaws.com",
      eventName: "CreateAccessEntry",
      errorCode: "AccessDenied",
      responseElements: { message: "User: x is not authorized" },
    });
    expect(call).toMatchObject({ outcome: "denied", message: "User: x is not authorized" });
  });
});

describe("who", () => {
  const pod = callers.human("eks-eksworksho-app1-498124c2-a555-40bf-9059-ca9a26821eb0", "app");
  it.each<[string, unknown, string]>([
    ["a person's role session", callers.human(), "human"],
    ["an IAM user", callers.user(), "human"],
    ["root", callers.root(), "root"],
    ["an instance's session", callers.node(), "node"],
    ["a session named like an instance, assumed by hand", callers.node("i-0a1b2c3d4e5f60001", "R", undefined), "node"],
    ["an instance role's session of any name, by its delivery", callers.node("odd", "R", "1.0"), "node"],
    ["a Pod Identity session", pod, "pod"],
    ["a session that only begins like one of EKS is a person's", callers.human("eks-auto-compute"), "human"],
    ["a service on its own account", callers.service(), "aws-service"],
    [
      "the service-linked role through its service",
      {
        ...callers.human("AmazonEKS", "AWSServiceRoleForAmazonEKS"),
        invokedBy: "eks.amazonaws.com",
        sessionContext: {
          sessionIssuer: {
            arn: "arn:aws:iam::111122223333:role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS",
            userName: "AWSServiceRoleForAmazonEKS",
          },
        },
      },
      "control-plane",
    ],
    [
      "a role of that name under another path is anybody's",
      { ...callers.human("AmazonEKS", "AWSServiceRoleForAmazonEKS"), invokedBy: "eks.amazonaws.com" },
      "human",
    ],
    ["a web identity", { type: "WebIdentityUser", userName: "system:serviceaccount:frontend:api" }, "web-identity"],
    ["nothing at all", undefined, "unknown"],
  ])("%s", (_, userIdentity, kind) => {
    expect(awsCall({ userIdentity }).actor.kind).toBe(kind);
  });

  it("has a role of its own only where a role issued the session", () => {
    expect(awsCall().actor.roleName).toBe("Developer");
    const issuedBy = (type: string) => ({
      type: "FederatedUser",
      sessionContext: { sessionIssuer: { type, userName: "bob" } },
    });
    expect(awsCall({ userIdentity: issuedBy("IAMUser") }).actor.roleName).toBeUndefined();
  });

  it("keeps an address apart from a service's name", () => {
    expect(awsCall({ sourceIPAddress: "192.0.2.44" })).toMatchObject({ sourceIP: "192.0.2.44" });
    expect(awsCall({ sourceIPAddress: "eks.amazonaws.com" })).toMatchObject({ viaService: "eks.amazonaws.com" });
    expect(awsCall({ sourceIPAddress: "eks.amazonaws.com" }).sourceIP).toBeUndefined();
  });
});

describe("tags stand in many shapes", () => {
  it.each<[string, unknown]>([
    ["STS", { tags: [{ key: "k", value: "v" }] }],
    ["CreateTags", { tagSet: { items: [{ key: "k", value: "v" }] } }],
    [
      "RunInstances",
      { tagSpecificationSet: { items: [{ resourceType: "instance", tags: [{ key: "k", value: "v" }] }] } },
    ],
    [
      "CreateFleet, single elements without their lists",
      {
        CreateFleetRequest: {
          TagSpecification: { ResourceType: "instance", tag: 1, Tag: { Key: "k", Value: "v", tag: 1 } },
        },
      },
    ],
    [
      "CreateFleet, lists",
      { CreateFleetRequest: { TagSpecification: [{ ResourceType: "instance", Tag: [{ Key: "k", Value: "v" }] }] } },
    ],
    ["EKS writes a map", { tags: { k: "v" } }],
  ])("%s", (_, params) => {
    expect(tagsOf(params)).toContainEqual({ key: "k", value: "v" });
  });

  it("prints a value that is no string", () => {
    expect(tagsOf({ tags: [{ Key: "n", Value: 7 }] })).toEqual([{ key: "n", value: "7" }]);
  });
});

describe("facets", () => {
  it("decodes an ARN that is a path label", () => {
    const { facets, scope } = awsCall({
      eventSource: "eks.amazonaws.com",
      eventName: "AssociateAccessPolicy",
      requestParameters: {
        name: "prod",
        principalArn: "arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fx",
        policyArn: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
      },
    });
    expect(facets.accessEntry).toMatchObject({ cluster: "prod", principalArn: "arn:aws:iam::111122223333:role/x" });
    expect(scope.cluster).toBe("prod");
  });

  it("reads what STS issued, to whom and by whose asking", () => {
    const { facets } = awsCall({
      eventSource: "sts.amazonaws.com",
      eventName: "AssumeRole",
      userIdentity: callers.service("ec2.amazonaws.com"),
      sourceIPAddress: "ec2.amazonaws.com",
      requestParameters: {
        roleArn: "arn:aws:iam::111122223333:role/team/Node",
        roleSessionName: "i-0a1b2c3d4e5f60001",
      },
      responseElements: { credentials: { accessKeyId: "ASIAEXAMPLE" } },
    });
    expect(facets.stsIssue).toMatchObject({
      roleName: "Node",
      sessionName: "i-0a1b2c3d4e5f60001",
      invokedBy: "ec2.amazonaws.com",
      issuedKey: "ASIAEXAMPLE",
    });
  });

  it("collects EC2 ids wherever a call has them, and what proves that EKS owns the resource", () => {
    const ids = awsCall({
      eventName: "AttachVolume",
      requestParameters: { volumeId: "vol-0123456789abcdef0", instanceId: "i-0a1b2c3d4e5f60001" },
    }).facets.ec2Call;
    expect(ids?.resources.map(({ type }) => type).sort()).toEqual(["instance", "volume"]);
    expect(ids?.proof).toBeUndefined();
    expect(
      awsCall({
        eventName: "DeleteLaunchTemplate",
        requestParameters: { DeleteLaunchTemplateRequest: { LaunchTemplateName: "eks.amazonaws.com/abc" } },
      }).facets.ec2Call?.proof,
    ).toBe("launch template eks.amazonaws.com/abc");
    expect(
      awsCall({
        eventName: "StopInstances",
        responseElements: {
          instancesSet: {
            items: [{ instanceId: "i-0a1b2c3d4e5f60001", operator: { managed: true, principal: "eks.amazonaws.com" } }],
          },
        },
      }).facets.ec2Call?.proof,
    ).toContain("operator");
    expect(
      awsCall({
        eventName: "CreateTags",
        requestParameters: { tagSet: { items: [{ key: "eks:eks-cluster-name", value: "x" }] } },
      }).facets.ec2Call?.proof,
    ).toBeUndefined();
  });

  it("takes a launch template of EKS's own for proof, but no tag of that spelling", () => {
    const run = (requestParameters: object) =>
      awsCall({ eventName: "RunInstances", requestParameters }).facets.ec2Call?.proof;
    expect(run({ launchTemplate: { launchTemplateName: "eks.amazonaws.com/abc" } })).toContain("launch template");
    const tags = [{ key: "eks.amazonaws.com/compute-type", value: "eks.amazonaws.com/auto" }];
    expect(run({ tagSpecificationSet: { items: [{ resourceType: "instance", tags }] } })).toBeUndefined();
  });

  it("takes EKS's tag in the answer for proof, unless the request set it or Karpenter stands beside it", () => {
    const proof = (requestParameters: object, ...keys: string[]) => {
      const tagSet = { item: keys.map((key) => ({ key, value: "x" })) };
      const responseElements = { CreateSnapshotsResponse: { snapshotSet: { item: [{ tagSet }] } } };
      return awsCall({ eventName: "CreateSnapshots", requestParameters, responseElements }).facets.ec2Call?.proof;
    };
    expect(proof({}, "team", "eks:eks-cluster-name")).toBe("tag eks:eks-cluster-name in the answer");
    expect(proof({}, "eks:eks-cluster-name", "karpenter.k8s.aws/ec2nodeclass")).toBeUndefined();
    expect(proof({ tags: [{ key: "eks:eks-cluster-name", value: "x" }] }, "eks:eks-cluster-name")).toBeUndefined();
    expect(proof({}, "team")).toBeUndefined();
  });

  const refusal = (action: string, resource: string) => ({
    errorCode: "AccessDenied",
    errorMessage: `User: arn:aws:iam::111122223333:user/bob is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`,
  });

  it("reads what a denied call was about from the refusal, where the record has no parameters", () => {
    const role = "arn:aws:iam::111122223333:role/team/Node";
    const assumed = awsCall({
      eventSource: "sts.amazonaws.com",
      eventName: "AssumeRole",
      ...refusal("sts:AssumeRole", role),
    });
    expect(assumed.facets.stsIssue).toMatchObject({ roleArn: role, roleName: "Node", sessionName: "" });
    const iam = (resource: string) =>
      awsCall({
        eventSource: "iam.amazonaws.com",
        eventName: "PutRolePolicy",
        ...refusal("iam:PutRolePolicy", resource),
      }).facets.iamWrite?.roleName;
    expect(iam("role Node")).toBe("Node");
    expect(iam(role)).toBe("Node");
    expect(iam("instance profile Node")).toBe("");
    const session = awsCall({
      eventSource: "ssm.amazonaws.com",
      eventName: "StartSession",
      ...refusal("ssm:StartSession", "arn:aws:ec2:eu-central-1:111122223333:instance/i-0a1b2c3d4e5f60001"),
    });
    expect(session.facets.instanceAccess?.instances).toEqual(["i-0a1b2c3d4e5f60001"]);
  });

  it("reads an association's instance from EC2's refusal", () => {
    const call = awsCall({
      eventName: "DisassociateIamInstanceProfile",
      requestParameters: { DisassociateIamInstanceProfileRequest: { AssociationId: "iip-assoc-1" } },
      ...refusal("ec2:X", "arn:aws:ec2:eu-central-1:111122223333:instance/i-0a1b2c3d4e5f60001"),
    });
    expect(call.facets.ec2Call?.resources).toEqual([{ type: "instance", id: "i-0a1b2c3d4e5f60001" }]);
  });

  it("finds an instance that Systems Manager could not reach, and what chooses instances that are not named", () => {
    const ssm = (eventName: string, more: object) =>
      awsCall({ eventSource: "ssm.amazonaws.com", eventName, ...more }).facets.instanceAccess;
    const errorMessage = "i-0a1b2c3d4e5f60001 is not connected.";
    expect(ssm("StartSession", { errorCode: "TargetNotConnected", errorMessage })).toMatchObject({
      instances: ["i-0a1b2c3d4e5f60001"],
      targetKeys: [],
    });
    const targets = [{ key: "tag:team", values: ["i-am-no-instance"] }];
    expect(ssm("SendCommand", { requestParameters: { documentName: "D", targets } })).toMatchObject({
      instances: [],
      targetKeys: ["tag:team"],
      document: "D",
    });
  });

  it("knows a role's session by whatever name it was given", () => {
    const named = (session: string) => awsCall({ userIdentity: callers.human(session, "Ops") }).facets.roleSession;
    for (const session of ["alice", "i-0a1b2c3d4e5f60001"])
      expect(named(session)).toMatchObject({ roleName: "Ops", sessionName: session });
    expect(awsCall({ userIdentity: callers.user() }).facets.roleSession).toBeUndefined();
  });

  it("tells a list of pools that is empty from one that is not there", () => {
    const pools = (computeConfig: object) =>
      awsCall({
        eventSource: "eks.amazonaws.com",
        eventName: "UpdateClusterConfig",
        requestParameters: { name: "prod", computeConfig },
      }).facets.clusterConfig?.nodePools;
    expect(pools({ nodePools: [] })).toEqual([]);
    expect(pools({ nodePools: ["system"] })).toEqual(["system"]);
    expect(pools({ enabled: true })).toBeUndefined();
  });

  it.each<[string, object, string | undefined]>([
    [
      "audit logging switched off",
      {
        eventSource: "eks.amazonaws.com",
        eventName: "UpdateClusterConfig",
        requestParameters: { name: "prod", logging: { clusterLogging: [{ types: ["audit"], enabled: false }] } },
      },
      "off",
    ],
    [
      "audit logging switched on",
      {
        eventSource: "eks.amazonaws.com",
        eventName: "UpdateClusterConfig",
        requestParameters: { name: "prod", logging: { clusterLogging: [{ types: ["audit"], enabled: true }] } },
      },
      undefined,
    ],
    [
      "a subscription replaced",
      {
        eventSource: "logs.amazonaws.com",
        eventName: "PutSubscriptionFilter",
        requestParameters: { logGroupName: "/aws/eks/prod/cluster", filterPattern: "nothing" },
      },
      "reroute",
    ],
    [
      "a trail stopped",
      { eventSource: "cloudtrail.amazonaws.com", eventName: "StopLogging", requestParameters: { name: "org" } },
      "off",
    ],
    [
      "selectors changed",
      {
        eventSource: "cloudtrail.amazonaws.com",
        eventName: "PutEventSelectors",
        requestParameters: {
          trailName: "org",
          eventSelectors: [{ readWriteType: "WriteOnly", includeManagementEvents: true }],
        },
      },
      "narrow",
    ],
  ])("log change: %s", (_, overrides, effect) => {
    expect(awsCall(overrides).facets.logChange?.effect).toBe(effect);
  });

  it("tells a selector that keeps reads from one that loses them", () => {
    const selectors = (requestParameters: object) =>
      awsCall({ eventSource: "cloudtrail.amazonaws.com", eventName: "PutEventSelectors", requestParameters }).facets
        .logChange?.detail;
    expect(selectors({ eventSelectors: [{ readWriteType: "All", includeManagementEvents: true }] })).toContain(
      "still recorded",
    );
    expect(selectors({ eventSelectors: [{ readWriteType: "WriteOnly", includeManagementEvents: true }] })).toContain(
      "lost",
    );
    const advanced = (...fields: object[]) =>
      selectors({
        advancedEventSelectors: [{ fieldSelectors: [{ field: "eventCategory", equals: ["Management"] }, ...fields] }],
      });
    expect(advanced()).toContain("still recorded");
    expect(advanced({ field: "readOnly", equals: ["false"] })).toContain("lost");
    expect(advanced({ field: "readOnly", notEquals: ["true"] })).toContain("lost");
    expect(advanced({ field: "eventSource", notEquals: ["sts.amazonaws.com"] })).toContain("lost");
    expect(advanced({ field: "eventSource", notEquals: ["kms.amazonaws.com"] })).toContain("still recorded");
    expect(advanced({ field: "eventSource", notStartsWith: ["eks"] })).toContain("lost");
    expect(advanced({ field: "eventSource", notEndsWith: ["rdsdata.amazonaws.com"] })).toContain("still recorded");
    expect(advanced({ field: "eventSource", equals: ["s3.amazonaws.com"] })).toContain("lost");
    expect(advanced({ field: "eventSource", endsWith: [".amazonaws.com"] })).toContain("still recorded");
    expect(advanced({ field: "eventName", notEquals: ["AssumeRole"] })).toContain("lost");
    expect(advanced({ field: "userIdentity.arn", notStartsWith: ["arn:aws:sts::111122223333:"] })).toContain("lost");
  });
});
