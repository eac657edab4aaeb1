import type { K8sRequest } from "../../../schemas/events/k8s-audit/facets.ts";
import { hasBody, succeeded } from "../../../schemas/events/k8s-audit/request.ts";
import { at, text } from "../../../schemas/json.ts";
import { nameOf } from "../../core/actors.ts";
import { idOf } from "../facts.ts";
import { type AuditLearner, about, hourIn, podNameId, timeOf } from "../learner.ts";

const guardId = ({ scope }: K8sRequest, namespace: string): string =>
  idOf("guard", [scope.account, scope.region, scope.cluster, namespace]);

/** Evictions that a disruption budget refused to EKS, which drains a node: tried every few seconds, told by the hour. The API server answers 429 also when
 * it is busy, in other words. */
export const evictionsRefused: AuditLearner = {
  trail: "k8s-audit",
  trigger: ({ resource, subresource, verb, status }) =>
    resource === "pods" && subresource === "eviction" && verb === "create" && status.includes('"code":429'),
  same: (peeked, { account, region, cluster }) =>
    `blocked ${account}/${region}/${cluster} ${peeked.uri} ${peeked.users} ${hourIn(peeked)} ${BUDGET.test(peeked.status)}`,
  learn(request) {
    const { actor, actingAs, object, code, message, scope } = request;
    const { namespace, name } = object;
    if (actor.kind !== "control-plane" || actingAs !== undefined || code !== 429 || !BUDGET.test(message)) return [];
    const id = podNameId(scope, namespace, name);
    const told = { time: timeOf(request), cluster: scope.cluster };
    return [
      about("podName", id, request)("blocked", told),
      about("guard", guardId(request, namespace), request)("blocked", { id }),
    ];
  },
};

/** "Cannot evict pod as it would violate the pod's disruption budget." (kubernetes/pkg/registry/core/pod/storage/eviction.go) */
const BUDGET = /disruption budget/i;
const TEMPLATES: ReadonlySet<string> = new Set([
  "pods",
  "deployments",
  "statefulsets",
  "daemonsets",
  "jobs",
  "cronjobs",
]);
const KEPT = "karpenter.sh/do-not-disrupt";

/** What people do to keep pods where they are: a budget that allows nothing, or Karpenter's annotation. Bodies at RequestResponse (EKS audit policy,
 * rule 16); without one it says nothing. */
export const guards: AuditLearner = {
  trail: "k8s-audit",
  trigger: (peeked) =>
    hasBody(peeked) &&
    peeked.subresource === "" &&
    peeked.username !== "" &&
    !peeked.username.startsWith("system:") &&
    (peeked.resource === "poddisruptionbudgets" || TEMPLATES.has(peeked.resource)),
  learn(request) {
    const { actor, object, dryRun } = request;
    const namespace = object.namespace;
    const what = guardIn(request);
    if (actor.kind !== "human" || namespace === "" || dryRun || what === undefined || !succeeded(request)) return [];
    const told = { time: timeOf(request), by: nameOf(actor), kind: actor.kind, what, namespace };
    return [about("guard", guardId(request, namespace), request)("made", told)];
  },
};

/** The answer holds the object as it is now; a patch only what it changes. */
function guardIn({ object, requestBody, responseBody }: K8sRequest): string | undefined {
  const name = object.name || text(responseBody, "metadata", "name") || text(requestBody, "metadata", "name") || "*";
  for (const body of [responseBody, requestBody]) {
    if (object.resource === "poddisruptionbudgets") {
      const most = text(body, "spec", "maxUnavailable");
      const least = text(body, "spec", "minAvailable");
      if (most === "0" || most === "0%") return `PodDisruptionBudget ${name} with maxUnavailable ${most}`;
      if (least === "100%") return `PodDisruptionBudget ${name} with minAvailable 100%`;
      continue;
    }
    const templates = [[], ["spec", "template"], ["spec", "jobTemplate", "spec", "template"]];
    const kept = templates.some((path) => text(at(body, ...path), "metadata", "annotations", KEPT) === "true");
    if (kept) return `${KEPT} on ${object.resource}/${name}`;
  }
  return undefined;
}
