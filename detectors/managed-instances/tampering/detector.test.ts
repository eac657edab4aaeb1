import { describe, expect, it } from "vitest";
import { awsCall, callers, hitOf } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const NODE = "i-0a1b2c3d4e5f60001";
const declared = { site: { auto: { resources: [NODE, "vol-0a1b2c3d4e5f60001", "eni-0a1b2c3d4e5f60001"] } } };
const TEMPLATE = "eks.amazonaws.com/9f2b7c1d";

const call = (eventName: string, requestParameters: object, more: object = {}) =>
  awsCall({ eventName, requestParameters, ...more });
const stop = (more: object = {}, ...ids: string[]) =>
  call(
    "StopInstances",
    { instancesSet: { items: (ids.length ? ids : [NODE]).map((instanceId) => ({ instanceId })) } },
    more,
  );
const refused = (reason: string, resource = `instance/${NODE}`) => ({
  errorCode: "Client.UnauthorizedOperation",
  errorMessage: `You are not authorized to perform this operation. User: arn:aws:sts::111122223333:assumed-role/Developer/alice is not authorized to perform: ec2:X on resource: arn:aws:ec2:eu-central-1:111122223333:${resource}${reason}. Encoded authorization failure message: EXAMPLE`,
});
const byResource = refused(" with an explicit deny in a resource-based policy");
const byIdentity = refused(" because no identity-based policy allows the ec2:X action");
const metadata = (options: object, more: object = {}) =>
  call(
    "ModifyInstanceMetadataOptions",
    { ModifyInstanceMetadataOptionsRequest: { InstanceId: NODE, ...options } },
    more,
  );
/** Whatever he tries, with whatever keys. */
const ALICE = { by: `principal/${callers.human().arn}`, on: "changes to EC2, 2026-11-22" };
const many = Array.from({ length: 5 }, (_, index) => `i-0a1b2c3d4e5f6000${index + 1}`);

