import Type from "typebox";
import type { Severity } from "../../../schemas/findings/finding.ts";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector } from "../../core/contracts.ts";
import { stepped } from "../../core/weight.ts";
import { deed, evidenceOf, type Impersonating, isInquiry, wanted } from "../acting-as.ts";
import { gitOpsOf } from "../git-ops.ts";
import { isIdentityKey } from "../identity-keys.ts";
import { inClusterAccounts, isClusterAccount, privilegesOf } from "../privilege.ts";

/** B-21 e, A18: an impersonation that the server refused. Nodes are impersonation/node-impersonates' and impersonation/eks-auto-component's. */
export const detector = defineEventDetector({
  meta: {
    id: "impersonation/denied",
    version: 1,
    title: "Impersonation refused",
    description:
      "Somebody asked to act as another identity and holds no right to. Whoever looks for a way up tries names until one is granted. Since Kubernetes 1.36 the refusal often does not say which identity was wanted.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0004", technique: "T1134" },
      { tactic: "TA0007", technique: "T1613" },
    ],
    reads: ["user", "verb", "objectRef", "responseStatus.code", "responseStatus.message"],
    auditLevel: { needs: "Metadata" },
    references: [
      "https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation",
      "https://kubernetes.io/docs/concepts/security/rbac-good-practices/#impersonate-verb",
    ],
    gaps: [
      "Only the first refused part is named: a refused user hides the groups, uid and extra keys that were asked for with it.",
      "Kubernetes 1.36 does not name the wanted identity when the caller holds no right to impersonate at all.",
      "On 1.33 a group or uid without a user is answered with a bare 500 and cannot be told.",
    ],
    triage: [
      {
        do: "See every refusal of this identity. One is a slip; several names, or a name of the cluster, are a search.",
        audit:
          'fields requestReceivedTimestamp, verb, requestURI, responseStatus.code, responseStatus.message, sourceIPs.0, sourceIPs.1 | filter user.username = "{actor.name}" and responseStatus.message like /impersonat/ | sort requestReceivedTimestamp asc',
      },
      {
        do: "See whether an impersonation was granted to it before or after.",
        audit:
          'fields requestReceivedTimestamp, impersonatedUser.username, verb, requestURI, responseStatus.code | filter user.username = "{actor.name}" and ispresent(impersonatedUser.username) | sort requestReceivedTimestamp asc',
      },
      {
        do: "Ask the owner of the key. A workload's identity does not mistype: treat its pod as taken over.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, sourceIPAddress, userAgent | filter userIdentity.accessKeyId = "{actor.key}" | sort eventTime asc',
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
    const { actor, facets } = request;
    if (facets.impersonation.granted || actor.kind === "node") return undefined;
    const privileges = privilegesIn(request, namespaces);
    const workload = actor.kind === "service-account" || actor.kind === "anonymous";
    const byRight = facets.impersonation.targetClass === "service-account" && gitOpsOf(site, request) === "declared";
    const name = wanted(facets.impersonation);
    const steps = (privileges.length > 0 ? 1 : 0) + (workload && !byRight ? 1 : 0) - (isInquiry(request) ? 1 : 0);
    const severity: Severity = stepped("low", steps);
    return {
      sentence: `${nameOf(actor)} tried to act as ${name} ${deed(request)}`,
      // A search for names is one finding, with the names as its reasons.
      on: `acting as ${KINDS[facets.impersonation.targetClass] ?? facets.impersonation.refusedPart}`,
      severity,
      evidence: evidenceOf(request),
      reasons: [`wanted ${name}`, ...privileges, ...(workload ? ["a workload's identity, not a person's"] : [])],
      notExempted: byRight ? ["a GitOps account of the site: it may lack a right that it needs"] : [],
    };
  },
});

const KINDS: Readonly<Record<string, string>> = {
  component: "a component of Auto Mode",
  aws: "an identity of AWS",
  node: "a node",
  "control-plane": "the control plane",
  "service-account": "a service account",
  user: "another user",
};

/** Why the wanted identity is more than a plain one. */
function privilegesIn({ facets, message }: Impersonating, namespaces: readonly string[]): string[] {
  const { impersonation } = facets;
  const target = impersonation.target ?? "";
  const key = /resource "userextras\/([^"]+)"/.exec(message)?.[1] ?? "";
  return [
    ...privilegesOf(impersonation),
    ...(isClusterAccount(target, namespaces) ? [`${target} serves the cluster itself`] : []),
    ...(inClusterAccounts(impersonation.groups, namespaces) ? ["in the group of accounts that serve the cluster"] : []),
    ...(impersonation.refusedPart === "userextras" && isIdentityKey(key)
      ? [`the extra key ${key} says who one is`]
      : []),
  ];
}
