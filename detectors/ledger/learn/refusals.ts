import type { Scope } from "../../../schemas/events/event.ts";
import { INSTANCE_ID } from "../../../schemas/events/event.ts";
import type { K8sRequest } from "../../../schemas/events/k8s-audit/facets.ts";
import type { Peek } from "../../../schemas/events/k8s-audit/peek.ts";
import { succeeded } from "../../../schemas/events/k8s-audit/request.ts";
import { text } from "../../../schemas/json.ts";
import { TROUBLE_MS } from "../../core/settle-times.ts";
import { type Fact, idOf } from "../facts.ts";
import { type AuditLearner, about, podNameId, timeOf } from "../learner.ts";
import { dayIn, rosterId } from "./acts.ts";

const DAY_MS = 24 * 3_600_000;

const KINDS: Readonly<Record<string, string>> = { secrets: "secret", configmaps: "configmap", pods: "pod" };
const stayId = ({ account, region, cluster }: Scope, node: string, time: number): string =>
  idOf("stay", [account, region, cluster, node, timeOf({ time }).slice(0, 10)]);

/** What a node's identity was refused that belongs to pods: objects by their name, and tokens. Neither secrets nor an authorizer's refusal have a body
 * (eks-auto-mode.md §1.2; audit-recorded.md 7, 13). */
export const refusalsOfNodes: AuditLearner = {
  trail: "k8s-audit",
  trigger: ({ username, resource, subresource, status }) =>
    username.startsWith("system:node:i-") &&
    status.includes('"code":403') &&
    (Object.hasOwn(KINDS, resource) || subresource === "token"),
  learn(request) {
    const { actor, actingAs, code, decision, scope, time } = request;
    const { account, region, cluster } = scope;
    const node = actor.instanceId;
    const wanted = objectOf(request);
    if (actor.kind !== "node" || node === undefined || actingAs !== undefined || wanted === undefined) return [];
    // A refused impersonation is not what the request asks for (audit-recorded.md 2).
    if (code !== 403 || decision === "") return [];
    const { kind, namespace, name } = wanted;
    const days = new Set([0, TROUBLE_MS, -TROUBLE_MS].map((shift) => timeOf({ time: time + shift }).slice(0, 10)));
    return [...days].flatMap((day) => {
      const id = idOf("refusals", [account, region, cluster, day]);
      const tell = about("refusals", id, request);
      const asked = { time: timeOf(request), node, namespace, name, at: id };
      return [
        tell("of", { cluster, day }),
        tell("refused", { time: timeOf(request), node, kind, namespace, name }),
        about("roster", rosterId(scope, request), request)("refusals", { id }),
        // Pods are known by their names; of anything else the namespace has to do.
        ...(kind === "pod"
          ? [about("podName", podNameId(scope, namespace, name), request)("refused", asked)]
          : [time, time - DAY_MS].map((on) => about("stay", stayId(scope, node, on), request)("refusals", { id }))),
      ];
    });
  },
};

function objectOf({ object, facets }: K8sRequest): { kind: string; namespace: string; name: string } | undefined {
  const { resource, subresource, namespace, name, group } = object;
  if (group !== "" || name === "") return undefined;
  if (resource === "serviceaccounts" && subresource === "token") {
    // Where there is a body, it says whose token it would have been.
    const pod = facets.token?.boundTo?.kind === "Pod" ? facets.token.boundTo.name : "";
    return pod === "" ? { kind: "token", namespace, name } : { kind: "pod", namespace, name: pod };
  }
  const kind = Object.hasOwn(KINDS, resource) ? KINDS[resource] : undefined;
  return kind === undefined || !["", "status"].includes(subresource) ? undefined : { kind, namespace, name };
}

const ran = (request: K8sRequest, node: string): readonly Fact[] => {
  const { scope, time, object } = request;
  return [about("stay", stayId(scope, node, time), request)("ran", { node, namespace: object.namespace })];
};

/** Where the scheduler puts pods (recorded). */
export const podsPlaced: AuditLearner = {
  trail: "k8s-audit",
  trigger: ({ resource, subresource, verb }) => resource === "pods" && subresource === "binding" && verb === "create",
  learn(request) {
    const node = text(request.requestBody, "target", "name") ?? "";
    return INSTANCE_ID.test(node) && succeeded(request) && !request.dryRun ? ran(request, node) : [];
  },
};

/** What the API server lets a kubelet write is about pods that are bound to its node: their status, their end, their tokens (NodeRestriction, recorded). */
export const podsKept: AuditLearner = {
  trail: "k8s-audit",
  trigger: ({ username, verb, resource, subresource, status }) =>
    username.startsWith("system:node:i-") &&
    status.includes('"code":20') &&
    (subresource === "token" ||
      (resource === "pods" && (subresource === "status" || (subresource === "" && verb === "delete")))),
  same: (peeked, { account, region, cluster }) =>
    `kept ${account}/${region}/${cluster} ${peeked.username} ${namespaceIn(peeked)} ${peeked.users.includes('"impersonatedUser"')} ${dayIn(peeked)}`,
  learn(request) {
    const { actor, actingAs, dryRun } = request;
    if (actor.kind !== "node" || actor.instanceId === undefined || actingAs !== undefined || dryRun) return [];
    return request.object.namespace === "" || !succeeded(request) ? [] : ran(request, actor.instanceId);
  },
};

const namespaceIn = ({ uri }: Peek): string => /^\/api\/v1\/namespaces\/([^/?]+)\//.exec(uri)?.[1] ?? uri;