describe("managed-instances/tampering finds", () => {
  it("a refused change of a declared resource by a person: high, whatever the reason", () => {
    const hit = hitOf(detector, stop(byIdentity), declared);
    expect(hit).toMatchObject({ severity: "high", confidence: "high", ...ALICE });
    expect(hit?.sentence).toBe(
      `alice (role Developer) tried ec2:StopInstances on ${NODE}, which EKS Auto Mode manages (UnauthorizedOperation)`,
    );
    expect(hit?.evidence).toContainEqual({ field: "managed", value: "declared in auto.resources" });
  });

  it("one that got through, in the same finding: critical", () => {
    const hit = hitOf(detector, stop(), declared);
    expect(hit).toMatchObject({ severity: "critical", ...ALICE });
    expect(hit?.sentence).toContain("got through with ec2:StopInstances");
  });

  it.each<[string, object, string]>([
    ["the root user", { userIdentity: callers.root() }, "high"],
    ["a pod", { userIdentity: callers.human("eks-demo-app-0f0e0d0c-0b0a-4908-8706-050403020100", "app") }, "medium"],
    ["a service on its own account", { userIdentity: callers.service("ssm.amazonaws.com") }, "medium"],
    ["a service for somebody", { sourceIPAddress: "cloudformation.amazonaws.com" }, "medium"],
    ["a node's own credentials", { userIdentity: callers.node() }, "high"],
  ])("a refusal by who asked: %s", (_, caller, severity) => {
    expect(hitOf(detector, stop({ ...byResource, ...caller }), declared)).toMatchObject({ severity });
  });

  it.each([
    ["StartInstances"],
    ["TerminateInstances"],
    ["ReplaceIamInstanceProfileAssociation"],
    ["CreateReplaceRootVolumeTask"],
    ["AttachVolume"],
    ["ModifyInstanceAttribute"],
  ])("%s by customers, which EC2 refuses", (api) => {
    expect(hitOf(detector, call(api, { instanceId: NODE }, byResource), declared)).toMatchObject({ severity: "high" });
  });

  it("a resource that only the refusal names, as where an association is named instead", () => {
    const event = call(
      "ReplaceIamInstanceProfileAssociation",
      { ReplaceIamInstanceProfileAssociationRequest: { AssociationId: "iip-assoc-0a1b2c3d4e5f60001" } },
      byIdentity,
    );
    expect(hitOf(detector, event, declared)).toMatchObject({ severity: "high" });
  });

  it("a resource that only the answer names", () => {
    const answer = { iamInstanceProfileAssociation: { instanceId: NODE } };
    const event = call(
      "DisassociateIamInstanceProfile",
      { DisassociateIamInstanceProfileRequest: { AssociationId: "iip-assoc-0a1b2c3d4e5f60001" } },
      { responseElements: { DisassociateIamInstanceProfileResponse: answer } },
    );
    expect(hitOf(detector, event, declared)).toMatchObject({ severity: "critical" });
  });

  it("a launch template of EKS's own, by its name, without any configuration", () => {
    const params = { ModifyLaunchTemplateRequest: { LaunchTemplateName: TEMPLATE, SetDefaultVersion: "2" } };
    const hit = hitOf(detector, call("ModifyLaunchTemplate", params));
    expect(hit).toMatchObject({ severity: "critical", confidence: "high" });
    expect(hit?.sentence).toContain(TEMPLATE);
    expect(hitOf(detector, call("ModifyLaunchTemplate", params, byIdentity))).toMatchObject({ severity: "high" });
  });

  it("the operator in the answer", () => {
    const operator = { managed: true, principal: "eks.amazonaws.com" };
    const event = stop({ responseElements: { instancesSet: { items: [{ instanceId: NODE, operator }] } } });
    expect(hitOf(detector, event)).toMatchObject({ severity: "critical" });
  });

  it("metadata options that are opened, in words", () => {
    const hit = hitOf(detector, metadata({ HttpTokens: "optional", HttpPutResponseHopLimit: 2 }, byResource), declared);
    expect(hit).toMatchObject({ severity: "high" });
    expect(hit?.sentence).toContain("to let in requests without a token (IMDSv1) and 2 hops, so that pods reach it");
    const plain = call("ModifyInstanceMetadataOptions", { instanceId: NODE, httpTokens: "optional" }, byResource);
    expect(hitOf(detector, plain, declared)?.sentence).toContain("IMDSv1");
  });

  it("metadata options that are closed, as remediation tools do: low while refused", () => {
    const closing = { HttpTokens: "required", HttpPutResponseHopLimit: 1 };
    const hit = hitOf(detector, metadata(closing, byResource), declared);
    expect(hit).toMatchObject({ severity: "low" });
    expect(hit?.notExempted?.[0]).toContain("close more than they open");
    expect(hitOf(detector, metadata(closing), declared)).toMatchObject({ severity: "critical" });
  });

  it("user data and security groups by name", () => {
    const userData = call("ModifyInstanceAttribute", { instanceId: NODE, userData: "<hidden>" }, byResource);
    expect(hitOf(detector, userData, declared)?.sentence).toContain("ec2:ModifyInstanceAttribute of user data");
    const attribute = call("ModifyInstanceAttribute", { instanceId: NODE, attribute: "groupSet" }, byResource);
    expect(hitOf(detector, attribute, declared)?.sentence).toContain("of security groups");
    const type = call("ModifyInstanceAttribute", { instanceId: NODE, attribute: "instanceType" }, byResource);
    expect(hitOf(detector, type, declared)?.sentence).toContain("ec2:ModifyInstanceAttribute on");
    const groups = { networkInterfaceId: "eni-0a1b2c3d4e5f60001", groupSet: { items: [{ groupId: "sg-1" }] } };
    expect(hitOf(detector, call("ModifyNetworkInterfaceAttribute", groups), declared)?.sentence).toContain(
      "of security groups",
    );
  });

  it("a refusal by the resource's own policy, unconfigured: a hint, medium where it is a takeover", () => {
    const hit = hitOf(detector, metadata({ HttpTokens: "optional" }, byResource));
    expect(hit).toMatchObject({ severity: "medium", confidence: "low" });
    expect(hit?.sentence).toContain("which refused it as a managed resource does");
    expect(hitOf(detector, stop(byResource))).toMatchObject({ severity: "low", confidence: "low" });
    expect(hitOf(detector, stop({ ...byResource, userIdentity: callers.root() }))).toMatchObject({
      severity: "medium",
    });
  });

  it("a refusal that names EKS, or that names no resource where the call does", () => {
    const named = {
      errorCode: "Client.OperationNotPermitted",
      errorMessage: "The resource is operated by eks.amazonaws.com.",
    };
    expect(hitOf(detector, metadata({ HttpTokens: "optional" }, named))).toMatchObject({ severity: "medium" });
    const both = { InstanceId: NODE, SnapshotId: "snap-0a1b2c3d4e5f60001" };
    const event = call("CreateReplaceRootVolumeTask", { CreateReplaceRootVolumeTaskRequest: both }, named);
    expect(hitOf(detector, event)).toMatchObject({ severity: "medium", confidence: "low" });
  });

  it("a refusal without a reason, unconfigured: low, and of the rarest changes only", () => {
    const unexplained = { errorCode: "UnauthorizedOperation", errorMessage: "You are not authorized." };
    expect(hitOf(detector, metadata({ HttpTokens: "optional" }, unexplained))).toMatchObject({
      severity: "low",
      confidence: "low",
    });
    expect(hitOf(detector, stop(unexplained))).toBeUndefined();
  });

  it("EKS's tags, or all tags, taken away: high, tried: medium", () => {
    const untag = (items: object[], more: object = {}) =>
      call("DeleteTags", { resourcesSet: { items: [{ resourceId: NODE }] }, tagSet: { items } }, more);
    const key = { key: "eks:kubernetes-node-pool-name" };
    expect(hitOf(detector, untag([{ key: "cost" }, key]))).toMatchObject({ severity: "high" });
    expect(hitOf(detector, untag([key], byIdentity))).toMatchObject({ severity: "medium" });
    expect(hitOf(detector, untag([]), declared)).toMatchObject({ severity: "high" });
  });

  it("a call that names many instances: one low finding a principal and day, while it is refused", () => {
    const sweep = { by: "principal/Developer", on: "all instances, 2026-11-22" };
    const hit = hitOf(detector, stop(byResource, ...many), declared);
    expect(hit).toMatchObject({ ...sweep, severity: "low" });
    expect(hit?.notExempted).toEqual(["5 instances in one call"]);
    expect(hitOf(detector, stop({}, ...many), declared)).toMatchObject({ ...sweep, severity: "critical" });
    expect(hitOf(detector, stop(byResource, ...many.slice(0, 4)), declared)).toMatchObject(ALICE);
    const root = stop({ ...byResource, userIdentity: callers.root() }, ...many);
    expect(hitOf(detector, root, declared)).toMatchObject({ severity: "high" });
  });

  it("a tool that is listed, one instance after the other", () => {
    const params = { sweepers: ["Developer"] };
    const hit = hitOf(detector, stop(byResource), { ...declared, params });
    expect(hit).toMatchObject({ by: "principal/Developer", on: "all instances, 2026-11-22", severity: "low" });
    expect(hitOf(detector, stop(), { ...declared, params })).toMatchObject({ severity: "critical" });
  });
});

