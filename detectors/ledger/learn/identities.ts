import type { Peek } from "../../../schemas/events/k8s-audit/peek.ts";
import { idOf } from "../facts.ts";
import { type AuditLearner, about, hourIn, keyId, nodeDayId, nodeId, podDayId, podId, timeOf } from "../learner.ts";
import { tellGrant } from "./access.ts";
import { tellUse } from "./uses.ts";

/** AWS keys at work in the audit log: the authenticator passes on which key a request was signed with (eks-auto-mode.md §0, first join).
 * A node's key is the node's only if EC2 issued it, which CloudTrail tells. */
export const nodesInAudit: AuditLearner = {
  trail: "k8s-audit",
  trigger: ({ username }) => username.startsWith("system:node:i-"),
  same: (peeked) => `node ${peeked.users} ${ipIn(peeked.origin)} ${hourIn(peeked)}`,
  learn(request) {
    const { actor, scope, sourceIP = "" } = request;
    if (actor.kind !== "node" || actor.instanceId === undefined) return [];
    const node = nodeId(actor.instanceId);
    const tell = about("node", node, request);
    const day = nodeDayId(node, request);
    const tellDay = about("nodeDay", day, request);
    const seen = [
      tell("cluster", { cluster: scope.cluster }),
      tell("day", { id: day }),
      tell("seen", { time: timeOf(request), trail: "audit log" }),
      tellDay("of", { id: node }),
      tellDay("cluster", { cluster: scope.cluster }),
      tellDay("seen", { time: timeOf(request), trail: "audit log" }),
      ...(actor.roleName === undefined ? [] : [tell("role", { role: actor.roleName })]),
    ];
    if (actor.accessKeyId === undefined) return seen;
    const tellKey = about("key", keyId(actor.accessKeyId, request), request);
    return [
      ...seen,
      tellKey("asNode", { cluster: scope.cluster, node: actor.instanceId, role: actor.roleName ?? "" }),
      tellKey("heard", { time: timeOf(request), ip: sourceIP }),
    ];
  },
};

/** Keys of people and robots at work in the audit log. */
export const peopleInAudit: AuditLearner = {
  trail: "k8s-audit",
  trigger: ({ username, users }) => !username.startsWith("system:node:") && users.includes('"accessKeyId":["'),
  learn(request) {
    const { actor, verb, object, outcome, sourceIP = "" } = request;
    if (actor.accessKeyId === undefined) return [];
    return tellUse(keyId(actor.accessKeyId, request), request)("used", {
      ...{ time: timeOf(request), trail: "audit log", ip: sourceIP, endpoint: "", outcome },
      api: `${verb} ${object.resource || "-"}${object.subresource && `/${object.subresource}`}`,
    });
  },
};

/** Service account tokens at work, and what their pods read. */
export const tokensInAudit: AuditLearner = {
  trail: "k8s-audit",
  trigger: ({ users }) => users.includes('"authentication.kubernetes.io/credential-id":["JTI='),
  same: (peeked) =>
    `token ${peeked.users} ${ipIn(peeked.origin)} ${
      peeked.resource === "secrets" ? peeked.request : hourIn(peeked)
    } ${peeked.tail.includes("stale-token")}`,
  learn(request) {
    const { actor, scope, object, verb, outcome, sourceIP = "", actingAs } = request;
    const credential = actor.credentialId;
    if (credential === undefined || actor.serviceAccount === undefined) return [];
    const token = about("token", idOf("token", [credential]), request);
    const { namespace, name } = actor.serviceAccount;
    const itself = [
      token("used", { time: timeOf(request), ip: sourceIP }),
      token("account", { cluster: scope.cluster, namespace, serviceAccount: name }),
      ...(request.facets.tokenRemark?.kind === "stale" ? [token("stale", { time: timeOf(request) })] : []),
    ];
    const uid = actor.pod?.uid;
    if (uid === undefined) return itself;
    const id = podId(scope, uid);
    const tell = about("pod", id, request);
    const reads = object.resource === "secrets" && ["get", "list", "watch"].includes(verb) && outcome === "success";
    return [
      ...itself,
      token("boundPod", { id }),
      tell("token", { id: idOf("token", [credential]) }),
      tell("account", { namespace, serviceAccount: name }),
      ...(actor.pod?.name === undefined ? [] : [tell("name", { namespace, name: actor.pod.name })]),
      // By the namespace: who reads hundreds of them all day would leave no room.
      ...(reads && actingAs === undefined
        ? [
            about(
              "podDay",
              podDayId(scope, uid, request),
              request,
            )("secrets", {
              time: timeOf(request),
              what: object.namespace === "" ? "secrets of every namespace" : `secrets of ${object.namespace}`,
            }),
          ]
        : []),
    ];
  },
};

/** The last of the addresses, and those before it. */
export const ipIn = (origin: string): string => origin.slice(0, origin.indexOf("]"));
export const tenMinutesIn = ({ request }: Peek): string => request.slice(0, "2026-11-22T10:0".length);

/** Access entries at work: whoever comes through one carries the principal that it is for (eks-auto-mode.md §1.3, seen). */
export const grantsInAudit: AuditLearner = {
  trail: "k8s-audit",
  trigger: ({ users }) => users.includes('"canonicalArn":["'),
  learn(request) {
    const { actor, scope } = request;
    if (actor.roleArn === undefined || actor.kind !== "human" || request.outcome === "denied") return [];
    const key = actor.accessKeyId === undefined ? "" : keyId(actor.accessKeyId, request);
    const [tell, time] = [tellGrant(scope, actor.roleArn, request), timeOf(request)];
    return [...tell("used", { time, key }), ...tell("active", { time })];
  },
};
