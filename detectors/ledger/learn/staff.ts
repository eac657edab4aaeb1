import type { Peek } from "../../../schemas/events/k8s-audit/peek.ts";
import { nameOf } from "../../core/actors.ts";
import { type Fact, idOf } from "../facts.ts";
import { type AuditLearner, about, type CallLearner, hourIn, nodeId, timeOf } from "../learner.ts";
import { WEEK_MS, weekOf } from "../weeks.ts";

/** IAM knows no two roles of one name in an account, and the authenticator leaves their path out. */
const withoutPath = (arn: string): string => arn.replace(/:role\/.*\//, ":role/");

/** As which roles a cluster's nodes come (eks-auto-mode.md §0: nodes of Auto Mode are named after their instances). */
export const nodeRolesAtWork: AuditLearner = {
  trail: "k8s-audit",
  trigger: ({ username }) => username.startsWith("system:node:i-"),
  same: (peeked: Peek) => `staff ${peeked.users} ${hourIn(peeked)}`,
  learn(request) {
    const { actor, scope, outcome } = request;
    if (actor.kind !== "node" || actor.instanceId === undefined || actor.roleArn === undefined) return [];
    if (outcome === "unauthenticated") return [];
    const key = [scope.account, scope.region, scope.cluster];
    const role = withoutPath(actor.roleArn);
    const node = nodeId(actor.instanceId);
    const tell = about("staff", idOf("staff", key), request);
    return [
      tell("worked", { role }),
      ...[0, WEEK_MS].flatMap((ahead) => {
        const id = idOf("staffWeek", [...key, weekOf(request.time + ahead)]);
        const tellWeek = about("staffWeek", id, request);
        return [
          tellWeek("came", { time: timeOf(request), role }),
          tellWeek("member", { node, role }),
          ...(ahead === 0 ? [tell("week", { id })] : []),
        ];
      }),
    ];
  },
};

/** Which roles are let be nodes': access entries of type EC2, the nodes' access policy, and the role of the built-in pools (eks-auto-mode.md §7). */
export const nodeRolesAllowed: CallLearner = {
  trail: "cloudtrail",
  trigger: 'AccessEntry|AccessPolicy|"(?:Update|Create)Cluster(?:Config)?"',
  learn(call) {
    if (call.outcome !== "success") return [];
    const { accessEntry, clusterConfig } = call.facets;
    const cluster = accessEntry?.cluster ?? clusterConfig?.cluster ?? "";
    if (cluster === "") return [];
    const { account, region } = call.scope;
    const key = [account, region, cluster];
    const tell = about("staff", idOf("staff", key), call);
    const via = call.viaService ?? call.actor.invokedBy;
    const entitled = (arn: string, how: string): readonly Fact[] => {
      const told = {
        ...{ time: timeOf(call), role: withoutPath(arn), how, by: nameOf(call.actor) },
        kind: via === undefined ? call.actor.kind : "aws-service",
      };
      const weeks = [call.time, call.time + WEEK_MS].map((time) => idOf("staffWeek", [...key, weekOf(time)]));
      return [tell("entitled", told), ...weeks.map((id) => about("staffWeek", id, call)("entitled", told))];
    };
    if (clusterConfig !== undefined) {
      return [
        ...(call.action === "CreateCluster" ? [tell("born", { time: timeOf(call) })] : []),
        ...(clusterConfig.nodeRoleArn === "" ? [] : entitled(clusterConfig.nodeRoleArn, "computeConfig")),
      ];
    }
    if (accessEntry === undefined || accessEntry.principalArn === "") return [];
    const { principalArn, policyArn, type } = accessEntry;
    const policy = call.action === "AssociateAccessPolicy" && policyArn.endsWith("/AmazonEKSAutoNodePolicy");
    if (policy) return entitled(principalArn, "AmazonEKSAutoNodePolicy");
    return call.action === "CreateAccessEntry" && type === "EC2"
      ? entitled(principalArn, "access entry of type EC2")
      : [];
  },
};
