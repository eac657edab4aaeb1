import Type from "typebox";
import type { Severity } from "../../../schemas/findings/finding.ts";
import { defineEventDetector, type EventOn } from "../../core/contracts.ts";
import { tokenMinters } from "../../core/token-minters.ts";
import { attempted, lowered } from "../../core/weight.ts";
import { byKubelet, DAY_S, mintingOf } from "../minting.ts";
import { privilegedNamespaces } from "../privileged-namespaces.ts";
import { isAwsAudience, POD_IDENTITY } from "../token-audiences.ts";
import { kinshipOf, listed, mintsByDesign, namesakes } from "../token-minters.ts";

/** B-16: a token that EKS Auth or STS takes, minted by anybody but a kubelet. The AWS provider of the Secrets Store CSI driver is the one
 * legitimate minter for Pod Identity, with a pod binding; secret stores mint for IRSA (audit-recorded.md, corrections). */
export const detector = defineEventDetector({
  meta: {
    id: "pod-identity/token-for-aws",
    version: 1,
    title: "Service account token for AWS minted by something else than a kubelet",
    description:
      "A token with the audience pods.eks.amazonaws.com or sts.amazonaws.com can be exchanged for the AWS credentials of that service account's role. Kubelets mint them for the pods they run; hardly anybody else has a reason to.",
    severity: "critical",
    confidence: "high",
    status: "stable",
    attack: [
      { tactic: "TA0006", technique: "T1528" },
      { tactic: "TA0008", technique: "T1550.001" },
    ],
    reads: ["user", "impersonatedUser", "objectRef", "requestObject.spec", "responseStatus.code"],
    auditLevel: { needs: "Metadata", better: "Request" },
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html",
      "https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/",
    ],
    gaps: [
      "Audiences stand in the request body only: at Metadata level, and for a refusal by the authorizer, pod-identity/token-request reports the mint without them.",
      "A token read from a running pod is not minted, so nothing shows here; its exchange does.",
      "A listed secret store that is taken over mints for its configured audiences unseen.",
    ],
    triage: [
      {
        do: "Ask the minter what it was for; see what else they did around it.",
        audit:
          'fields requestReceivedTimestamp, verb, requestURI, responseStatus.code, sourceIPs.0, sourceIPs.1 | filter user.username = "{actor.name}" | sort requestReceivedTimestamp asc',
      },
      {
        do: "See whether the token was exchanged: sessions of this service account, and who asked for them.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, userIdentity.arn, sourceIPAddress, userAgent | filter eventName in ["AssumeRoleForPodIdentity", "AssumeRoleWithWebIdentity", "AssumeRole"] | filter eventName = "AssumeRoleForPodIdentity" or @message like "{target.name}" | sort eventTime asc',
      },
      {
        do: "Nobody owns up: find the role behind the service account (for IRSA in its annotation), cut it off (delete the association, or the service account from the role's trust) and revoke its sessions.",
        cli: "aws eks list-pod-identity-associations --cluster-name '{cluster}' --region '{region}' --namespace '{target.namespace}' --service-account '{target.name}' --query 'associations[].associationId' --output text | xargs -n 1 aws eks describe-pod-identity-association --cluster-name '{cluster}' --region '{region}' --association-id",
      },
    ],
  },
  on: "token",
  params: Type.Object({ minters: tokenMinters, privileged: privilegedNamespaces }),
  detect(request, { minters, privileged }) {
    const { token } = request.facets;
    if (byKubelet(request) || !token.audiences.some(isAwsAudience)) return undefined;
    const entries = listed(request, minters);
    if (mintsByDesign(request, entries, privileged)) return undefined;
    const { sentence, on, evidence } = mintingOf(request);
    const forPods = token.audiences.includes(POD_IDENTITY);
    const imitates = !forPods && mintsByDesign(request, namesakes(request, minters), privileged);
    const proven = forPods ? "critical" : stsSeverity(request);
    return {
      sentence,
      on: `${on} for ${forPods ? "Pod Identity" : "IRSA"}`,
      severity: imitates ? "low" : lowered(proven, attempted(request) ? 1 : 0),
      ...(imitates && { confidence: "low" as const }),
      evidence,
      reasons: reasonsOf(request),
      notExempted: [
        ...entries.map(
          ({ audiences, bound }) =>
            `listed for ${audiences.join(", ")}${bound ? ", bound to a pod" : ""}: not for this token or this namespace`,
        ),
        ...(imitates ? ["named like a listed minter, in another namespace: list it if it is yours"] : []),
      ],
    };
  },
});

/** Workloads may be given the right to mint for IRSA (a secret store that is not listed); people and components never need it. */
function stsSeverity(request: EventOn<"token">): Severity {
  const kinship = kinshipOf(request);
  return kinship === undefined || kinship === "other namespace" ? "high" : "medium";
}

function reasonsOf({ facets: { token }, actingAs }: EventOn<"token">): string[] {
  return [
    ...(token.boundTo === undefined ? ["bound to no object: outlives every pod"] : []),
    ...((token.expirationSeconds ?? 0) > DAY_S ? [`asked to live ${token.expirationSeconds} s`] : []),
    ...(actingAs === undefined ? [] : [`under impersonation of ${actingAs.name}`]),
  ];
}
