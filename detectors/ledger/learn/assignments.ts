import type { Scope } from "../../../schemas/events/event.ts";
import { succeeded } from "../../../schemas/events/k8s-audit/request.ts";
import { nameOf } from "../../core/actors.ts";
import { deedOf } from "../../core/deed.ts";
import { assignmentId, FOLLOWS_MS } from "../assignment.ts";
import { type AuditLearner, about, type CallLearner, timeOf } from "../learner.ts";

/** Entries are known to ten minutes, from their beginning. */
const BORDER_MS = 10 * 60_000;

/** A role being given to a service account. Shape from the API model (eks-auto-mode.md §7). */
export const assignments: CallLearner = {
  trail: "cloudtrail",
  trigger: "PodIdentityAssociation",
  learn(call) {
    const { podIdentityAssociation: association } = call.facets;
    if (association === undefined || call.outcome !== "success" || call.action.startsWith("Delete")) return [];
    const { cluster, namespace, serviceAccount, roleArn, targetRoleArn, associationId } = association;
    if (serviceAccount === "") return [];
    const created = call.action.startsWith("Create");
    const given = {
      ...{ ...deedOf(call), name: nameOf(call.actor), what: created ? "created" : "changed" },
      ...{ target: targetRoleArn || roleArn, on: created ? `${namespace}/${serviceAccount}` : associationId },
    };
    const where: Scope = { ...call.scope, cluster };
    const ids = [-BORDER_MS, 0, FOLLOWS_MS].map((ahead) =>
      assignmentId(where, namespace, serviceAccount, timeOf({ time: call.time + ahead })),
    );
    return [...new Set(ids)].map((id) => about("assignment", id, call)("given", given));
  },
};

/** Pods and what makes pods, written for a service account. */
export const assignmentsUsed: AuditLearner = {
  trail: "k8s-audit",
  trigger: ({ verb, subresource, users }) =>
    subresource === "" && ["create", "update", "patch"].includes(verb) && users.includes('"arn":["'),
  learn(request) {
    const { actor, verb, object, dryRun, scope, facets } = request;
    const { podSpec } = facets;
    if (podSpec === undefined || dryRun || !succeeded(request)) return [];
    const id = assignmentId(scope, podSpec.namespace, podSpec.serviceAccount || "default", timeOf(request));
    const put = {
      ...{ time: timeOf(request), by: nameOf(actor), key: actor.accessKeyId ?? "", kind: actor.kind },
      how: `${verb} ${object.resource} ${podSpec.name}`,
    };
    return [about("assignment", id, request)("put", put)];
  },
};
