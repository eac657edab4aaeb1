/** Records about the roles and resources of Auto Mode, in wire form: shapes of the API models and of self-managed Karpenter (eks-auto-mode.md §4, §7). */
import { users } from "./events.ts";
import { audit, CLUSTER, call, session } from "./trails.ts";

const ACCOUNT = "111122223333";
type Fields = Readonly<Record<string, unknown>>;

export const roleArn = (name: string): string => `arn:aws:iam::${ACCOUNT}:role/${name}`;

/** EKS opening a session of a cluster's role, for the cluster that the tag names. */
export const clusterRoleOpened = (at: string, role: string, tag: string | undefined = CLUSTER): string =>
  call(at, "sts:AssumeRole", {
    ...{ userIdentity: { type: "AWSService", invokedBy: "eks.amazonaws.com" }, sourceIPAddress: "eks.amazonaws.com" },
    requestParameters: {
      ...{ roleArn: roleArn(role), roleSessionName: "eks" },
      ...(tag !== "" && { tags: [{ key: "eks:eks-cluster-name", value: tag }] }),
    },
  });

/** A cluster being made, with both of its roles. */
export const clusterCreated = (at: string, role: string, nodeRole: string, auto = true): string =>
  call(at, "eks:CreateCluster", {
    userIdentity: session("Platform", "carol", "ASIAEXAMPLEPLATFORM1"),
    requestParameters: {
      ...{ name: CLUSTER, roleArn: roleArn(role) },
      computeConfig: { enabled: auto, nodeRoleArn: roleArn(nodeRole), nodePools: ["general-purpose"] },
    },
  });

/** A node at work in the cluster under a role of any name. */
export const nodeOf = (at: string, instance: string, role: string, fields: Fields = {}): string =>
  audit(at, {
    ...{ user: users.node(instance, role), verb: "update", level: "Metadata" },
    requestURI: `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${instance}`,
    objectRef: {
      ...{ resource: "leases", namespace: "kube-node-lease", name: instance },
      ...{ apiGroup: "coordination.k8s.io", apiVersion: "v1" },
    },
    ...fields,
  });

/** An instance's own call. */
export const instanceCall = (at: string, api: string, instance: string, role: string, fields: Fields = {}): string =>
  call(at, api, {
    userIdentity: session(role, instance, `ASIAEXAMPLE${instance.slice(-8).toUpperCase()}`, "2.0"),
    ...fields,
  });

/** The agent of a node exchanging a pod's token. */
export const exchanged = (at: string, instance: string, role: string, fields: Fields = {}): string =>
  instanceCall(at, "eks-auth:AssumeRoleForPodIdentity", instance, role, {
    userAgent: "aws-sdk-go-v2/1.36.3 api/eksauth#1.9.3",
    requestParameters: { clusterName: CLUSTER, token: "HIDDEN_DUE_TO_SECURITY_REASONS" },
    ...fields,
  });

/** A node acting as one of its components. */
export const componentAct = (
  at: string,
  instance: string,
  component: string,
  [verb, resource]: readonly [string, string],
): string =>
  audit(at, {
    ...{ user: users.node(instance), verb, requestURI: `/api/v1/${resource}` },
    impersonatedUser: { username: `eks-auto:${component}`, groups: ["system:authenticated"] },
    objectRef: { resource, apiVersion: "v1" },
  });
