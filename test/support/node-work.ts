/** What nodes ask of the API, are refused, and are kept from: beside what trails.ts and at-work.ts tell of them. */
import { users } from "./events.ts";
import { audit, call, type PodSpec, session } from "./trails.ts";

export const nodeOf = (index: number): string => `i-0a1b2c3d4e5f6000${index}`;

export interface Asked {
  readonly verb: string;
  /** `group/resource`, or a resource of the core group. */
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly query?: string;
  readonly code?: number;
  readonly user?: object;
  readonly requestObject?: object;
  readonly more?: Readonly<Record<string, unknown>>;
}

/** A request of a node's own identity. */
export function nodeAsks(at: string, node: string, asked: Asked): string {
  const { verb, subresource, namespace, name, query = "", code = 200, user, requestObject, more } = asked;
  const [resource = "", group] = asked.resource.split("/").reverse();
  const root = group === undefined ? "/api/v1" : `/apis/${group}/v1`;
  const path = [namespace && `namespaces/${namespace}`, resource, name, subresource].filter(Boolean).join("/");
  return audit(at, {
    user: user ?? users.node(node),
    ...{ verb, requestURI: `${root}/${path}${query}`, level: "Metadata", requestObject },
    objectRef: { resource, namespace, name, apiGroup: group, apiVersion: "v1", subresource },
    responseStatus: { metadata: {}, code },
    annotations: { "authorization.k8s.io/decision": code === 403 ? "forbid" : "allow" },
    userAgent: "kubelet/v1.35.4 (linux/amd64) kubernetes/0000000",
    ...more,
  });
}

/** EKS trying to evict a pod, and what the API answers. */
export const evicted = (
  at: string,
  pod: PodSpec,
  {
    code = 429,
    message = "Cannot evict pod as it would violate the pod's disruption budget.",
    user = users.serviceLinkedRole(),
  }: {
    readonly code?: number;
    readonly message?: string;
    readonly user?: object;
  } = {},
): string => {
  const namespace = pod.namespace ?? "shop";
  return audit(at, {
    user,
    verb: "create",
    requestURI: `/api/v1/namespaces/${namespace}/pods/${pod.name}/eviction`,
    objectRef: { resource: "pods", namespace, name: pod.name, apiVersion: "v1", subresource: "eviction" },
    responseStatus: { metadata: {}, status: "Failure", message, code },
  });
};

/** A disruption budget being made. */
export const budgetMade = (
  at: string,
  spec: object,
  user: object = users.human("mallory"),
  namespace = "shop",
): string =>
  audit(at, {
    user,
    verb: "create",
    requestURI: `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`,
    objectRef: { resource: "poddisruptionbudgets", namespace, name: "keep", apiGroup: "policy", apiVersion: "v1" },
    responseStatus: { metadata: {}, code: 201 },
    requestObject: { metadata: { name: "keep", namespace }, spec },
    responseObject: { kind: "PodDisruptionBudget", metadata: { name: "keep", namespace }, spec },
  });

/** A NodePool being written; custom resources are logged at Metadata. */
export const poolWritten = (
  at: string,
  pool: string,
  user: object = users.human("mallory"),
  more: object = {},
): string =>
  audit(at, {
    ...{ user, verb: "patch", requestURI: `/apis/karpenter.sh/v1/nodepools/${pool}`, level: "Metadata" },
    objectRef: { resource: "nodepools", name: pool, apiGroup: "karpenter.sh", apiVersion: "v1" },
    ...more,
  });

/** EKS ending instances. */
export const terminated = (at: string, instance: string): string =>
  call(at, "ec2:TerminateInstances", {
    userIdentity: {
      ...session("AmazonEKSAutoClusterRole", "eks", "ASIAEXAMPLECLUSTER01"),
      invokedBy: "eks.amazonaws.com",
    },
    sourceIPAddress: "eks.amazonaws.com",
    requestParameters: { instancesSet: { items: [{ instanceId: instance }] } },
  });
