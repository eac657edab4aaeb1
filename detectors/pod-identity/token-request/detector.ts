import Type from "typebox";
import { defineEventDetector } from "../../core/contracts.ts";
import { tokenMinters } from "../../core/token-minters.ts";
import { byKubelet, mintingOf } from "../minting.ts";
import { privilegedNamespaces } from "../privileged-namespaces.ts";
import { isAwsAudience } from "../token-audiences.ts";
import { listed } from "../token-minters.ts";
import { judgeMint } from "./judge-mint.ts";

/** A16: a TokenRequest by anybody who is no node. Tokens for AWS are token-for-aws's, those of kubelets node-token's. */
export const detector = defineEventDetector({
  meta: {
    id: "pod-identity/token-request",
    version: 1,
    title: "Service account token requested by something else than a kubelet",
    description:
      "Whoever may create serviceaccounts/token can become that service account until the token ends, and nothing in the cluster lists such tokens. Kubelets and the controller manager mint them all day; people and workloads rarely.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0006", technique: "T1528" },
      { tactic: "TA0008", technique: "T1550.001" },
    ],
    reads: ["user", "impersonatedUser", "objectRef", "requestObject.spec", "responseStatus.code"],
    auditLevel: { needs: "Metadata", better: "Request" },
    references: [
      "https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/",
      "https://kubernetes.io/docs/concepts/security/rbac-good-practices/#token-request",
    ],
    gaps: [
      "Privileged is told by the namespace: a service account elsewhere may hold cluster-admin.",
      "At Metadata level, and for a refusal by the authorizer, audience, life and binding are not in the record.",
      "A mint with an invalid token is an unauthenticated request and reported as such, not here.",
    ],
    triage: [
      {
        do: "Ask the minter what the token was for. What else did they do around it?",
        audit:
          'fields requestReceivedTimestamp, verb, requestURI, responseStatus.code, sourceIPs.0, sourceIPs.1 | filter user.username = "{actor.name}" | sort requestReceivedTimestamp asc',
      },
      {
        do: "See where the service account was used from since: an address that is none of its pods' is the token in use.",
        audit:
          'fields requestReceivedTimestamp, verb, requestURI, sourceIPs.0, sourceIPs.1, userAgent | filter user.username = "system:serviceaccount:{target.namespace}:{target.name}" | sort requestReceivedTimestamp asc',
      },
      {
        do: "See what the token is worth. An unbound token ends only with its time or with the service account itself.",
        cli: "kubectl auth can-i --list --as 'system:serviceaccount:{target.namespace}:{target.name}'",
      },
    ],
  },
  on: "token",
  params: Type.Object({
    minters: tokenMinters,
    privileged: privilegedNamespaces,
    longSeconds: Type.Integer({
      minimum: 600,
      default: 14_400,
      description: "A token asked for by a person to live longer than this is reported one step higher.",
    }),
  }),
  detect(request, params) {
    const { token } = request.facets;
    if (byKubelet(request) || token.audiences.some(isAwsAudience)) return undefined;
    const judged = judgeMint(request, params);
    if (judged === undefined) return undefined;
    return {
      ...mintingOf(request),
      ...judged,
      notExempted: listed(request, params.minters).map(
        (entry) => `listed for ${entry.audiences.join(", ")}: not for this token or this namespace`,
      ),
    };
  },
});
