import type { AwsCall } from "../../../schemas/events/cloudtrail/facets.ts";
import { FALLBACK_APIS, looksLikeAuthenticator, NODE_APIS } from "../../core/node-apis.ts";
import { about, type CallLearner, keyId, nodeHourId, nodeId, timeOf } from "../learner.ts";

/** What an instance's credentials did beyond the work of an Auto Mode node (eks-auto-mode.md §5, seen on other instances). Of which role it is,
 * and whether the instance is a node at all, the audit log and the configuration tell. */
export const deeds: CallLearner = {
  trail: "cloudtrail",
  trigger: '"ec2RoleDelivery"|[:/]i-[0-9a-f]{8,17}"',
  learn(call) {
    const { actor, service, action, outcome, sourceIP = "" } = call;
    if (call.facets.instanceSession === undefined || actor.instanceId === undefined || isUsual(call)) return [];
    const node = nodeId(actor.instanceId);
    const tell = about("nodeHour", nodeHourId(node, call), call);
    return [
      tell("of", { id: node }),
      tell("deed", {
        ...{ time: timeOf(call), api: `${service}:${action}`, outcome, ip: sourceIP },
        ...{ role: actor.roleArn ?? actor.roleName ?? "", delivery: actor.ec2RoleDelivery ?? "" },
        key: actor.accessKeyId === undefined ? "" : keyId(actor.accessKeyId, call),
      }),
    ];
  },
};

/** A node's work, what AWS's services do with its credentials, and agents that fall back to them and are denied. */
export function isUsual(call: AwsCall): boolean {
  const { actor, service, action, outcome, viaService } = call;
  const api = `${service}:${action}`;
  if (NODE_APIS.includes(api) || actor.invokedBy !== undefined || viaService !== undefined) return true;
  if (outcome === "denied" && FALLBACK_APIS.includes(api)) return true;
  return api === "sts:GetCallerIdentity" && outcome === "success" && looksLikeAuthenticator(call, []);
}