describe("managed-instances/tampering stays quiet on", () => {
  it.each<[string, object]>([
    ["a refusal that an identity policy explains", byIdentity],
    ["one that the organisation explains", refused(" with an explicit deny in a service control policy")],
    [
      "one by another kind of resource, which has policies of its own",
      refused(" with an explicit deny in a resource-based policy", "subnet/subnet-1"),
    ],
    ["a change that went through", {}],
    ["a change that failed", { errorCode: "Client.IncorrectInstanceState", errorMessage: "not running" }],
  ])("an instance that is not known: %s", (_, more) => {
    expect(hitOf(detector, metadata({ HttpTokens: "optional" }, more))).toBeUndefined();
  });

  it("tags that are not EKS's", () => {
    const cost = { resourcesSet: { items: [{ resourceId: NODE }] }, tagSet: { items: [{ key: "cost", value: "1" }] } };
    expect(hitOf(detector, call("CreateTags", cost), declared)).toBeUndefined();
    expect(hitOf(detector, call("DeleteTags", cost), declared)).toBeUndefined();
    const group = { ...cost, tagSet: { items: [{ key: "eks:nodegroup-name" }] } };
    expect(hitOf(detector, call("DeleteTags", group))).toBeUndefined();
  });

  it("reads, which are another finding", () => {
    expect(hitOf(detector, call("GetConsoleOutput", { instanceId: NODE }), declared)).toBeUndefined();
    expect(hitOf(detector, call("DescribeInstances", { instanceId: NODE }), declared)).toBeUndefined();
  });

  it.each(["TerminateInstances", "DeleteLaunchTemplate", "AttachVolume", "ModifyNetworkInterfaceAttribute"])(
    "EKS's own %s, but not what EKS never does",
    (api) => {
      const eks = { sourceIPAddress: "eks.amazonaws.com" };
      expect(hitOf(detector, call(api, { instanceId: NODE }, eks), declared)).toBeUndefined();
      expect(hitOf(detector, call("StopInstances", { instanceId: NODE }, eks), declared)).toBeDefined();
    },
  );

  it("nobody who only bears the name of EKS's role", () => {
    const named = { ...callers.human("AmazonEKS", "AWSServiceRoleForAmazonEKS"), invokedBy: "eks.amazonaws.com" };
    expect(
      hitOf(detector, call("TerminateInstances", { instanceId: NODE }, { userIdentity: named }), declared),
    ).toBeDefined();
  });
});
