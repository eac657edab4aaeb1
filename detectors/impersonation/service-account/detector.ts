import Type from "typebox";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector } from "../../core/contracts.ts";
import { deed, evidenceOf, isInquiry, rebuffed } from "../acting-as.ts";
import { gitOpsOf } from "../git-ops.ts";
import { privilegesOf } from "../privilege.ts";

/** Any service account that is taken by somebody else, where nothing stronger applies: a lateral move, or a person testing rights. */
export const detector = defineEventDetector({
  meta: {
    id: "impersonation/service-account",
    version: 1,
    title: "Service account impersonated",
    description:
      "Whoever holds edit or admin in a namespace may act as its service accounts, and so has their rights. People do that to test permissions; a workload that does it is either made for it, and then known to the site, or moving sideways.",
    severity: "medium",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0004", technique: "T1134" },
      { tactic: "TA0008", technique: "T1550.001" },
    ],
    reads: ["user", "impersonatedUser", "responseStatus.code", "authenticationMetadata.impersonationConstraint"],
    auditLevel: { needs: "Metadata" },
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html",
      "https://kubernetes.io/docs/concepts/security/rbac-good-practices/#impersonate-verb",
    ],
    gaps: [
      "What the service account may do is not in the record: one with the rights of an administrator looks like any other.",
      "GitOps accounts of the site are not reported, whatever plain service account they act as.",
    ],
    triage: [
      {
        do: "See what was done as this service account.",
        audit:
          'fields requestReceivedTimestamp, user.username, verb, requestURI, responseStatus.code | filter impersonatedUser.username = "{actingAs.name}" | sort requestReceivedTimestamp asc',
      },
      {
        do: "See what the service account may do that the actor may not. This asks under impersonation itself: expect a finding at low about you.",
        cli: "kubectl auth can-i --list --as '{actingAs.name}'",
      },
    ],
  },
  on: "impersonation",
  params: Type.Object({}),
  detect(request, _params, site) {
    const { actor, facets, impersonationConstraint: constraint } = request;
    const { granted, target = "", targetClass, groups } = facets.impersonation;
    // The server adds the groups of a service account to its name; to any other name somebody asked for them.
    const borrowed = targetClass === "user" ? groups.filter((group) => ACCOUNTS.test(group)) : [];
    if (!granted || actor.kind === "node" || actor.name === target) return undefined;
    if (targetClass !== "service-account" && borrowed.length === 0) return undefined;
    // With a privileged group it is no service account any more: impersonation/privileged-identity.
    if (privilegesOf(facets.impersonation).length > 0) return undefined;
    const byRight = borrowed.length > 0 ? undefined : gitOpsOf(site, request);
    if (byRight === "declared") return undefined;
    const workload = actor.kind === "service-account" || actor.kind === "anonymous";
    // A constrained right (1.36) names the action that it is for, so somebody meant it.
    const meant = byRight !== undefined || constraint !== undefined;
    return {
      sentence: `${nameOf(actor)} acted as ${[target, ...borrowed].join(" in ")} ${deed(request)}`,
      on: `as ${target}`,
      severity: workload && !meant && !rebuffed(request) && !isInquiry(request) ? "medium" : "low",
      evidence: evidenceOf(request),
      reasons: [
        ...(actor.kind === "service-account" ? ["one workload's identity acts as another's"] : []),
        ...(borrowed.length > 0
          ? [`${target} is no service account, and was given the rights of service accounts`]
          : []),
      ],
      notExempted: actor.kind === "service-account" ? [whyNot(site.gitOps.has(actor.name), byRight)] : [],
    };
  },
});

const ACCOUNTS = /^system:serviceaccounts(?::|$)/;

function whyNot(gitOps: boolean, byRight: "name" | undefined): string {
  if (gitOps) return "a GitOps account of the site, but this is not what GitOps tools do";
  return `${byRight === "name" ? "called like a GitOps account, but " : ""}not listed in the site's gitOps accounts`;
}
