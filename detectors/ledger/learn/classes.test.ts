import { describe, expect, it } from "vitest";
import { auditEvent, awsCall, callers, users } from "../../../test/support/events.ts";
import { decode, type Fact } from "../facts.ts";
import { classesWritten, classLaunches } from "./classes.ts";

const told = (facts: readonly Fact[], attribute: string) =>
  facts
    .filter((one) => one.attribute === attribute)
    .map(({ id, kind, value }) => ({ id, ...decode(kind, attribute, value) }));
const TAGS = { "eks:eks-cluster-name": "demo", "eks:kubernetes-node-class-name": "gpu" };
const byFleet = { userIdentity: callers.service("ec2fleet.amazonaws.com"), sourceIPAddress: "ec2fleet.amazonaws.com" };

describe("a launch by a NodeClass", () => {
  // Capitalised and wrapped, a single element without its list (eks-auto-mode.md §4.2).
  const template = awsCall({
    ...byFleet,
    eventName: "CreateLaunchTemplate",
    requestParameters: {
      CreateLaunchTemplateRequest: {
        LaunchTemplateName: "eks.amazonaws.com/0a1b2c3d",
        LaunchTemplateData: {
          ImageId: "ami-0a1b2c3d4e5f60001",
          IamInstanceProfile: { Name: "eks-demo-1" },
          NetworkInterface: {
            ...{ AssociatePublicIpAddress: true, DeviceIndex: 0, SubnetId: "subnet-0a1b2c3d4e5f60001", tag: 1 },
            SecurityGroupId: { content: "sg-0a1b2c3d4e5f60001", tag: 1 },
          },
          BlockDeviceMapping: [
            { DeviceName: "/dev/xvda", Ebs: { Encrypted: true } },
            { DeviceName: "/dev/xvdb", Ebs: { KmsKeyId: "arn:aws:kms:eu-central-1:111122223333:key/1" } },
          ],
        },
        TagSpecification: {
          ResourceType: "launch-template",
          Tag: Object.entries(TAGS).map(([Key, Value], tag) => ({ Key, Value, tag })),
        },
      },
    },
  });

  it("is read from a launch template, in the shape that those have", () => {
    const looks = {
      ...{ time: "2026-11-22T10:00:00.000Z", api: "CreateLaunchTemplate", groups: "sg-0a1b2c3d4e5f60001" },
      ...{
        subnets: "subnet-0a1b2c3d4e5f60001",
        public: "true",
        profile: "eks-demo-1",
        images: "ami-0a1b2c3d4e5f60001",
      },
      keys: "arn:aws:kms:eu-central-1:111122223333:key/1",
    };
    expect(told(classLaunches.learn(template), "launch")).toEqual([
      { id: "111122223333/eu-central-1/demo/gpu/2026-11-19", ...looks },
    ]);
    expect(told(classLaunches.learn(template), "earlier")).toEqual([
      { id: "111122223333/eu-central-1/demo/gpu/2026-11-26", ...looks, time: "2026-11-22T00:00:00.000Z" },
    ]);
  });

  it("shows the subnets and groups of every choice that a fleet has", () => {
    const fleet = awsCall({
      ...byFleet,
      eventName: "CreateFleet",
      requestParameters: {
        CreateFleetRequest: {
          LaunchTemplateConfigs: {
            Overrides: [1, 2].map((zone) => ({ SubnetId: `subnet-0a1b2c3d4e5f6000${zone}`, tag: zone })),
          },
          TagSpecification: [
            { ResourceType: "instance", Tag: Object.entries(TAGS).map(([Key, Value]) => ({ Key, Value })) },
          ],
        },
      },
    });
    expect(told(classLaunches.learn(fleet), "launch")[0]).toMatchObject({
      subnets: "subnet-0a1b2c3d4e5f60001 subnet-0a1b2c3d4e5f60002",
      public: "",
      profile: "",
    });
  });
});

describe("a write of a NodeClass", () => {
  const write = (overrides: object = {}) =>
    classesWritten.learn(
      auditEvent({
        ...{ verb: "patch", user: users.human("mallory", "Developer") },
        ...{ requestURI: "/apis/eks.amazonaws.com/v1/nodeclasses/gpu" },
        objectRef: { resource: "nodeclasses", name: "gpu", apiGroup: "eks.amazonaws.com", apiVersion: "v1" },
        ...overrides,
      }),
    );

  it("is told of its week, and of the next when a day later is one", () => {
    expect(told(write(), "written")).toMatchObject([
      { id: "111122223333/eu-central-1/demo/gpu/2026-11-19", who: "mallory (role Developer)", verb: "patch" },
    ]);
    const late = write({ requestReceivedTimestamp: "2026-11-25T20:00:00.000000Z" });
    expect(told(late, "written").map(({ id }) => id)).toEqual([
      "111122223333/eu-central-1/demo/gpu/2026-11-19",
      "111122223333/eu-central-1/demo/gpu/2026-11-26",
    ]);
  });

  it("is not one of EKS's, unless it is shown by a certificate", () => {
    const eks = users.component("eks:node-manager");
    expect(write({ user: eks })).toEqual([]);
    const certificate = { ...eks, extra: { "authentication.kubernetes.io/credential-id": ["X509SHA256=00"] } };
    expect(write({ user: certificate })).toHaveLength(1);
  });

  it("names whom somebody acts as", () => {
    const facts = told(write({ impersonatedUser: { username: "eks:node-manager", groups: [] } }), "written");
    expect(facts).toMatchObject([{ who: "mallory (role Developer) as eks:node-manager" }]);
  });
});
