/** Identities of pods and nodes at work in the audit log, beside what trails.ts tells of them. */
import { users } from "./events.ts";
import type { Over, When } from "./records.ts";
import { audit, type PodSpec } from "./trails.ts";

const namespaceOf = ({ namespace = "shop" }: PodSpec): string => namespace;

/** A pod's token at work; of a pod without a uid, one that is bound to none. */
export function tokenUsed(at: string, pod: PodSpec, jti: string, ip = "10.0.7.7"): string {
  const user = users.serviceAccount(namespaceOf(pod), pod.serviceAccount ?? "orders");
  const bound = {
    "authentication.kubernetes.io/pod-name": [pod.name],
    "authentication.kubernetes.io/pod-uid": [pod.uid],
    ...(pod.node !== undefined && { "authentication.kubernetes.io/node-name": [pod.node] }),
  };
  return audit(at, {
    user: {
      ...user,
      extra: { "authentication.kubernetes.io/credential-id": [`JTI=${jti}`], ...(pod.uid !== "" && bound) },
    },
    verb: "list",
    requestURI: `/api/v1/namespaces/${namespaceOf(pod)}/configmaps`,
    objectRef: { resource: "configmaps", namespace: namespaceOf(pod), apiVersion: "v1" },
    level: "Metadata",
    sourceIPs: [ip],
  });
}

/** A kubelet registering its node. */
export const nodeJoined = (at: When, instance: string, user: object = users.node(instance), over: Over = {}): string =>
  audit(at, {
    user,
    verb: "create",
    requestURI: "/api/v1/nodes",
    objectRef: { resource: "nodes", name: instance, apiVersion: "v1" },
    responseStatus: { metadata: {}, code: 201 },
    requestObject: { kind: "Node", metadata: { name: instance } },
    responseObject: { kind: "Node", metadata: { name: instance, uid: "22222222-0000-4000-8000-000000000001" } },
    ...over,
  });
