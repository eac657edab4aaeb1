/** What kubelets do for their nodes and pods: heartbeats, tokens, reports. */
import { nodeAtWork, podReported, tokenMinted } from "../trails.ts";
import type { Cluster, Node, Pod } from "./cast.ts";
import { asNode, HOUR, MINUTE, SECOND, tell, type World } from "./world.ts";

const KUBELET = "kubelet/v1.35.4-eks-0000000 (linux/amd64) kubernetes/0000000";

/** What all requests of a node's kubelet have in common. */
export const ofKubelet = (world: World, node: Node) => ({
  ...{ ...world.auditId(), user: asNode(node), sourceIPs: [node.ip], userAgent: KUBELET },
});

export const specOf = ({ uid, name, node, workload }: Pod) => ({
  ...{ uid, name, node: node.name, namespace: workload.namespace, serviceAccount: workload.serviceAccount },
});

/** Lease and status, as thin as they may be told: every five minutes, whatever the share of noise. */
export function heartbeats(world: World, cluster: Cluster, node: Node, first: number): void {
  const { clock, chance } = world;
  clock.every(
    first,
    () => chance.between(4.5 * MINUTE, 5.5 * MINUTE),
    (now) => {
      if (node.gone) return "ended";
      lease(world, cluster, node, now);
      clock.at(now + SECOND, (then) => status(world, cluster, node, then));
      return undefined;
    },
  );
}

export const lease = (world: World, cluster: Cluster, node: Node, now: number): void =>
  world.audited(now, cluster, nodeAtWork(now, node.name, node.kubeletKey, node.ip, ofKubelet(world, node)));

function status(world: World, cluster: Cluster, node: Node, now: number): void {
  tell(world, now, cluster, {
    ...ofKubelet(world, node),
    verb: "patch",
    requestURI: `/api/v1/nodes/${node.name}/status?timeout=10s`,
    objectRef: { resource: "nodes", name: node.name, apiVersion: "v1", subresource: "status" },
    requestObject: {
      status: {
        conditions: [{ lastHeartbeatTime: new Date(now).toISOString(), type: "Ready", status: "True" }],
        addresses: [{ type: "InternalIP", address: node.ip }],
      },
    },
  });
}

/** The pod's API token, its 3607 seconds renewed at four fifths, and that for its role (a day, renewed likewise). */
export function tokens(world: World, cluster: Cluster, pod: Pod, first: number, firstForRole: number): void {
  const { clock, chance } = world;
  const { aws } = pod.workload;
  clock.every(
    first,
    () => chance.between(48 * MINUTE, 48.2 * MINUTE),
    (now) => {
      if (pod.gone) return "ended";
      const token = mint(world, cluster, pod, now, null);
      // The file is read anew once a minute.
      clock.at(now + (pod.token === "" ? 0 : chance.between(0, MINUTE)), () => {
        pod.token = token;
      });
      return undefined;
    },
  );
  if (aws === undefined) return;
  const audience = aws.by === "pod identity" ? "pods.eks.amazonaws.com" : "sts.amazonaws.com";
  clock.every(
    firstForRole,
    () => chance.between(19.2 * HOUR, 19.3 * HOUR),
    (now) => {
      if (pod.gone) return "ended";
      mint(world, cluster, pod, now, audience);
      return undefined;
    },
  );
}

/** Both stages, as the policy logs them (detections.md 0.2). Gives the token's id. */
function mint(world: World, cluster: Cluster, pod: Pod, now: number, audience: string | null): string {
  const token = world.chance.uuid();
  if (!cluster.audited) return token;
  const own = {
    ...ofKubelet(world, pod.node),
    requestObject: {
      kind: "TokenRequest",
      spec: {
        // None in particular, for the cluster's own (audit-recorded.md 13).
        audiences: audience === null ? null : [audience],
        expirationSeconds: audience === null ? 3607 : 86_400,
        boundObjectRef: { kind: "Pod", apiVersion: "v1", name: pod.name, uid: pod.uid },
      },
    },
  };
  const made = (over: object): string => tokenMinted(now, specOf(pod), pod.node.name, token, { ...own, ...over });
  world.audited(now, cluster, made({ stage: "RequestReceived" }));
  world.audited(now, cluster, made({}));
  return token;
}

export function report(world: World, cluster: Cluster, pod: Pod, now: number): void {
  if (!cluster.audited) return;
  const host = { hostIP: pod.node.ip, hostIPs: [{ ip: pod.node.ip }] };
  world.audited(
    now,
    cluster,
    podReported(now, specOf(pod), pod.ip, {
      ...ofKubelet(world, pod.node),
      requestObject: {
        metadata: { uid: pod.uid },
        status: {
          ...{ conditions: [{ type: "Ready", status: "True" }], phase: "Running" },
          ...{ ...host, podIP: pod.ip, podIPs: [{ ip: pod.ip }] },
        },
      },
    }),
  );
}
