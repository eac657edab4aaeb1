import { egressId, outletOf } from "../egress.ts";
import { about, type CallLearner, timeOf } from "../learner.ts";

const DAY_MS = 24 * 3_600_000;

/** Nodes show how their cluster's traffic leaves it, by asking EKS Auth for pods' credentials (eks-auto-mode.md §3.1, seen). Only EC2 hands out
 * what is delivered: a session of the node role under any instance's name does not count. */
export const egress: CallLearner = {
  trail: "cloudtrail",
  trigger: '"AssumeRoleForPodIdentity"',
  learn(call) {
    const { actor, scope, outcome, sourceIP = "", vpcEndpointId = "" } = call;
    const { instanceId: node, ec2RoleDelivery } = actor;
    if (call.facets.podIdentityExchange === undefined || outcome !== "success") return [];
    const ip = outletOf(sourceIP, vpcEndpointId);
    if (node === undefined || ec2RoleDelivery === undefined || ip === undefined) return [];
    // What is known of a day stands for the next, too: it must not begin knowing nothing.
    return [0, DAY_MS].map((ahead) => {
      const time = timeOf({ time: call.time + ahead });
      return about("egress", egressId(scope, { time }), call)("asked", { node, ip });
    });
  },
};
