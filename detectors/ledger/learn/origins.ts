import { idOf } from "../facts.ts";
import { type AuditLearner, about, hourIn, nodeDayId, nodeId, originId, timeOf } from "../learner.ts";
import { ipIn, nodesInAudit, tokensInAudit } from "./identities.ts";

/** From which addresses nodes speak to the cluster: the last of `sourceIPs` is the peer (audit-recorded.md 22). */
export const nodesHeard: AuditLearner = {
  ...nodesInAudit,
  same: (peeked) => `heard ${peeked.users} ${ipIn(peeked.origin)} ${hourIn(peeked)}`,
  learn(request) {
    const { actor, scope, sourceIP: ip = "" } = request;
    if (actor.kind !== "node" || actor.instanceId === undefined || ip === "") return [];
    const node = nodeId(actor.instanceId);
    const id = originId(scope, ip, request);
    const day = nodeDayId(node, request);
    const time = timeOf(request);
    return [
      about("origin", id, request)("heard", { time, node, cluster: scope.cluster, ip }),
      about("node", node, request)("day", { id: day }),
      about("nodeDay", day, request)("of", { id: node }),
      about("nodeDay", day, request)("spoke", { time, ip }),
      about("nodeDay", day, request)("origin", { id }),
    ];
  },
};

/** From which addresses the tokens of pods are used. Others are made to be taken elsewhere. */
export const tokensHeard: AuditLearner = {
  ...tokensInAudit,
  learn(request) {
    const { actor, scope, sourceIP: ip = "" } = request;
    const { credentialId, serviceAccount, pod } = actor;
    if (credentialId === undefined || serviceAccount === undefined || pod?.uid === undefined || ip === "") return [];
    const token = idOf("token", [credentialId]);
    const id = originId(scope, ip, request);
    const account = { namespace: serviceAccount.namespace, serviceAccount: serviceAccount.name };
    return [
      about("origin", id, request)("used", { time: timeOf(request), token, ...account, cluster: scope.cluster, ip }),
      about("token", token, request)("origin", { id }),
    ];
  },
};
