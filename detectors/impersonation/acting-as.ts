import { isDiscovery } from "../core/component-shape.ts";
import type { EventOn, Evidence } from "../core/contracts.ts";

export type Impersonating = EventOn<"impersonation">;

const SELF_REVIEWS: ReadonlySet<string> = new Set([
  "selfsubjectaccessreviews",
  "selfsubjectrulesreviews",
  "selfsubjectreviews",
]);

/** Asks who the identity is or what it may do: `kubectl auth can-i --as`, `kubectl auth whoami --as`. */
export const isSelfReview = ({ object, verb }: Impersonating): boolean =>
  verb === "create" &&
  SELF_REVIEWS.has(object.resource) &&
  (object.group === "authorization.k8s.io" || object.group === "authentication.k8s.io");

/** Nothing of the cluster is read: all that `kubectl auth can-i --as` sends. */
export const isInquiry = (request: Impersonating): boolean => isSelfReview(request) || isDiscovery(request);

/** The identity was had, but it was not let do what it asked. Not found (404) is no refusal. */
export const rebuffed = ({ outcome }: Impersonating): boolean => outcome === "denied" || outcome === "refused";

const PAST: Readonly<Record<string, string>> = {
  get: "read",
  list: "listed",
  watch: "watched",
  create: "created",
  update: "updated",
  patch: "patched",
  delete: "deleted",
  deletecollection: "deleted all",
};

/** What became of the request, as the end of a sentence: "and listed secrets in shop", "but was denied list secrets in shop". */
export function deed(request: Impersonating): string {
  const { verb, object, path, outcome, code, dryRun } = request;
  const { resource, subresource, namespace, name } = object;
  const what = `${resource}${subresource && `/${subresource}`}${name && ` ${name}`}${namespace && ` in ${namespace}`}`;
  const target = `${resource === "" ? path : what}${dryRun ? " (dry run)" : ""}`;
  switch (outcome) {
    case "success":
      return isSelfReview(request) ? "and asked what it may do" : `and ${PAST[verb] ?? verb} ${target}`;
    case "started":
      return `and started ${target} (101 does not prove that it ran)`;
    case "denied":
      return `but was denied ${verb} ${target}`;
    case "refused":
      return `but had ${verb} ${target} refused (${code ?? "?"})`;
    case "failed":
    case "unauthenticated":
      return `and failed to ${verb} ${target} (${code ?? "?"})`;
    case "unknown":
      return `and asked to ${verb} ${target}; the record has no answer`;
  }
}

/** Who acted as whom, and what the server said of it. */
export function evidenceOf({ actor, actingAs, message, impersonationConstraint, facets }: Impersonating): Evidence[] {
  const { target, groups, uid, extra } = facets.impersonation;
  const shown: Evidence[] = actingAs
    ? [
        { field: "impersonatedUser.username", value: target ?? "" },
        { field: "impersonatedUser.groups", value: groups.join(", ") },
        { field: "impersonatedUser.uid", value: uid ?? "" },
        { field: "impersonatedUser.extra", value: extra.join(", ") },
        { field: "authenticationMetadata.impersonationConstraint", value: impersonationConstraint ?? "" },
      ]
    : [{ field: "responseStatus.message", value: message }];
  return [{ field: "user.username", value: actor.name }, ...shown].filter(({ value }) => value !== "");
}

/** The identity that was wanted, as far as the record names it; part of a finding's subject. */
export function wanted({ target, groups, uid, refusedPart }: Impersonating["facets"]["impersonation"]): string {
  if (target !== undefined) return target;
  if (groups.length > 0) return `group ${groups.join(", ")}`;
  if (uid !== undefined) return `uid ${uid}`;
  return refusedPart === "userextras" ? "extra keys" : "an identity that the record does not name";
}

/** For a runbook: every role that gives the right to impersonate anybody, constrained (1.36) or not. */
export const ROLES_THAT_IMPERSONATE = `kubectl get clusterroles,roles --all-namespaces -o json | jq -r '.items[] | select(any(.rules[]?; any(.verbs[]; . == "*" or startswith("impersonate")))) | [.kind, .metadata.namespace // "-", .metadata.name] | @tsv'`;
