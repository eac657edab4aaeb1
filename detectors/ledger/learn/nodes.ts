import { INSTANCE_ID } from "../../../schemas/events/event.ts";
import { succeeded } from "../../../schemas/events/k8s-audit/request.ts";
import { list, text } from "../../../schemas/json.ts";
import { nameOf } from "../../core/actors.ts";
import { type AuditLearner, about, fleetId, nodeId, timeOf } from "../learner.ts";

/** Nodes joining the cluster: the kubelet makes its own Node object, named after the instance (eks-auto-mode.md §0, seen). */
export const nodesJoining: AuditLearner = {
  trail: "k8s-audit",
  trigger: ({ resource, subresource, verb }) => resource === "nodes" && subresource === "" && verb === "create",
  learn(request) {
    const { object, verb, scope, actor, dryRun } = request;
    const { cluster } = scope;
    if (object.resource !== "nodes" || object.subresource !== "" || verb !== "create") return [];
    const name = object.name || text(request.responseBody, "metadata", "name") || "";
    if (dryRun || !succeeded(request) || !INSTANCE_ID.test(name)) return [];
    const node = nodeId(name);
    const id = fleetId(scope, request);
    return [
      about("node", node, request)("cluster", { cluster }),
      about("node", node, request)("fleet", { id }),
      about("fleet", id, request)("joined", { time: timeOf(request), node, by: nameOf(actor), cluster }),
    ];
  },
};

/** A node's addresses, as the cloud controller writes them. What a node says of itself does not count: who holds its identity says it, too. */
export const nodeAddresses: AuditLearner = {
  trail: "k8s-audit",
  trigger: ({ resource, subresource, verb, username }) =>
    resource === "nodes" &&
    subresource === "status" &&
    (verb === "patch" || verb === "update") &&
    !username.startsWith("system:node:"),
  learn(request) {
    const { object, actor, actingAs, requestBody } = request;
    if (object.resource !== "nodes" || object.subresource !== "status" || !succeeded(request)) return [];
    if (actor.kind !== "control-plane" || actingAs !== undefined || !INSTANCE_ID.test(object.name)) return [];
    return list(requestBody, "status", "addresses").flatMap((entry) => {
      const ip = text(entry, "address");
      const isAddress = ip !== undefined && /^(?:Internal|External)IP$/.test(text(entry, "type") ?? "");
      return isAddress ? [about("node", nodeId(object.name), request)("ip", { ip })] : [];
    });
  },
};
