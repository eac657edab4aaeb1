import type { K8sRequest } from "../../../schemas/events/k8s-audit/facets.ts";
import { succeeded } from "../../../schemas/events/k8s-audit/request.ts";
import { nameOf } from "../../core/actors.ts";
import { type AuditLearner, about, nameDayId, podNameId, timeOf } from "../learner.ts";

const WAYS: Readonly<Record<string, string>> = {
  exec: "exec",
  attach: "attach",
  portforward: "port-forward",
  ephemeralcontainers: "an ephemeral container",
};

/** Somebody getting into a pod: by its own subresources, or by a kubelet's routes behind nodes/proxy (audit-recorded.md 8, 11; seen). 101 counts: it does not
 * prove that a command ran, only what follows can. The name alone is in the request. */
export const entries: AuditLearner = {
  trail: "k8s-audit",
  trigger: ({ resource, subresource }) =>
    (resource === "pods" && Object.hasOwn(WAYS, subresource)) || (resource === "nodes" && subresource === "proxy"),
  learn(request) {
    const { actor, actingAs, dryRun, scope } = request;
    const entry = entryOf(request);
    if (entry === undefined || dryRun || !succeeded(request)) return [];
    const by = actingAs === undefined ? nameOf(actor) : `${nameOf(actor)} as ${nameOf(actingAs)}`;
    const entered = { time: timeOf(request), by, how: entry.how };
    return [
      about("podName", podNameId(scope, entry.namespace, entry.name), request)("entered", entered),
      about("nameDay", nameDayId(scope, entry, request), request)("entered", entered),
    ];
  },
};

function entryOf({ object, verb, facets }: K8sRequest): { namespace: string; name: string; how: string } | undefined {
  const { namespace, name, resource, subresource } = object;
  if (resource === "pods") {
    const how = Object.hasOwn(WAYS, subresource) ? WAYS[subresource] : undefined;
    // A look at the list of ephemeral containers adds none; exec over WebSocket is a get.
    const looks = subresource === "ephemeralcontainers" && verb === "get";
    return how === undefined || looks || name === "" ? undefined : { namespace, name, how };
  }
  const { nodesProxy: proxied } = facets;
  if (proxied === undefined || !["exec", "run", "attach", "portForward"].includes(proxied.action)) return undefined;
  const { action, namespace: within, pod } = proxied;
  return pod === "" ? undefined : { namespace: within, name: pod, how: `${action} through nodes/proxy` };
}
