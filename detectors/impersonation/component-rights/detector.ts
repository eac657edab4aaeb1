import Type from "typebox";
import type { Severity } from "../../../schemas/findings/finding.ts";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector } from "../../core/contracts.ts";
import { attempted, lowered } from "../../core/weight.ts";
import { isEksByName, isEksItself } from "../eks-itself.ts";
import { type Grant, grantsOf, type RightsWrite } from "./grants.ts";

/** B-23: rights bound to a name of Auto Mode, of AWS or of all nodes, or the right to take such a name. */
export const detector = defineEventDetector({
  meta: {
    id: "impersonation/component-rights",
    version: 1,
    title: "Rights given to Auto Mode's names, or the right to take them",
    description:
      "Components of EKS Auto Mode have their rights from AWS, and need no others. A binding that gives more to their names, or a role that lets somebody take them, makes every node, or whoever can take the name, more than it was.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0003", technique: "T1098.006" },
      { tactic: "TA0004", technique: "T1134" },
    ],
    reads: [
      "requestObject.subjects",
      "requestObject.roleRef",
      "requestObject.rules",
      "objectRef",
      "responseStatus.code",
    ],
    auditLevel: { needs: "Metadata", better: "RequestResponse" },
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/auto-learn-iam.html",
      "https://kubernetes.io/docs/concepts/security/rbac-good-practices/#impersonate-verb",
    ],
    gaps: [
      "Needs a body: at level Metadata, when the authorizer refused and when the server cut the event, subjects and rules are not in the log.",
      "A rule for all verbs on all resources holds the right to impersonate as well; administrators' roles are not judged here.",
      "Rights given by an access policy are in CloudTrail: impersonation/auto-policy.",
    ],
    triage: [
      {
        do: "See what it says, and who else is named in it. Unless its author can say which component needs it, remove it.",
        cli: "kubectl get clusterrolebindings,rolebindings,clusterroles,roles --all-namespaces --field-selector metadata.name='{target.name}' -o yaml",
      },
      {
        do: "See what its author did around that time: a name is of use to them only when they can also take it.",
        audit:
          'fields requestReceivedTimestamp, verb, requestURI, impersonatedUser.username, responseStatus.code | filter user.username = "{actor.name}" and verb in ["create", "update", "patch", "delete"] | sort requestReceivedTimestamp asc',
      },
      {
        do: "See who took such a name since, and what for.",
        audit:
          "fields requestReceivedTimestamp, user.username, impersonatedUser.username, verb, requestURI, responseStatus.code | filter impersonatedUser.username like /^(eks|system:node)/ or user.username like /^eks-/ | sort requestReceivedTimestamp desc",
      },
    ],
  },
  on: "rbacWrite",
  params: Type.Object({}),
  detect(request, _params, site) {
    const { actor, facets, object, dryRun } = request;
    if (["delete", "deletecollection"].includes(request.verb) || isClusterOwn(request)) return undefined;
    const [worst, ...others] = grantsOf(request);
    if (worst === undefined) return undefined;
    const { severity, notExempted } = weigh(request, worst, site.gitOps.has(actor.name));
    const what = [object.resource, object.namespace, facets.rbacWrite.name].filter(Boolean).join(" ");
    return {
      sentence: `${nameOf(actor)} ${attempted(request) || dryRun ? "tried to let" : "let"} ${worst.whom} ${worst.may} by ${what}`,
      on: `${object.resource}/${object.namespace}/${facets.rbacWrite.name}`,
      severity: attempted(request) || dryRun ? lowered(severity) : severity,
      evidence: [
        { field: worst.field, value: worst.value },
        { field: "roleRef.name", value: facets.rbacWrite.roleRef },
        { field: "responseStatus.message", value: attempted(request) ? request.message : "" },
      ].filter(({ value }) => value !== ""),
      reasons: [worst, ...others].map(({ why }) => why),
      notExempted,
    };
  },
});

const AGGREGATION = "system:serviceaccount:kube-system:clusterrole-aggregation-controller";

/** The server's own roles at its start, EKS's own, and the controller that copies a role's rules into those which gather them. */
const isClusterOwn = ({ actor, object }: RightsWrite): boolean =>
  (actor.name === "system:apiserver" && actor.credentialId === undefined) ||
  isEksItself(actor) ||
  (actor.name === AGGREGATION && object.resource === "clusterroles");

function weigh({ actor }: RightsWrite, { severity, wide }: Grant, gitOps: boolean): Weight {
  if (isEksByName(actor))
    return { severity: "low", notExempted: ["EKS writes under this name, and so does whoever forged its certificate"] };
  if (gitOps && wide)
    return { severity: "low", notExempted: [`${actor.name} applies what is in a repository: proxies need such roles`] };
  return { severity, notExempted: [] };
}

interface Weight {
  readonly severity: Severity;
  readonly notExempted: string[];
}
