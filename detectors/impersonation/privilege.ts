import { type Impersonation, targetClassOf } from "../../schemas/events/k8s-audit/facets/impersonation.ts";

/** Groups of the server that give next to nothing, or that it adds by itself (audit-recorded.md 5), and those that Rancher's proxy adds to
 * whoever comes through it. */
const PLAIN_GROUP =
  /^system:(?:authenticated|unauthenticated|serviceaccounts(?::.*)?|monitoring|cattle:.*)$|^(?!system:|eks:|eks-(?:auto|runtime|managed|event-service):)/i;

/** A group that no person or workload is put into from outside: `system:masters`, `system:nodes`, `eks:managed`, a component's name. */
export const isPrivilegedGroup = (group: string): boolean => !PLAIN_GROUP.test(group);

/** True for a service account that serves the cluster itself. */
export const isClusterAccount = (target: string, namespaces: readonly string[]): boolean =>
  namespaces.some((namespace) => target.startsWith(`system:serviceaccount:${namespace}:`));

/** True in the group of such a namespace's service accounts, which the server adds to their own name, and anybody may ask for with another. */
export const inClusterAccounts = (groups: readonly string[], namespaces: readonly string[]): boolean =>
  namespaces.some((namespace) => groups.includes(`system:serviceaccounts:${namespace}`));

/** A name that belongs to AWS even where it is an ARN: a service-linked role, bare, as role or as session. */
const SERVICE_ROLE = /(?:^|[:/])AWSServiceRole/;

/** Why the wanted identity is more than a plain user or service account; empty when it is not (A18). */
export function privilegesOf({ target = "", groups }: Pick<Impersonation, "target" | "groups">): string[] {
  const kind = targetClassOf(target);
  return [
    ...(kind === "component" ? [`${target} is a component of Auto Mode`] : []),
    ...(kind === "aws" || SERVICE_ROLE.test(target) ? [`${target} is an identity of AWS`] : []),
    ...(kind === "node" ? [`${target} is a node`] : []),
    ...(kind === "control-plane" ? [`${target} is an identity of the control plane`] : []),
    ...groups.filter(isPrivilegedGroup).map((group) => `in the privileged group ${group}`),
  ];
}
