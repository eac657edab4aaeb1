/** The lives of nodes: launched by EKS, given keys by EC2, filled, drained, ended within 21 days (eks-auto-mode.md §4, §6). */
import { nodeJoined } from "../at-work.ts";
import { users } from "../events.ts";
import { launched, nodeCredentials } from "../trails.ts";
import { ACCOUNT, type Cluster, type Node } from "./cast.ts";
import { inCluster, operatorCall, slrCall } from "./eks-itself.ts";
import { heartbeats, lease, ofKubelet } from "./kubelet.ts";
import { createPod, podsOf, replace, runningPod } from "./pods.ts";
import { wayOf } from "./pods-on-aws.ts";
import {
  asController,
  DAY,
  HOUR,
  MANAGER,
  MASTER,
  MINUTE,
  SECOND,
  sessionOf,
  tell,
  told,
  type World,
} from "./world.ts";

export function nodeOf(world: World, cluster: Cluster, launchedAt: number, auto = true): Node {
  const { chance } = world;
  const number = cluster.nodesEver;
  cluster.nodesEver += 1;
  const instance = `i-0${chance.hex(16)}`;
  const zone = number % 2;
  const ip = `${cluster.net}.${1 + zone + 2 * Math.floor(number / 400)}.${10 + (Math.floor(number / 2) % 200)}`;
  const node: Node = {
    ...{ instance, name: auto ? instance : `ip-${ip.replaceAll(".", "-")}.eu-central-1.compute.internal` },
    ...{ uid: chance.uuid(), zone, ip, block: number, auto, launched: launchedAt, addresses: 0 },
    role: auto ? cluster.nodeRole : world.role("platform-mng-NodeInstanceRole"),
    ...{ kubeletKey: world.key(), agentKey: "", pods: new Set(), draining: false, gone: false },
  };
  node.agentKey = node.kubeletKey;
  cluster.nodes.add(node);
  return node;
}

/** A node that was there before the first record. */
export function runningNode(world: World, cluster: Cluster, now: number, auto = true): Node {
  const { chance } = world;
  const node = nodeOf(world, cluster, now - chance.between(0, auto ? 13 * DAY : 90 * DAY), auto);
  works(world, cluster, node, now + chance.between(0, 5 * MINUTE), now + chance.between(0, 5.5 * HOUR));
  return node;
}

function works(world: World, cluster: Cluster, node: Node, first: number, firstKey: number): void {
  const { clock, chance } = world;
  heartbeats(world, cluster, node, first);
  clock.every(
    firstKey,
    () => chance.between(5.3 * HOUR, 5.9 * HOUR),
    (now) => {
      if (node.gone) return "ended";
      newKey(world, node, now);
      return undefined;
    },
  );
  clock.every(
    first + MINUTE,
    () => chance.between(6 * HOUR, 12 * HOUR),
    (now) => {
      if (node.gone) return "ended";
      pulls(world, cluster, node, now);
      return undefined;
    },
  );
}

