/** EKS's own work: its operator in EC2, its controllers in the cluster, its components on the nodes (eks-auto-mode.md §2, §4). */
import { users } from "../events.ts";
import { ACCOUNT, type Cluster, type Node } from "./cast.ts";
import { ofKubelet } from "./kubelet.ts";
import { asCaller, HOUR, MASTER, MINUTE, SECOND, sessionOf, tell, told, type World } from "./world.ts";

type Fields = Readonly<Record<string, unknown>>;

/** The cluster role at work for EKS: EKS assumes it, and calls from its own network. */
export function operatorCall(world: World, cluster: Cluster, now: number, action: string, fields: Fields): void {
  // A session an hour.
  const hour = Math.floor(now / HOUR);
  const key = `ASIAEXAMPLECLUSTER${String(hour % 100).padStart(2, "0")}`;
  const identity = sessionOf(cluster.clusterRole, "eks-auto", key, hour * HOUR);
  told(world, now, `ec2:${action}`, {
    ...{ userIdentity: { ...identity, invokedBy: "eks.amazonaws.com" }, ...fields },
    ...{ sourceIPAddress: "eks.amazonaws.com", userAgent: "eks.amazonaws.com" },
  });
}

export const linkedRole = (world: World) =>
  world.role("AWSServiceRoleForAmazonEKS", "aws-service-role/eks.amazonaws.com/");

/** The service-linked role (eks-auto-mode.md §4.1, seen). */
export function slrCall(world: World, now: number, action: string, fields: Fields): void {
  const identity = sessionOf(linkedRole(world), "AmazonEKS", "ASIAEXAMPLESLR000001", now - HOUR);
  told(world, now, `ec2:${action}`, {
    ...{ userIdentity: { ...identity, invokedBy: "eks.amazonaws.com" }, ...fields },
    ...{ sourceIPAddress: "eks.amazonaws.com", userAgent: "eks.amazonaws.com" },
  });
}

/** The managed controllers in the cluster: by the service-linked role's access entry. */
export function inCluster(
  world: World,
  cluster: Cluster,
  now: number,
  [verb, kind, path]: readonly [verb: string, kind: string, path: string],
  namespace?: string,
): void {
  const [name = "", subresource] = path.split("/");
  const [resource = "", apiVersion = "v1", apiGroup] = kind.split("/").reverse();
  const user = asCaller(linkedRole(world), "eks-auto-compute", "ASIAEXAMPLESLR000001", ["eks:managed"]);
  const within = namespace === undefined ? "" : `namespaces/${namespace}/`;
  const base = apiGroup === undefined ? `/api/${apiVersion}/` : `/apis/${apiGroup}/${apiVersion}/`;
  const body = apiGroup === undefined && subresource === undefined;
  tell(world, now, cluster, {
    ...{ user, ...MASTER, userAgent: "karpenter/v1.9.0 (linux/amd64) kubernetes/$Format", verb },
    requestURI: `${base}${within}${resource}${verb === "create" && subresource === undefined ? "" : `/${path}`}`,
    objectRef: {
      ...{ resource, ...(namespace !== undefined && { namespace }), name, ...(apiGroup && { apiGroup }), apiVersion },
      ...(subresource !== undefined && { subresource }),
    },
    responseStatus: { metadata: {}, code: verb === "create" ? 201 : 200 },
    level: body ? "RequestResponse" : "Metadata",
    ...(body && { requestObject: { metadata: { name } }, responseObject: { metadata: { name } } }),
    annotations: {
      "authorization.k8s.io/decision": "allow",
      "authorization.k8s.io/reason": `EKS Access Policy: allowed by ClusterRoleBinding "arn:aws:iam::${ACCOUNT}:role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS+arn:aws:eks::aws:cluster-access-policy/AmazonEKSComputeClusterPolicy"`,
    },
  });
}

