import { isPublic } from "../../../schemas/address.ts";
import { nameOf } from "../../core/actors.ts";
import type { Fact } from "../facts.ts";
import { type AuditLearner, type CallLearner, keyId, timeOf } from "../learner.ts";
import { USE_MS } from "../use-time.ts";
import { tellUse } from "./uses.ts";

const BORDER_MS = 15 * 60_000;

/** In the hours of an event, and in those before where they are near: a quarter of an hour stands whole in one of them. */
function tellPerson(
  accessKeyId: string,
  event: { readonly id: string; readonly time: number },
  { trail, ip, who }: Readonly<Record<"trail" | "ip" | "who", string>>,
): readonly Fact[] {
  const person = { time: timeOf(event), trail, ip, who };
  const starts = new Set([0, BORDER_MS].map((back) => Math.floor((event.time - back) / USE_MS) * USE_MS));
  const key = keyId(accessKeyId, event);
  return [...starts].flatMap((start) => tellUse(key, event, start)("person", person));
}

/** Public addresses that a person's key is used from, in both trails (detections.md B-06, B-37). A private one is the way through a VPN, of which the
 * other trail sees the far end. */
export const personInAudit: AuditLearner = {
  trail: "k8s-audit",
  trigger: ({ username, users }) => !username.startsWith("system:node:") && users.includes('"accessKeyId":["'),
  learn(request) {
    const { actor, sourceIP } = request;
    if (actor.accessKeyId === undefined || sourceIP === undefined || actor.kind !== "human" || !isPublic(sourceIP))
      return [];
    return tellPerson(actor.accessKeyId, request, { trail: "audit log", ip: sourceIP, who: nameOf(actor) });
  },
};

export const personCalls: CallLearner = {
  trail: "cloudtrail",
  trigger: '"accessKeyId":"A[SK]IA',
  learn(call) {
    const { actor, sourceIP, vpcEndpointId } = call;
    if (actor.accessKeyId === undefined || sourceIP === undefined || vpcEndpointId !== undefined) return [];
    if (actor.kind !== "human" || !isPublic(sourceIP)) return [];
    return tellPerson(actor.accessKeyId, call, { trail: "CloudTrail", ip: sourceIP, who: nameOf(actor) });
  },
};
