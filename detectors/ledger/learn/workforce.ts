import { byService } from "../../../schemas/events/cloudtrail/call.ts";
import { INSTANCE_ID, type Scope } from "../../../schemas/events/event.ts";
import { clientIn } from "../../core/agent-client.ts";
import { idOf } from "../facts.ts";
import { type AuditLearner, about, type CallLearner, timeOf } from "../learner.ts";

const DAY_MS = 24 * 3_600_000;

const workforceId = ({ account, region, cluster }: Scope, time: number): string =>
  idOf("workforce", [account, region, cluster, timeOf({ time }).slice(0, 10)]);

/** Nodes of whatever kind at work in a cluster, and their roles, for the day and the next: Auto Mode's have an instance's name, managed ones a session of that name
 * (eks-auto-mode.md §1.3, seen). */
export const nodesOfCluster: AuditLearner = {
  trail: "k8s-audit",
  trigger: ({ username }) => username.startsWith("system:node:"),
  same: ({ users, request }, { account, region, cluster }) =>
    `workforce ${users} ${account}/${region}/${cluster} ${request.slice(0, "2026-11-22".length)}`,
  learn(request) {
    const { kind, instanceId, sessionName = "", roleName: role } = request.actor;
    if (kind !== "node") return [];
    const node = instanceId ?? (INSTANCE_ID.test(sessionName) ? sessionName : undefined);
    return [0, DAY_MS].flatMap((shift) => {
      const tell = about("workforce", workforceId(request.scope, request.time + shift), request);
      return [
        ...(node === undefined ? [] : [tell("node", { node })]),
        ...(role === undefined ? [] : [tell("role", { role, instances: node === undefined ? "" : "yes" })]),
      ];
    });
  },
};

/** Who exchanged pods' tokens, with what credentials and from where (eks-auto-mode.md §3.1, seen). */
export const exchangesAsked: CallLearner = {
  trail: "cloudtrail",
  trigger: '"AssumeRoleForPodIdentity"',
  learn(call) {
    const { actor, scope, sourceIP = "", vpcEndpointId = "", outcome, facets } = call;
    if (facets.podIdentityExchange === undefined || byService(call)) return [];
    const session = actor.sessionName ?? "";
    const asked = {
      // A role's session is told by its parts: a cluster's nodes ask all day.
      ...{ time: timeOf(call), by: session === "" ? actor.name : "", kind: actor.kind, role: actor.roleName ?? "" },
      ...{ session, delivery: actor.ec2RoleDelivery ?? "", key: actor.accessKeyId ?? "" },
      ...{ ip: sourceIP, endpoint: vpcEndpointId, outcome },
      client: clientIn(call.userAgent, facets.podIdentityExchange.agentUserAgent),
    };
    return [about("workforce", workforceId(scope, call.time), call)("asked", asked)];
  },
};