/** EC2 hands out a new key well before the old one ends; kubelet and agent go on with the old one for a while. */
function newKey(world: World, node: Node, now: number): void {
  const { clock, chance } = world;
  const key = world.key();
  world.trailed(
    now,
    nodeCredentials(now, node.instance, key, node.role.name, {
      ...world.eventId(),
      responseElements: {
        credentials: { accessKeyId: key, expiration: "Nov 22, 2026, 5:00:00 PM" },
        assumedRoleUser: {
          assumedRoleId: `${node.role.id}:${node.instance}`,
          arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${node.role.name}/${node.instance}`,
        },
      },
    }),
  );
  const first = node.kubeletKey === "";
  clock.at(now + (first ? 0 : chance.between(SECOND, 15 * MINUTE)), () => {
    node.kubeletKey = key;
  });
  clock.at(now + (first ? 0 : chance.between(SECOND, 6 * MINUTE)), () => {
    node.agentKey = key;
  });
}

function pulls(world: World, cluster: Cluster, node: Node, now: number): void {
  const userIdentity = sessionOf(node.role, node.instance, node.agentKey, now - HOUR, "2.0");
  const ecr = (api: string, fields: object = {}): void =>
    told(world, now, `ecr:${api}`, {
      userIdentity,
      ...wayOf(cluster, node, "ecr"),
      userAgent: "containerd",
      ...fields,
    });
  ecr("GetAuthorizationToken");
  ecr("BatchGetImage", { requestParameters: { repositoryName: "app", registryId: ACCOUNT, imageIds: [] } });
}

/** From the claim to a node that pods run on; `ready` is called then. */
export function launch(world: World, cluster: Cluster, now: number, ready?: (node: Node, now: number) => void): void {
  const { clock, chance } = world;
  const claim = `general-purpose-${chance.hex(5)}`;
  inCluster(world, cluster, now, ["create", "karpenter.sh/v1/nodeclaims", claim]);
  const started = now + 2 * SECOND;
  clock.at(started, (then) => {
    const node = nodeOf(world, cluster, then);
    node.kubeletKey = "";
    operatorCall(world, cluster, then, "CreateFleet", {
      requestParameters: { CreateFleetRequest: { Type: "instant", TagSpecification: tagsOf(cluster) } },
      responseElements: {
        CreateFleetResponse: { fleetInstanceSet: { item: { instanceIds: { item: node.instance } } } },
      },
    });
    const { clusterRole } = cluster;
    world.trailed(
      then,
      launched(then, node.instance, "general-purpose", {
        ...world.eventId(),
        userIdentity: withoutKey(sessionOf(clusterRole, "eks", "", then), "ec2fleet.amazonaws.com"),
        userAgent: "ec2fleet.amazonaws.com",
        requestParameters: {
          tagSpecificationSet: { items: [{ resourceType: "instance", tags: tagList(cluster, "general-purpose") }] },
        },
        responseElements: {
          instancesSet: { items: [{ instanceId: node.instance, privateIpAddress: node.ip }] },
        },
      }),
    );
    clock.at(then + chance.between(3 * SECOND, 8 * SECOND), (keyed) => newKey(world, node, keyed));
    clock.at(then + chance.between(30 * SECOND, 60 * SECOND), (joined) => {
      join(world, cluster, node, joined);
      inCluster(world, cluster, joined + SECOND, ["patch", "karpenter.sh/v1/nodeclaims", `${claim}/status`]);
      ready?.(node, joined);
    });
  });
}

function join(world: World, cluster: Cluster, node: Node, now: number): void {
  const { clock, chance } = world;
  const own = ofKubelet(world, node);
  world.audited(now, cluster, nodeJoined(now, node.name, own.user, own));
  works(world, cluster, node, now + 2 * SECOND, now + chance.between(5.3 * HOUR, 5.9 * HOUR));
  clock.at(now + 3 * SECOND, (then) =>
    tell(world, then, cluster, {
      ...{ user: users.component("eks:cloud-controller-manager"), ...MASTER, verb: "patch" },
      requestURI: `/api/v1/nodes/${node.name}/status`,
      objectRef: { resource: "nodes", name: node.name, apiVersion: "v1", subresource: "status" },
      requestObject: { status: { addresses: [{ type: "InternalIP", address: node.ip }] } },
      responseObject: { kind: "Node", metadata: { name: node.name, uid: node.uid } },
    }),
  );
  for (const workload of cluster.workloads)
    if (workload.kind === "DaemonSet")
      clock.at(
        now + chance.between(2 * SECOND, 6 * SECOND),
        (then) => void createPod(world, cluster, workload, then, node),
      );
}

/** Its pods are evicted, then EKS ends it. */
export function drain(world: World, cluster: Cluster, node: Node, now: number): void {
  const { clock, chance } = world;
  if (node.draining || node.gone) return;
  node.draining = true;
  inCluster(world, cluster, now, ["patch", "v1/nodes", node.name]);
  let at = now + 2 * SECOND;
  for (const pod of node.pods) {
    if (pod.workload.kind === "DaemonSet") continue;
    at += chance.between(1 * SECOND, 4 * SECOND);
    clock.at(at, (then) => {
      if (pod.gone) return;
      inCluster(world, cluster, then, ["create", "v1/pods", `${pod.name}/eviction`], pod.workload.namespace);
      replace(world, cluster, pod, then, { asked: true });
    });
  }
  clock.at(at + 90 * SECOND, (then) => {
    inCluster(world, cluster, then, ["delete", "v1/nodes", node.name]);
    slrCall(world, then, "TerminateInstances", {
      requestParameters: { instancesSet: { items: [{ instanceId: node.instance }] } },
      responseElements: { instancesSet: { items: [{ instanceId: node.instance }] } },
    });
    // It shuts down: the kubelet speaks for some seconds yet.
    clock.at(then + 20 * SECOND, (last) => lease(world, cluster, node, last));
    clock.at(then + 30 * SECOND, (end) => {
      node.gone = true;
      cluster.nodes.delete(node);
      inCluster(world, cluster, end, ["delete", "karpenter.sh/v1/nodeclaims", `of-${node.name}`]);
      for (const pod of node.pods) {
        pod.gone = true;
        cluster.pods.delete(pod);
        tell(world, end + SECOND, cluster, {
          ...{ user: asController(world, "pod-garbage-collector"), ...MANAGER, verb: "delete" },
          requestURI: `/api/v1/namespaces/${pod.workload.namespace}/pods/${pod.name}`,
          objectRef: { resource: "pods", namespace: pod.workload.namespace, name: pod.name, apiVersion: "v1" },
          requestObject: { kind: "DeleteOptions", gracePeriodSeconds: 0 },
          responseObject: {
            kind: "Pod",
            metadata: { name: pod.name, uid: pod.uid, deletionGracePeriodSeconds: 0 },
          },
        });
      }
    });
  });
}

/** The cluster as it stands when the first record is written. */
export function populate(world: World, cluster: Cluster, now: number, nodes: number): void {
  for (let index = 0; index < nodes; index += 1) runningNode(world, cluster, now);
  const auto = [...cluster.nodes];
  for (const workload of cluster.workloads) {
    const places =
      workload.kind === "DaemonSet" ? auto : Array.from({ length: workload.replicas }, () => world.chance.one(auto));
    for (const node of places) runningPod(world, cluster, workload, now, node);
  }
  if (podsOf(cluster, cluster.workloads[0] as never).length !== nodes)
    throw new RangeError("a node without its DaemonSets");
}

const tagList = (cluster: Cluster, pool: string): object[] => [
  { key: "eks:eks-cluster-name", value: cluster.name },
  { key: "eks:kubernetes-node-pool-name", value: pool },
  { key: "eks:kubernetes-node-class-name", value: "default" },
];
const tagsOf = (cluster: Cluster): object => ({
  ResourceType: "instance",
  Tag: [
    { Key: "eks:eks-cluster-name", Value: cluster.name },
    { Key: "eks:kubernetes-node-pool-name", Value: "general-purpose" },
    { Key: "eks:kubernetes-node-class-name", Value: "default" },
  ],
});

/** What EC2 Fleet does for a role names no key (eks-auto-mode.md §4.1, seen). */
function withoutKey(identity: object, invokedBy: string): object {
  const { accessKeyId: _, ...rest } = identity as { readonly accessKeyId: string };
  return { ...rest, invokedBy };
}
