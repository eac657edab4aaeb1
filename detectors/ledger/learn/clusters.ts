import { type Scope, UNKNOWN } from "../../../schemas/events/event.ts";
import { text } from "../../../schemas/json.ts";
import { BORDER_MS } from "../../core/exchange-time.ts";
import { type Fact, idOf } from "../facts.ts";
import { type AuditLearner, about, type CallLearner, hourIn, timeOf } from "../learner.ts";
import { clusterOf } from "./sts.ts";

const DAY_MS = 24 * 3_600_000;

const dayId = ({ account, region }: Pick<Scope, "account" | "region">, time: number): string =>
  idOf("clusterDay", [account, region, timeOf({ time }).slice(0, 10)]);

/** On its day, across the border, and for the next day: what was heard of a cluster yesterday still tells that it is there. */
const tellDays = (
  scope: Scope,
  event: { readonly id: string; readonly time: number },
  fact: (tell: ReturnType<typeof about<"clusterDay">>) => Fact,
): Fact[] =>
  [...new Set([-BORDER_MS, 0, DAY_MS].map((shift) => dayId(scope, event.time + shift)))].map((id) =>
    fact(about("clusterDay", id, event)),
  );

/** Which clusters' pods were given AWS sessions: the tag names the cluster, wherever it is (eks-auto-mode.md §3.2, seen). */
export const clustersServed: CallLearner = {
  trail: "cloudtrail",
  trigger: '"pods\\.eks\\.amazonaws\\.com"',
  learn(call) {
    const { stsIssue } = call.facets;
    if (stsIssue?.invokedBy !== "pods.eks.amazonaws.com" || call.outcome !== "success") return [];
    const tags = new Map(stsIssue.tags.map((tag) => [tag.key, tag.value]));
    const arn = tags.get("eks-cluster-arn") ?? "";
    if (!/^arn:[^:]+:eks:[^:]+:\d{12}:cluster\/.+$/.test(arn)) return [];
    const place = clusterOf(arn, call);
    const tell = about("clusterDay", dayId(place, call.time), call);
    const whom = `${tags.get("kubernetes-namespace") ?? "?"}/${tags.get("kubernetes-service-account") ?? "?"}`;
    return [
      tell("served", {
        ...{ time: timeOf(call), cluster: place.cluster },
        within: `${call.scope.account} ${call.scope.region}`,
      }),
      tell("role", { cluster: place.cluster, role: stsIssue.roleArn, whom }),
    ];
  },
};

/** Which clusters' nodes ask EKS Auth, and which clusters EKS answers about: it answers where the cluster is (eks-auto-mode.md §3.1, seen). */
export const clustersHeard: CallLearner = {
  trail: "cloudtrail",
  trigger: '"eks(?:-auth)?\\.amazonaws\\.com"',
  learn(call) {
    const { scope, service, action } = call;
    if (call.outcome !== "success" || scope.account === UNKNOWN) return [];
    if (call.facets.podIdentityExchange !== undefined) {
      const { cluster } = call.facets.podIdentityExchange;
      return cluster === "" ? [] : tellDays(scope, call, (tell) => tell("asked", { cluster }));
    }
    if (service !== "eks") return [];
    const name = text(call.requestParameters, "name") ?? text(call.requestParameters, "clusterName") ?? "";
    return name === "" ? [] : tellDays(scope, call, (tell) => tell("known", { cluster: name, how: action }));
  },
};

/** Which clusters' audit logs are read. One event an hour is parsed for it. */
export const clustersAudited: AuditLearner = {
  trail: "k8s-audit",
  trigger: () => true,
  same: (peeked, { account, region, cluster }) => `cluster ${account}/${region}/${cluster} ${hourIn(peeked)}`,
  learn(request) {
    const { scope } = request;
    if (scope.account === UNKNOWN || scope.cluster === UNKNOWN) return [];
    return tellDays(scope, request, (tell) => tell("known", { cluster: scope.cluster, how: "its audit log" }));
  },
};
