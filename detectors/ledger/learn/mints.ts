import { nameOf } from "../../core/actors.ts";
import { type Fact, idOf } from "../facts.ts";
import { type AuditLearner, about, type CallLearner, podId, timeOf } from "../learner.ts";

const DAY_MS = 24 * 3_600_000;

/** Audiences that AWS takes: EKS Auth, and STS (`.cn` in the partition of China). */
const FOR_AWS = /^(?:pods\.eks\.amazonaws\.com|sts\.amazonaws\.com(?:\.cn)?)$/;

const mintDayId = (account: string, namespace: string, name: string, time: number): string =>
  idOf("mintDay", [account, namespace, name, timeOf({ time }).slice(0, 10)]);

/** Tokens for AWS that no kubelet minted (audit-recorded.md 13). A token lives a day at most, so what it opens may be of the next day. */
export const mintsForAws: AuditLearner = {
  trail: "k8s-audit",
  trigger: ({ verb, subresource, stage }) =>
    verb === "create" && subresource === "token" && stage === "ResponseComplete",
  learn(request) {
    const { token } = request.facets;
    const { actor, actingAs, scope, sourceIP = "" } = request;
    if (token?.credentialId === undefined || !token.audiences.some((audience) => FOR_AWS.test(audience))) return [];
    if ((actor.kind === "node" && actingAs === undefined) || actor.kind === "control-plane") return [];
    const own = actor.serviceAccount;
    const uid = token.boundTo?.kind === "Pod" ? token.boundTo.uid : "";
    const pod = uid === "" ? "" : podId(scope, uid);
    const minted = {
      ...{ time: timeOf(request), kind: actor.kind, ip: sourceIP, cluster: scope.cluster, region: scope.region, pod },
      by: actingAs === undefined ? nameOf(actor) : `${nameOf(actor)} as ${nameOf(actingAs)}`,
      minter: own === undefined || actingAs !== undefined ? "" : `${own.namespace}/${own.name}`,
      audiences: [...token.audiences].sort().join(" "),
      token: token.credentialId,
    };
    const { namespace, serviceAccount: name } = token;
    const account = idOf("serviceAccount", [scope.account, scope.region, scope.cluster, namespace, name]);
    return [0, DAY_MS].flatMap((ahead): Fact[] => {
      const id = mintDayId(scope.account, namespace, name, request.time + ahead);
      return [
        about("mintDay", id, request)("minted", minted),
        ...(pod === "" ? [] : [about("pod", pod, request)("mint", { id })]),
        ...(ahead === 0 ? [about("serviceAccount", account, request)("mint", { id })] : []),
      ];
    });
  },
};

/** Sessions for service accounts by their tokens alone (IRSA): from which address (eks-auto-mode.md §3.4, seen). */
export const webIdentities: CallLearner = {
  trail: "cloudtrail",
  trigger: '"AssumeRoleWithWebIdentity"',
  learn(call) {
    const { actor, sourceIP = "", facets } = call;
    const { serviceAccount: account } = actor;
    if (facets.stsIssue?.action !== "AssumeRoleWithWebIdentity" || account === undefined) return [];
    if (call.outcome !== "success" || sourceIP === "") return [];
    const id = mintDayId(call.scope.account, account.namespace, account.name, call.time);
    const opens = { time: timeOf(call), how: "AssumeRoleWithWebIdentity", ip: sourceIP, cluster: "", pod: "" };
    return [about("mintDay", id, call)("opens", { ...opens, role: facets.stsIssue.roleArn })];
  },
};
