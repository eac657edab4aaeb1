import Type from "typebox";
import type { Actor } from "../../../schemas/events/event.ts";
import type { Severity } from "../../../schemas/findings/finding.ts";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector } from "../../core/contracts.ts";
import { lowered } from "../../core/weight.ts";
import { deed, evidenceOf, type Impersonating, isInquiry, ROLES_THAT_IMPERSONATE, rebuffed } from "../acting-as.ts";
import { isEksItself } from "../eks-itself.ts";
import { gitOpsOf } from "../git-ops.ts";
import { inClusterAccounts, isClusterAccount, isPrivilegedGroup, privilegesOf } from "../privilege.ts";

/** A18: somebody acted as the cluster itself: `system:masters`, its control plane, a node, AWS's own users, a service account of kube-system. */
export const detector = defineEventDetector({
  meta: {
    id: "impersonation/privileged-identity",
    version: 1,
    title: "Identity of the cluster or of AWS impersonated",
    description:
      "The groups system:masters and eks:managed, the users of the control plane, nodes, eks:* users and the service accounts of kube-system belong to the cluster and to AWS. Acting as one of them gives its rights and leaves its name in every later check.",
    severity: "critical",
    confidence: "high",
    status: "stable",
    attack: [
      { tactic: "TA0004", technique: "T1134" },
      { tactic: "TA0005", technique: "T1078.001" },
    ],
    reads: ["user", "impersonatedUser", "responseStatus.code", "authenticationMetadata.impersonationConstraint"],
    auditLevel: { needs: "Metadata" },
    references: [
      "https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation",
      "https://docs.aws.amazon.com/eks/latest/userguide/default-roles-users.html",
    ],
    gaps: [
      "A cluster administrator who takes system:masters gains nothing by it and is reported all the same.",
      "What was refused outright is impersonation/denied's; what a node takes is impersonation/node-impersonates'.",
    ],
    triage: [
      {
        do: "See everything that was done under this identity; look at writes, secrets and exec first.",
        audit:
          'fields requestReceivedTimestamp, verb, requestURI, responseStatus.code | filter user.username = "{actor.name}" and impersonatedUser.username = "{actingAs.name}" | sort requestReceivedTimestamp asc',
      },
      {
        do: "Ask the owner of the key; compare where the same key was used in AWS. A service account has no key: look at its pod instead.",
        cloudtrail:
          'fields eventTime, eventName, sourceIPAddress, userAgent | filter userIdentity.accessKeyId = "{actor.key}" | sort eventTime asc',
      },
      {
        do: "Find the role that gave the right to impersonate, and who else holds it. Cluster administrators by access policy hold it without one.",
        cli: ROLES_THAT_IMPERSONATE,
      },
    ],
  },
  on: "impersonation",
  params: Type.Object({
    namespaces: Type.Array(Type.String({ minLength: 1 }), {
      default: ["kube-system"],
      description: "Namespaces whose service accounts serve the cluster itself.",
    }),
  }),
  detect(request, { namespaces }, site) {
    const { actor, facets, impersonationConstraint: constraint } = request;
    const { granted, target = "", targetClass, groups } = facets.impersonation;
    if (!granted || actor.kind === "node" || targetClass === "component") return undefined;
    if (isAwsAsItself(actor, target, groups)) return undefined;
    const privileges = privilegesOf(facets.impersonation);
    const account = isClusterAccount(target, namespaces);
    if (privileges.length === 0 && !account && !inClusterAccounts(groups, namespaces)) return undefined;
    const byRight = privileges.length === 0 ? gitOpsOf(site, request) : undefined;
    const privileged = groups.filter(isPrivilegedGroup);
    const named = privileged.length > 0 ? `${target} in ${privileged.join(", ")}` : target;
    return {
      sentence: `${nameOf(actor)} acted as ${named} ${deed(request)}`,
      on: `as ${target}`,
      severity: severityOf(request, byRight !== undefined, privileges.length > 0),
      evidence: evidenceOf(request),
      reasons: [
        ...privileges,
        ...(privileges.length === 0
          ? [account ? `${target} serves the cluster itself` : "in the group of accounts that serve the cluster itself"]
          : []),
      ],
      notExempted: [
        ...(byRight === "declared" ? ["a GitOps account of the site, but as an account of the cluster"] : []),
        ...(byRight === "name" ? ["called like a GitOps account, but not listed in the site's gitOps accounts"] : []),
        ...(constraint === undefined ? [] : [`granted by ${constraint}`]),
      ],
    };
  },
});

/** EKS acts as its event controller, and may as others of its own names (detections.md d.3); its service-linked role only as the former. */
function isAwsAsItself(actor: Actor, target: string, groups: readonly string[]): boolean {
  if (groups.some(isPrivilegedGroup)) return false;
  if (target.startsWith("eks-event-service:")) return isEksItself(actor) || isLinkedRole(actor);
  return target.startsWith("eks:") && isEksItself(actor);
}

/** By its access entry's group too, which actor.kind has checked: by name alone anyone could be it. */
const isLinkedRole = ({ kind, roleName }: Actor): boolean =>
  kind === "control-plane" && roleName === "AWSServiceRoleForAmazonEKS";

function severityOf(request: Impersonating, byRight: boolean, privileged: boolean): Severity {
  const { actor, impersonationConstraint: constraint } = request;
  // 1.36: a pod that may be its own node, which the server checks; made for agents that run on every node.
  const ownNode = constraint === "impersonate:associated-node" && actor.kind === "service-account";
  if (isInquiry(request) || byRight || ownNode) return "low";
  // A constrained right was given on purpose, for one action; but no person needs a node's or AWS's name for it.
  const workload = actor.kind === "service-account" || actor.kind === "anonymous";
  const steps = (workload ? 0 : 1) + (privileged ? 0 : 1) + (workload && constraint !== undefined ? 2 : 0);
  return lowered("critical", steps + (rebuffed(request) ? 1 : 0));
}
