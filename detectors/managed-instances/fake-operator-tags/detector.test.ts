import { describe, expect, it } from "vitest";
import { awsCall, callers, hitOf } from "../../../test/support/events.ts";
import { detector } from "./detector.ts";

const POOL = "eks:kubernetes-node-pool-name";
const CLUSTER = "eks:eks-cluster-name";
const KARPENTER = ["karpenter.sh/nodepool", "karpenter.k8s.aws/ec2nodeclass"];
const TEMPLATE = "eks.amazonaws.com/9f2b7c1d";
const denied = { errorCode: "Client.UnauthorizedOperation" };

const items = (keys: readonly string[]) => keys.map((key) => ({ key, value: "x" }));
const run = (keys: readonly string[], more: object = {}) =>
  awsCall({
    eventName: "RunInstances",
    requestParameters: { tagSpecificationSet: { items: [{ resourceType: "instance", tags: items(keys) }] } },
    ...more,
  });
const tag = (resourceId: string, keys: readonly string[], more: object = {}) =>
  awsCall({
    eventName: "CreateTags",
    requestParameters: { resourcesSet: { items: [{ resourceId }] }, tagSet: { items: items(keys) } },
    ...more,
  });
const fleet = (keys: readonly string[], more: object = {}) =>
  awsCall({
    eventName: "CreateFleet",
    requestParameters: {
      CreateFleetRequest: {
        TagSpecification: [{ ResourceType: "instance", tag: 1, Tag: keys.map((Key) => ({ Key, Value: "x", tag: 1 })) }],
      },
    },
    ...more,
  });

describe("managed-instances/fake-operator-tags finds", () => {
  it("an instance launched with Auto Mode's own tags: high; tried: medium, in the same finding", () => {
    const hit = hitOf(detector, run([CLUSTER, POOL, "team"]));
    expect(hit).toMatchObject({ severity: "high", confidence: "high", on: "ec2 RunInstances" });
    expect(hit?.sentence).toBe(
      `alice (role Developer) did ec2:RunInstances with tag ${CLUSTER}, ${POOL}, which only EKS Auto Mode does`,
    );
    expect(hit?.evidence).toContainEqual({ field: `tag ${POOL}`, value: "x" });
    expect(hitOf(detector, run([POOL], denied))).toMatchObject({ severity: "medium", on: "ec2 RunInstances" });
  });

  it.each<[string, ReturnType<typeof awsCall>]>([
    ["a fleet", fleet([POOL])],
    ["tags on an instance that runs", tag("i-0a1b2c3d4e5f60001", ["eks:kubernetes-node-class-name"])],
    ["tags on an interface", tag("eni-0a1b2c3d4e5f60001", ["eks:kubernetes-cni-node-name"])],
    [
      "a launch template, single elements without their lists",
      awsCall({
        eventName: "CreateLaunchTemplate",
        requestParameters: {
          CreateLaunchTemplateRequest: {
            LaunchTemplateName: "mine",
            LaunchTemplateData: { TagSpecification: { ResourceType: "instance", Tag: { Key: POOL, Value: "x" } } },
          },
        },
      }),
    ],
  ])("%s: high", (_, event) => {
    expect(hitOf(detector, event)).toMatchObject({ severity: "high" });
  });

  it.each<[string, object]>([
    ["RunInstances", { launchTemplate: { launchTemplateName: TEMPLATE } }],
    [
      "CreateFleet",
      {
        CreateFleetRequest: {
          LaunchTemplateConfigs: { LaunchTemplateSpecification: { LaunchTemplateName: TEMPLATE } },
        },
      },
    ],
  ])("%s from a launch template of EKS's own: high", (eventName, requestParameters) => {
    const hit = hitOf(detector, awsCall({ eventName, requestParameters }));
    expect(hit).toMatchObject({ severity: "high" });
    expect(hit?.sentence).toContain("a launch from EKS's own template");
  });

  it("the cluster's tag alone, which self-managed nodes may have: medium; tried: low", () => {
    expect(hitOf(detector, run([CLUSTER]))).toMatchObject({ severity: "medium", confidence: "low" });
    expect(hitOf(detector, run([CLUSTER], denied))).toMatchObject({ severity: "low" });
    expect(hitOf(detector, run([CLUSTER], denied))?.sentence).toContain("tried ec2:RunInstances");
  });

  it("the tags of self-managed Karpenter: low, one finding a role", () => {
    const hit = hitOf(detector, fleet([CLUSTER, ...KARPENTER]));
    expect(hit).toMatchObject({ severity: "low", by: "role/Developer", on: `${CLUSTER} by Karpenter` });
    expect(hit?.notExempted).toHaveLength(1);
    expect(hitOf(detector, fleet([CLUSTER, POOL, ...KARPENTER]))).toMatchObject({ severity: "high" });
    expect(hitOf(detector, fleet([CLUSTER, "karpenter.sh/nodepool"]))).toMatchObject({ severity: "medium" });
  });

  it("a launcher that is listed, with tags that are not its own", () => {
    const params = { launchers: ["Developer"] };
    expect(hitOf(detector, run([CLUSTER, POOL]), { params })).toMatchObject({ severity: "high" });
    expect(hitOf(detector, run([CLUSTER]), { params })).toBeUndefined();
  });

  it("nobody who only bears the name of EKS's role", () => {
    const named = { ...callers.human("AmazonEKS", "AWSServiceRoleForAmazonEKS"), invokedBy: "eks.amazonaws.com" };
    expect(hitOf(detector, run([POOL], { userIdentity: named }))).toBeDefined();
  });
});

describe("managed-instances/fake-operator-tags stays quiet on", () => {
  it.each<[string, ReturnType<typeof awsCall>]>([
    ["a fleet by EKS", fleet([CLUSTER, POOL], { sourceIPAddress: "eks.amazonaws.com" })],
    ["the launch that EC2 Fleet makes of it", run([CLUSTER, POOL], { sourceIPAddress: "ec2fleet.amazonaws.com" })],
    ["tags of managed node groups", run(["eks:cluster-name", "eks:nodegroup-name"])],
    ["tags of a disk's copy", tag("snap-0a1b2c3d4e5f60001", [CLUSTER, POOL])],
    ["tags of a subnet", tag("subnet-0a1b2c3d4e5f60001", [CLUSTER])],
    [
      "tags that are taken away, which is tampering",
      awsCall({ eventName: "DeleteTags", requestParameters: { tagSet: { items: items([POOL]) } } }),
    ],
    [
      "a template that is looked at",
      awsCall({ eventName: "DescribeLaunchTemplates", requestParameters: { launchTemplateName: TEMPLATE } }),
    ],
    ["a launch with a label of EKS's as tag", run(["eks.amazonaws.com/compute-type"])],
    [
      "a snapshot with the disk's tags",
      awsCall({
        eventName: "CreateSnapshot",
        requestParameters: { tagSpecificationSet: { items: [{ resourceType: "snapshot", tags: items([POOL]) }] } },
      }),
    ],
  ])("%s", (_, event) => {
    expect(hitOf(detector, event)).toBeUndefined();
  });
});
