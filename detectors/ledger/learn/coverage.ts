import { idOf } from "../facts.ts";
import { type AuditLearner, about, type CallLearner, podId, timeOf } from "../learner.ts";
import { clusterOf } from "./sts.ts";

const DAY_MS = 24 * 3_600_000;

const pulseId = (account: string, region: string, cluster: string, time: number): string =>
  idOf("pulse", [account, region, cluster, timeOf({ time }).slice(0, "2026-11-22T10".length)]);

/** That the audit log of a cluster is read, with what it says of pods: every pod has a token minted by the hour, and the request names it
 * (audit-recorded.md 13). It counts for that hour and for the one a day later, which asks how long it has been so. */
export const audited: AuditLearner = {
  trail: "k8s-audit",
  trigger: ({ verb, subresource, stage }) =>
    verb === "create" && subresource === "token" && stage === "ResponseComplete",
  learn(request) {
    const { token } = request.facets;
    const { account, region, cluster } = request.scope;
    if (token?.credentialId === undefined || token.boundTo?.kind !== "Pod") return [];
    return [0, DAY_MS].map((ahead) => {
      const id = pulseId(account, region, cluster, request.time + ahead);
      return about("pulse", id, request)("audited", { time: timeOf(request) });
    });
  },
};

/** In which hours a pod was served (eks-auto-mode.md §3.2, seen). */
export const served: CallLearner = {
  trail: "cloudtrail",
  trigger: '"pods\\.eks\\.amazonaws\\.com"',
  learn(call) {
    const { stsIssue } = call.facets;
    if (stsIssue?.invokedBy !== "pods.eks.amazonaws.com" || call.outcome !== "success") return [];
    const tags = new Map(stsIssue.tags.map(({ key, value }) => [key, value]));
    const [arn, uid] = [tags.get("eks-cluster-arn"), tags.get("kubernetes-pod-uid")];
    if (arn === undefined || uid === undefined) return [];
    const place = clusterOf(arn, call);
    const id = pulseId(place.account, place.region, place.cluster, call.time);
    return [about("pod", podId(place, uid), call)("pulse", { id })];
  },
};
