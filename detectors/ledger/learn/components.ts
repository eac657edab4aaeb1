import type { K8sRequest } from "../../../schemas/events/k8s-audit/facets.ts";
import { COMPONENTS, ENVELOPES } from "../../core/component-envelopes.ts";
import { componentOf, isDiscovery, needless, oddities } from "../../core/component-shape.ts";
import type { EventOn } from "../../core/contracts.ts";
import { idOf } from "../facts.ts";
import { type AuditLearner, about, timeOf } from "../learner.ts";
import { nodesInAudit } from "./identities.ts";

const DAY_MS = 24 * 3_600_000;

/** A cluster's day of an event, and the one before: what is done on a day is compared with what is done until the end of the next. */
const daysOf = ({ scope: { account, region, cluster }, time }: K8sRequest): readonly string[] =>
  [0, -DAY_MS].map((shift) => {
    const day = timeOf({ time: time + shift }).slice(0, 10);
    return idOf("componentActs", [account, region, cluster, day]);
  });

/** Nodes at work: who could have done what one of them did. */
export const componentNodes: AuditLearner = {
  ...nodesInAudit,
  same: ({ username, request }, { account, region, cluster }) =>
    `component node ${username} ${account}/${region}/${cluster} ${request.slice(0, "2026-11-22".length)}`,
  learn(request) {
    const { instanceId: node, kind } = request.actor;
    if (kind !== "node" || node === undefined) return [];
    return daysOf(request).map((id) => about("componentActs", id, request)("node", { node }));
  },
};

/** Real nodes that act as components, in the components' own shape, beyond what components are known to be and do (B-21 d, f). */
export const componentActs: AuditLearner = {
  trail: "k8s-audit",
  trigger: ({ username, users }) => username.startsWith("system:node:i-") && users.includes('"impersonatedUser":{'),
  learn(request) {
    const { actor, facets, object, path, verb, sourceIP: ip = "" } = request;
    const { impersonation } = facets;
    const { instanceId: node, accessKeyId: key = "" } = actor;
    if (impersonation === undefined || node === undefined || !impersonation.granted) return [];
    const impersonating: EventOn<"impersonation"> = { ...request, facets: { ...facets, impersonation } };
    const name = impersonation.target ?? "";
    const component = componentOf(name);
    if (component === undefined || oddities(impersonating).length > 0) return [];
    const told = { time: timeOf(request), node, name, key, ip };
    if (!COMPONENTS.includes(component))
      return daysOf(request).map((id) => about("componentActs", id, request)("named", told));
    const resource =
      object.resource === "" ? path : `${object.resource}${object.subresource && `/${object.subresource}`}`;
    const within = ENVELOPES.some(
      (own) => own.component === component && own.verbs.includes(verb) && own.resources.includes(resource),
    );
    if (isDiscovery(impersonating) || within) return [];
    const did = { ...told, verb, resource, needless: needless(impersonating) ? "yes" : "" };
    return daysOf(request).map((id) => about("componentActs", id, request)("did", did));
  },
};
