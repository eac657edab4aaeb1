import type { Scope } from "../../../schemas/events/event.ts";
import { nodeDeed } from "../../../schemas/events/k8s-audit/facets/node-deed.ts";
import type { K8sRequest } from "../../../schemas/events/k8s-audit/facets.ts";
import type { Peek } from "../../../schemas/events/k8s-audit/peek.ts";
import { ALONE_MS } from "../../core/settle-times.ts";
import { attempted } from "../../core/weight.ts";
import { epochsOf } from "../epochs.ts";
import { type Fact, idOf } from "../facts.ts";
import { type AuditLearner, about, hourIn, nodeId, timeOf } from "../learner.ts";

/** Everything that Kubernetes lets a kubelet do (`NodeRules` of kubernetes/plugin/pkg/auth/authorizer/rbac/bootstrappolicy), with what its agents do on
 * Auto Mode as the node itself (eks-auto-mode.md §2.1). */
const KUBELET: ReadonlySet<string> = new Set(
  Object.entries({
    "configmaps secrets services pods nodes": "get list watch",
    "persistentvolumeclaims persistentvolumes endpoints serviceaccounts nodes/status pods/status": "get",
    "nodes pods serviceaccounts/token events pods/eviction": "create",
    "nodes nodes/status pods/status events persistentvolumeclaims/status": "update patch",
    "pods persistentvolumeclaims/status": "delete get",
    "authentication.k8s.io/tokenreviews authorization.k8s.io/subjectaccessreviews": "create",
    "authorization.k8s.io/localsubjectaccessreviews": "create",
    "certificates.k8s.io/certificatesigningrequests certificates.k8s.io/podcertificaterequests":
      "create get list watch",
    "certificates.k8s.io/clustertrustbundles node.k8s.io/runtimeclasses storage.k8s.io/csidrivers": "get list watch",
    "storage.k8s.io/volumeattachments resource.k8s.io/resourceclaims": "get list watch",
    "storage.k8s.io/csinodes coordination.k8s.io/leases": "get create update patch delete",
    "resource.k8s.io/resourceslices": "get list watch create update patch delete deletecollection",
    "events.k8s.io/events": "create update patch",
    "eks.amazonaws.com/nodediagnostics eks.amazonaws.com/nodediagnostics/status": "get list watch update patch",
    "eks.amazonaws.com/cninodes vpcresources.k8s.aws/cninodes": "get list watch create update patch delete",
    "eks.amazonaws.com/cninodes/status": "get update patch",
  }).flatMap(([kinds, verbs]) => kinds.split(" ").flatMap((kind) => verbs.split(" ").map((verb) => `${verb} ${kind}`))),
);

const actOf = (
  verb: string,
  { group, resource, subresource }: Pick<Peek, "group" | "resource" | "subresource">,
): string => `${verb} ${group && `${group}/`}${resource}${subresource && `/${subresource}`}`;

const ofNode = ({ username, users, resource }: Peek): boolean =>
  username.startsWith("system:node:i-") && resource !== "" && !users.includes('"impersonatedUser":{');

/** What a single event tells little of, and a comparison of nodes more: deeds that are low by themselves, and static pods. Others are judged at once. */
const COMPARED: ReadonlySet<string> = new Set(["list", "own-node", "pod"]);

function learn(request: K8sRequest): readonly Fact[] {
  const { actor, actingAs, verb, object, scope, code, decision, time } = request;
  const { account, region, cluster } = scope;
  const node = actor.instanceId;
  if (actor.kind !== "node" || node === undefined || actingAs !== undefined || object.resource === "") return [];
  // A refused impersonation is not what the request asks for (audit-recorded.md 2).
  if (code === 403 && decision === "") return [];
  const deed = request.facets.nodeDeed?.deed ?? "";
  const plain = actOf(verb, object);
  if (deed === "" ? KUBELET.has(plain) : !COMPARED.has(deed)) return [];
  const act = deed === "" ? plain : `${plain} (${deed})`;
  const [outcome, answer] = attempted(request) ? ["refused", "denied"] : ["done", "success"];
  return epochsOf(time, ALONE_MS).flatMap((epoch) => {
    const id = idOf("act", [account, region, cluster, act, epoch]);
    const tell = about("act", id, request);
    return [
      tell("of", { cluster, act, epoch }),
      tell("did", { time: timeOf(request), node, deed, outcome }),
      about("roster", rosterId(scope, request), request)("act", { id, outcome: answer }),
      about("node", nodeId(node), request)("act", { id, outcome: answer }),
    ];
  });
}

/** Deeds of nodes: which one it is may rest on the body. */
export const deedsOfNodes: AuditLearner = {
  trail: "k8s-audit",
  trigger: (peeked) => ofNode(peeked) && nodeDeed.trigger(peeked),
  learn,
};

/** What no kubelet does, and no rule on single events looks at. */
export const actsOfNodes: AuditLearner = {
  trail: "k8s-audit",
  trigger: (peeked) => ofNode(peeked) && !nodeDeed.trigger(peeked) && !KUBELET.has(actOf(peeked.verb, peeked)),
  same: (peeked) => `act ${actOf(peeked.verb, peeked)} ${peeked.users} ${codeIn(peeked)} ${hourIn(peeked)}`,
  learn,
};

const codeIn = ({ status }: Peek): string => /"code":\d+/.exec(status)?.[0] ?? "";

export const rosterId = ({ account, region, cluster }: Scope, event: { readonly time: number }): string =>
  idOf("roster", [account, region, cluster, timeOf(event).slice(0, 10)]);

/** Who is at work in a cluster: whom a node can be compared with. */
export const nodesAtWork: AuditLearner = {
  trail: "k8s-audit",
  trigger: ({ username }) => username.startsWith("system:node:i-"),
  same: (peeked, { account, region, cluster }) =>
    `roster ${account}/${region}/${cluster} ${peeked.username} ${dayIn(peeked)}`,
  learn(request) {
    const { actor, scope } = request;
    if (actor.kind !== "node" || actor.instanceId === undefined) return [];
    const fact = { time: timeOf(request), node: actor.instanceId };
    return [about("roster", rosterId(scope, request), request)("atWork", fact)];
  },
};

export const dayIn = ({ request }: Peek): string => request.slice(0, "2026-11-22".length);
