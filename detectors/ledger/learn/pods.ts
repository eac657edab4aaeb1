import { INSTANCE_ID } from "../../../schemas/events/event.ts";
import type { K8sRequest } from "../../../schemas/events/k8s-audit/facets.ts";
import { succeeded } from "../../../schemas/events/k8s-audit/request.ts";
import { at, list, num, text } from "../../../schemas/json.ts";
import { nameOf } from "../../core/actors.ts";
import type { Fact } from "../facts.ts";
import { type AuditLearner, about, nodeId, podId, podNameId, timeOf } from "../learner.ts";

/** The life of a pod, from the writes that make, bind, report and remove it; bodies at RequestResponse and Request (EKS audit policy, rules 10, 16;
 * all seen). Without a body the uid is unknown and nothing is learned. */
export const pods: AuditLearner = {
  trail: "k8s-audit",
  trigger: ({ resource, subresource, verb }) =>
    resource === "pods" &&
    verb !== "get" &&
    verb !== "list" &&
    verb !== "watch" &&
    ["", "binding", "status", "ephemeralcontainers"].includes(subresource),
  learn(request) {
    const { object, dryRun } = request;
    if (object.resource !== "pods" || dryRun || !succeeded(request)) return [];
    if (object.subresource === "binding") return bound(request);
    if (object.subresource === "status") return reported(request);
    if (request.verb === "delete") return removed(request);
    // Server-side apply creates with a patch (audit-recorded.md 19). Any other write repeats the spec and changes none of this.
    if (object.subresource === "ephemeralcontainers") return hosted(request);
    return object.subresource === "" && request.code === 201 ? created(request) : [];
  },
};

function created(request: K8sRequest): Fact[] {
  const { responseBody: pod, scope, actor } = request;
  const uid = text(pod, "metadata", "uid");
  const namespace = text(pod, "metadata", "namespace") ?? request.object.namespace;
  const name = text(pod, "metadata", "name") ?? request.object.name;
  if (uid === undefined || name === "") return [];
  const id = podId(scope, uid);
  const tell = about("pod", id, request);
  const serviceAccount = text(pod, "spec", "serviceAccountName");
  const node = text(pod, "spec", "nodeName");
  return [
    tell("name", { namespace, name }),
    tell("created", { time: timeOf(request), by: nameOf(actor), kind: actor.kind }),
    ...(serviceAccount === undefined ? [] : [tell("account", { namespace, serviceAccount })]),
    ...(node !== undefined && INSTANCE_ID.test(node) ? [tell("node", { id: nodeId(node) })] : []),
    about("podName", podNameId(scope, namespace, name), request)("pod", { id }),
    ...hosted(request),
  ];
}

/** What of its node a pod is given: what opens the way to the node's credentials. */
function hosted(request: K8sRequest): Fact[] {
  const { podSpec } = request.facets;
  const uid = text(request.responseBody, "metadata", "uid");
  if (podSpec === undefined || uid === undefined) return [];
  const given = [
    ...(podSpec.hostNetwork ? ["hostNetwork"] : []),
    ...(podSpec.hostPID ? ["hostPID"] : []),
    ...(podSpec.containers.some(({ privileged }) => privileged) ? ["privileges"] : []),
    ...(podSpec.hostPaths.length > 0 ? [`paths ${podSpec.hostPaths.join(" ")}`] : []),
  ];
  if (given.length === 0) return [];
  const { actor, scope, object } = request;
  return [
    about(
      "pod",
      podId(scope, uid),
      request,
    )("host", {
      ...{ time: timeOf(request), by: nameOf(actor), kind: podSpec.echo ? "controller" : actor.kind },
      ...{ what: given.join(", "), cluster: scope.cluster, namespace: podSpec.namespace },
      name: text(request.responseBody, "metadata", "name") ?? object.name,
    }),
  ];
}

/** The scheduler's word, or that of whoever binds by hand: where the kubelet is told to run it. */
function bound(request: K8sRequest): Fact[] {
  const { requestBody: binding, scope, object } = request;
  const uid = text(binding, "metadata", "uid") ?? object.uid;
  const node = text(binding, "target", "name") ?? "";
  if (uid === "" || !INSTANCE_ID.test(node)) return [];
  const id = podId(scope, uid);
  return [
    about("pod", id, request)("node", { id: nodeId(node) }),
    about("pod", id, request)("name", { namespace: object.namespace, name: object.name }),
    about("podName", podNameId(scope, object.namespace, object.name), request)("pod", { id }),
  ];
}

/** A node's own status patch, which the node authorizer lets it make of its own pods only. */
function reported(request: K8sRequest): Fact[] {
  const { requestBody, actor, actingAs, scope, object } = request;
  const uid = text(requestBody, "metadata", "uid");
  if (uid === undefined || actor.instanceId === undefined || actingAs !== undefined) return [];
  const tell = about("pod", podId(scope, uid), request);
  const ips = list(requestBody, "status", "podIPs").flatMap((entry) => text(entry, "ip") ?? []);
  const hosts = [...list(requestBody, "status", "hostIPs"), { ip: at(requestBody, "status", "hostIP") }];
  return [
    tell("node", { id: nodeId(actor.instanceId) }),
    tell("name", { namespace: object.namespace, name: object.name }),
    ...ips.map((ip) => tell("ip", { ip })),
    ...hosts.flatMap((entry) => text(entry, "ip") ?? []).map((ip) => tell("hostIp", { ip })),
  ];
}

/** The delete that removes it, not the one that asks it to end: nothing is left to wait for (detections.md B-04). */
function removed(request: K8sRequest): Fact[] {
  const { requestBody, responseBody, object, scope } = request;
  const final =
    num(responseBody, "metadata", "deletionGracePeriodSeconds") === 0 || num(requestBody, "gracePeriodSeconds") === 0;
  const uid =
    text(responseBody, "metadata", "uid") ?? text(at(requestBody, "preconditions"), "uid") ?? (object.uid || undefined);
  if (!final || uid === undefined) return [];
  return [about("pod", podId(scope, uid), request)("deleted", { time: timeOf(request) })];
}
