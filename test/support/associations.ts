/** What is set up in AWS around a cluster, and what comes of it, beside what trails.ts tells: associations, access entries, NodeClasses and launches. Shapes
 * from the API models (eks-auto-mode.md §4.2, §7); no real record of the first was published. */
import { users } from "./events.ts";
import { audit, CLUSTER, call, session } from "./trails.ts";

const ACCOUNT = "111122223333";
const PLATFORM = session("Platform", "alice", "ASIAEXAMPLEALICE0001");
export const roleArn = (name: string, account = ACCOUNT): string => `arn:aws:iam::${account}:role/${name}`;

/** The association of shop/orders being created, updated or deleted; `answer`: what the answer holds beside. */
export function association(
  at: string,
  role: string,
  { api = "Create", cluster = CLUSTER, answer = {}, ...params }: Readonly<Record<string, unknown>> = {},
): string {
  const whose = { namespace: "shop", serviceAccount: "orders" };
  const create = api === "Create";
  return call(at, `eks:${api}PodIdentityAssociation`, {
    userIdentity: PLATFORM,
    requestParameters: {
      name: cluster,
      ...(create ? whose : { associationId: "a-0example" }),
      ...(api !== "Delete" && role !== "" && { roleArn: roleArn(role) }),
      ...params,
    },
    responseElements: {
      association: {
        ...{ clusterName: cluster, ...whose, associationId: "a-0example" },
        ...(role !== "" && { roleArn: roleArn(role) }),
        ...(answer as object),
      },
    },
  });
}

/** A role let into the cluster as a node's. */
export const nodeEntry = (at: string, arn: string, fields: object = {}, type = "EC2"): string =>
  call(at, "eks:CreateAccessEntry", {
    userIdentity: PLATFORM,
    requestParameters: { name: CLUSTER, principalArn: arn, type },
    responseElements: { accessEntry: { clusterName: CLUSTER, principalArn: arn, type } },
    ...fields,
  });

/** A node asking for something, as a role. */
export const nodeOf = (at: string, instance: string, role = "AmazonEKSAutoNodeRole"): string =>
  audit(at, {
    user: users.node(instance, role),
    verb: "list",
    requestURI: "/api/v1/services",
    objectRef: { resource: "services", apiVersion: "v1" },
  });

/** A NodeClass being written. */
export const classWritten = (at: string, fields: Readonly<Record<string, unknown>> = {}, name = "default"): string =>
  audit(at, {
    user: users.human("mallory", "Developer"),
    verb: "patch",
    requestURI: `/apis/eks.amazonaws.com/v1/nodeclasses/${name}`,
    objectRef: { resource: "nodeclasses", name, apiGroup: "eks.amazonaws.com", apiVersion: "v1" },
    level: "Metadata",
    ...fields,
  });

export interface LaunchLooks {
  readonly group?: string;
  readonly subnet?: string;
  readonly profile?: string;
  readonly key?: string;
  readonly image?: string;
  readonly public?: boolean;
  readonly name?: string;
  readonly pool?: string;
}

/** An instance launched by EKS by a NodeClass, with what request and answer of RunInstances show. */
export function launchedBy(at: string, instance: string, looks: LaunchLooks = {}, fields: object = {}): string {
  const { group = "sg-0a1b2c3d4e5f60001", subnet = "subnet-0a1b2c3d4e5f60001", key, name = "default" } = looks;
  const profile = `arn:aws:iam::${ACCOUNT}:instance-profile/${looks.profile ?? "eks-eu-central-1-demo-1"}`;
  return call(at, "ec2:RunInstances", {
    userIdentity: {
      ...session("AmazonEKSAutoClusterRole", "eks", "ASIAEXAMPLECLUSTER01"),
      invokedBy: "ec2fleet.amazonaws.com",
    },
    sourceIPAddress: "ec2fleet.amazonaws.com",
    requestParameters: {
      networkInterfaceSet: { items: [{ deviceIndex: 0, associatePublicIpAddress: looks.public ?? false }] },
      ...(key !== undefined && {
        blockDeviceMapping: { items: [{ deviceName: "/dev/xvdb", ebs: { encrypted: true, kmsKeyId: key } }] },
      }),
      tagSpecificationSet: {
        items: [
          {
            resourceType: "instance",
            tags: [
              { key: "eks:eks-cluster-name", value: CLUSTER },
              { key: "eks:kubernetes-node-pool-name", value: looks.pool ?? "general-purpose" },
              { key: "eks:kubernetes-node-class-name", value: name },
            ],
          },
        ],
      },
    },
    responseElements: {
      instancesSet: {
        items: [
          {
            ...{ instanceId: instance, imageId: looks.image ?? "ami-0a1b2c3d4e5f60001", subnetId: subnet },
            groupSet: { items: [{ groupId: group, groupName: "eks-cluster-sg-demo" }] },
            iamInstanceProfile: { arn: profile, id: "AIPAEXAMPLE" },
          },
        ],
      },
    },
    ...fields,
  });
}
