import { isPublic } from "../../../schemas/address.ts";
import { nameOf } from "../../core/actors.ts";
import { type AuditLearner, about, type CallLearner, keyId, timeOf } from "../learner.ts";

/** Public addresses that a person's key is used from, in both trails (detections.md B-06, B-37). A private one is the way through a VPN, of which the
 * other trail sees the far end. */
export const personInAudit: AuditLearner = {
  trail: "k8s-audit",
  trigger: ({ username, users }) => !username.startsWith("system:node:") && users.includes('"accessKeyId":["'),
  learn(request) {
    const { actor, sourceIP } = request;
    if (actor.accessKeyId === undefined || sourceIP === undefined || actor.kind !== "human" || !isPublic(sourceIP))
      return [];
    const tell = about("key", keyId(actor.accessKeyId, request), request);
    return [tell("person", { time: timeOf(request), trail: "audit log", ip: sourceIP, who: nameOf(actor) })];
  },
};

export const personCalls: CallLearner = {
  trail: "cloudtrail",
  trigger: '"accessKeyId":"A[SK]IA',
  learn(call) {
    const { actor, sourceIP, vpcEndpointId } = call;
    if (actor.accessKeyId === undefined || sourceIP === undefined || vpcEndpointId !== undefined) return [];
    if (actor.kind !== "human" || !isPublic(sourceIP)) return [];
    const tell = about("key", keyId(actor.accessKeyId, call), call);
    return [tell("person", { time: timeOf(call), trail: "CloudTrail", ip: sourceIP, who: nameOf(actor) })];
  },
};
