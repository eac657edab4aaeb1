import { at } from "../../../json.ts";
import type { Peek } from "../peek.ts";
import type { K8sBase, K8sFacetRule } from "../request.ts";
import { splitUri } from "../uri.ts";

/** A request by a node's own identity, not as one of its components, that no kubelet makes in its ordinary work. */
export interface NodeDeed {
  readonly deed: Deed;
}

/** `stream`: a command in, or a way into, a container. `read`: Secrets or ConfigMaps without naming one. `guess`: a named one that the node
 * authorizer refused. `list`: pods and nodes beyond its own, and kinds that a kubelet has no use for. `rights`: roles, webhooks, definitions,
 * API services. `other-node`, `own-node`: a Node object beyond what a kubelet writes of itself. `other-pod`: the status of a pod that was
 * refused as another node's. */
export type Deed =
  | "stream"
  | "read"
  | "guess"
  | "list"
  | "pod"
  | "eviction"
  | "certificate"
  | "rights"
  | "workload"
  | "custom-resource"
  | "other-node"
  | "other-pod"
  | "own-node";

const STREAMS: ReadonlySet<string> = new Set(["exec", "attach", "portforward", "proxy", "ephemeralcontainers"]);
const READS: ReadonlySet<string> = new Set(["get", "list", "watch"]);
const RIGHTS = /^(?:rbac\.authorization|admissionregistration|apiextensions|apiregistration)\.k8s\.io$/;
const NODE = "system:node:";
/** Codes of a refusal by an authorizer, by admission or by validation. */
const REFUSED = /"code":4(?:00|03|13|22)\b/;
const CERTIFICATES = "certificates.k8s.io";
const WORKLOADS = /^(?:apps|batch|autoscaling|policy|networking\.k8s\.io)$/;
const AUTO = /^(?:eks\.amazonaws\.com|karpenter\.sh|vpcresources\.k8s\.aws|networking\.k8s\.aws)$/;
/** Kinds of the core group that a kubelet asks for by name, or by the node's. */
const LISTED = /^(?:namespaces|nodes|pods|serviceaccounts)$/;
/** Kinds of the core group that a kubelet never writes. */
const READ_ONLY =
  /^(?:configmaps|endpoints|limitranges|namespaces|persistentvolumes|podtemplates|replicationcontrollers|resourcequotas|secrets|serviceaccounts|services)$/;

/** What makes up most of a cluster's log, and is none: leases, volumes, events, a pod by its name and its status, tokens, the node's own
 * status and pods, what is read by its name. */
function isOrdinary({ username, verb, uri, group, resource, subresource, name, status }: Peek): boolean {
  if (STREAMS.has(subresource) || REFUSED.test(status)) return false;
  if (group !== "") return !(RIGHTS.test(group) || WORKLOADS.test(group) || AUTO.test(group) || group === CERTIFICATES);
  const node = username.slice(NODE.length);
  if (READS.has(verb)) return name !== "" || resource === "services" || (resource === "pods" && selects(uri, node));
  if (resource === "pods") return subresource === "status" || (subresource === "" && verb === "delete");
  if (resource === "nodes") return subresource === "status" && name === node;
  return subresource === "token";
}

/** Asks for the pods of this node alone: elsewhere in a URI, or with more behind it, the same text selects nothing. */
const selects = (uri: string, node: string): boolean =>
  splitUri(uri).params.get("fieldSelector") === `spec.nodeName=${node}`;

export const nodeDeed: K8sFacetRule<NodeDeed> = {
  trigger: (peeked) => peeked.username.startsWith(NODE) && !isOrdinary(peeked),
  find(request: K8sBase): NodeDeed | undefined {
    const { actor, actingAs, decision, code } = request;
    if (actor.kind !== "node" || actingAs !== undefined) return undefined;
    // A refused impersonation, which bears no decision (audit-recorded.md 2), is not what the request asks for.
    if (code === 403 && decision === "") return undefined;
    const deed = deedOf(request);
    return deed === undefined ? undefined : { deed };
  },
};

function deedOf(request: K8sBase): Deed | undefined {
  const { object, verb } = request;
  if (STREAMS.has(object.subresource)) return "stream";
  if (READS.has(verb)) return object.group === "" ? read(request) : readOfGroup(object.group);
  return object.group === "" ? written(request) : writtenOfGroup(request);
}

const readOfGroup = (group: string): Deed | undefined =>
  RIGHTS.test(group) || WORKLOADS.test(group) ? "list" : undefined;

function read({ object, params, actor, outcome }: K8sBase): Deed | undefined {
  const { resource, name } = object;
  if (resource === "secrets" || resource === "configmaps") {
    // A field selector on metadata.name counts as the name.
    if (name === "") return "read";
    return outcome === "denied" ? "guess" : undefined;
  }
  // What is asked for by name may be of a pod that has just left the node; its own pods are listed by a selector.
  const own = resource === "pods" && params.get("fieldSelector") === `spec.nodeName=${actor.node}`;
  return name === "" && LISTED.test(resource) && !own ? "list" : undefined;
}

function writtenOfGroup(request: K8sBase): Deed | undefined {
  const { group, resource, subresource } = request.object;
  if (RIGHTS.test(group)) return "rights";
  if (WORKLOADS.test(group)) return "workload";
  if (AUTO.test(group)) {
    const agents = resource === "cninodes" || (resource === "nodediagnostics" && subresource === "status");
    return agents ? undefined : "custom-resource";
  }
  // A kubelet asks for certificates of its own; one that was refused, or is approved, is another's.
  const own = subresource !== "approval" && !isRefused(request);
  return group === CERTIFICATES && !own ? "certificate" : undefined;
}

const isRefused = ({ outcome }: K8sBase): boolean => outcome === "denied" || outcome === "refused";

function written(request: K8sBase): Deed | undefined {
  const { resource, subresource } = request.object;
  if (resource === "nodes") return nodeWritten(request);
  if (resource === "pods" && subresource === "eviction") return "eviction";
  if (resource === "pods" && subresource === "status") return isRefused(request) ? "other-pod" : undefined;
  if (subresource !== "") return undefined;
  if (resource === "pods") return podWritten(request);
  return READ_ONLY.test(resource) ? "workload" : undefined;
}

/** A kubelet deletes pods that have ended; one that is another node's may have been its own a moment ago. */
function podWritten({ verb }: K8sBase): Deed | undefined {
  if (verb === "create") return "pod";
  return verb === "delete" ? undefined : "workload";
}

function nodeWritten(request: K8sBase): Deed | undefined {
  const { object, verb, actor, requestBody } = request;
  // A create that was refused without a body names nobody.
  if (object.name === "" && verb === "create") return undefined;
  if (object.name !== actor.node) return "other-node";
  if (object.subresource !== "" || verb === "create") return undefined;
  if (verb === "delete") return "own-node";
  // Its labels and annotations are a kubelet's to write; what the scheduler goes by, and what NodeRestriction keeps from it, is not.
  const spec = at(requestBody, "spec") !== undefined || Array.isArray(requestBody);
  return spec || isRefused(request) ? "own-node" : undefined;
}
