import Type from "typebox";
import type { Severity } from "../../../schemas/findings/finding.ts";
import { nameOf } from "../../core/actors.ts";
import { oddities } from "../../core/component-shape.ts";
import { defineEventDetector } from "../../core/contracts.ts";
import { lowered } from "../../core/weight.ts";
import { deed, evidenceOf, type Impersonating } from "../acting-as.ts";
import { gitOpsOf } from "../git-ops.ts";
import { inClusterAccounts, isClusterAccount, privilegesOf } from "../privilege.ts";

/** A19: a Secret read under impersonation. What a node reads as one of its components is impersonation/component-envelope's. */
export const detector = defineEventDetector({
  meta: {
    id: "impersonation/secret-as-somebody",
    version: 1,
    title: "Secret read under another identity",
    description:
      "A Secret was read by somebody acting as somebody else: with rights that the reader does not have, and under a name that is not the reader's. A list or a watch hands out the values of every Secret in its reach.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0006", technique: "T1552.007" },
      { tactic: "TA0004", technique: "T1134" },
    ],
    reads: ["user", "impersonatedUser", "verb", "objectRef", "responseStatus.code"],
    auditLevel: { needs: "Metadata" },
    references: [
      "https://kubernetes.io/docs/concepts/security/secrets-good-practices/",
      "https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation",
    ],
    gaps: [
      "Secrets are logged at level Metadata: which values were in a list is not in the record.",
      "The answer to a write holds the values as well; writes are not looked at here.",
      "A GitOps account that acts as a plain service account reads the Secrets of a namespace by right.",
    ],
    triage: [
      {
        do: "See what else was read and done under this identity by the same caller.",
        audit:
          'fields requestReceivedTimestamp, verb, requestURI, responseStatus.code, sourceIPs.0, sourceIPs.1 | filter user.username = "{actor.name}" and impersonatedUser.username = "{actingAs.name}" | sort requestReceivedTimestamp asc',
      },
      {
        do: "List the Secrets that were in reach. Unless the caller meant it, change every credential in them.",
        cli: "kubectl get secrets --all-namespaces --as '{actingAs.name}' -o custom-columns=NS:.metadata.namespace,NAME:.metadata.name,TYPE:.type",
      },
      {
        do: "Ask the owner of the key; see what else was done with it.",
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
    const { actor, facets, object, impersonationConstraint: constraint } = request;
    const { granted, target = "", targetClass, groups } = facets.impersonation;
    if (!granted || !readsSecrets(request)) return undefined;
    if (targetClass === "component" && oddities(request).length === 0) return undefined;
    const privileged =
      privilegesOf(facets.impersonation).length > 0 ||
      isClusterAccount(target, namespaces) ||
      inClusterAccounts(groups, namespaces);
    if (actor.name === target && !privileged) return undefined;
    // Flux reads its releases, Argo CD what it applies, each as the tenant's account (detections.md d.1).
    const tenant = targetClass === "service-account" && object.namespace !== "";
    const byRight = tenant ? gitOpsOf(site, request) : undefined;
    if (byRight === "declared" && !privileged) return undefined;
    return {
      sentence: `${nameOf(actor)} acted as ${target} ${deed(request)}`,
      on: `secrets as ${target}`,
      severity: byRight === undefined ? severityOf(request, privileged) : "low",
      evidence: evidenceOf(request),
      reasons: [
        ...(request.verb === "get" ? [] : [`${request.verb} hands out the values of all of them`]),
        ...(privileged ? [`${target} is more than a plain user or service account`] : []),
      ],
      notExempted: [
        ...(byRight === "declared" ? ["a GitOps account of the site, but as an account of the cluster"] : []),
        ...(byRight === "name" ? ["called like a GitOps account, but not listed in the site's gitOps accounts"] : []),
        ...(constraint === undefined ? [] : [`granted by ${constraint}, so somebody meant it`]),
      ],
    };
  },
});

const readsSecrets = ({ object, verb }: Impersonating): boolean =>
  object.resource === "secrets" && object.group === "" && ["get", "list", "watch"].includes(verb);

function severityOf({ actor, verb, outcome, impersonationConstraint }: Impersonating, privileged: boolean): Severity {
  const workload = actor.kind !== "human" && actor.kind !== "unknown";
  const grave = privileged || workload;
  // People try what a service account may read: a refusal is the answer to that.
  if (outcome === "denied") return grave ? "medium" : "low";
  const base = grave || verb !== "get" ? "high" : "medium";
  return impersonationConstraint === undefined ? base : lowered(base);
}