/** Volumes and network interfaces, as pods come and go. */
export function operates(world: World, cluster: Cluster, first: number): void {
  const { clock, chance } = world;
  clock.every(
    first,
    () => chance.between(5 * MINUTE, 15 * MINUTE),
    (now) => {
      const node = chance.one([...cluster.nodes].filter(({ auto }) => auto));
      operatorCall(world, cluster, now, "AssignPrivateIpAddresses", {
        requestParameters: { networkInterfaceId: `eni-0${chance.hex(16)}`, ipv4PrefixCount: 1 },
        responseElements: { _return: true },
      });
      if (!chance.happens(0.3)) return;
      const volumeId = `vol-0${chance.hex(16)}`;
      const tags = [
        { key: "eks:eks-cluster-name", value: cluster.name },
        { key: "CSIVolumeName", value: `pvc-${chance.uuid()}` },
      ];
      operatorCall(world, cluster, now + SECOND, "CreateVolume", {
        requestParameters: { tagSpecificationSet: { items: [{ resourceType: "volume", tags }] } },
        responseElements: { volumeId },
      });
      const both = { volumeId, instanceId: node.instance, device: "/dev/xvdaa" };
      operatorCall(world, cluster, now + 4 * SECOND, "AttachVolume", {
        requestParameters: both,
        responseElements: both,
      });
      clock.at(now + 3 * HOUR, (then) =>
        operatorCall(world, cluster, then, "DetachVolume", { requestParameters: both, responseElements: both }),
      );
    },
  );
}

const COMPONENTS = [
  ["kube-proxy", "list", "", "services"],
  ["kube-proxy", "watch", "discovery.k8s.io", "endpointslices"],
  ["coredns", "list", "discovery.k8s.io", "endpointslices"],
  ["coredns", "watch", "", "namespaces"],
  ["ipamd", "list", "eks.amazonaws.com", "cninodes"],
  ["ebs-csi-driver", "list", "storage.k8s.io", "volumeattachments"],
  ["node-monitoring-agent", "watch", "eks.amazonaws.com", "nodediagnostics"],
] as const;

/** The components on a node, each in its envelope (eks-auto-mode.md §2.1; names and envelopes are inferred). From `newer` on, one more of them on
 * every node, which a platform update brought. */
export function components(world: World, cluster: Cluster, node: Node, first: number, newer: number): void {
  const { clock, chance } = world;
  const asks = (now: number, component: string, verb: string, group: string, resource: string): void =>
    tell(world, now, cluster, {
      ...ofKubelet(world, node),
      ...{ userAgent: `${component}/v1.35.4 (linux/amd64) kubernetes/0000000`, verb },
      impersonatedUser: { username: `eks-auto:${component}`, groups: ["system:authenticated"] },
      requestURI: `${group === "" ? "/api/v1" : `/apis/${group}/v1`}/${resource}${verb === "watch" ? "?watch=true" : ""}`,
      objectRef: { resource, ...(group !== "" && { apiGroup: group }), apiVersion: "v1" },
      level: group === "" || group === "storage.k8s.io" ? "Request" : "Metadata",
      stage: verb === "watch" ? "ResponseStarted" : "ResponseComplete",
    });
  clock.every(
    first,
    () => chance.between(20 * MINUTE, 40 * MINUTE),
    (now) => {
      if (node.gone) return "ended";
      const [component, verb, group, resource] = chance.one(COMPONENTS);
      asks(now, component, verb, group, resource);
      return undefined;
    },
  );
  clock.every(
    Math.max(first, newer) + chance.between(0, 30 * MINUTE),
    () => chance.between(30 * MINUTE, 60 * MINUTE),
    (now) => {
      if (node.gone) return "ended";
      asks(now, "pod-restart-reporter", "list", "", "pods");
      return undefined;
    },
  );
}

/** AWS's own users in the cluster, whose requests are refused now and then: that is ordinary, too (eks-auto-mode.md §2.3). */
export function platform(world: World, cluster: Cluster, first: number): void {
  const { clock, chance } = world;
  clock.every(
    first,
    () => chance.between(8 * MINUTE, 12 * MINUTE),
    (now) => {
      tell(world, now, cluster, {
        ...{ user: users.component("eks:az-poller"), ...MASTER, verb: "get", level: "Metadata" },
        requestURI: "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/az-poller",
        objectRef: { resource: "leases", namespace: "kube-system", name: "az-poller", apiGroup: "coordination.k8s.io" },
        responseStatus: { metadata: {}, status: "Failure", reason: "Forbidden", code: 403 },
        annotations: { "authorization.k8s.io/decision": "forbid", "authorization.k8s.io/reason": "" },
      });
    },
  );
}
