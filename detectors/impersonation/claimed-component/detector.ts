import Type from "typebox";
import type { ClaimedComponent } from "../../../schemas/events/k8s-audit/facets/identity.ts";
import { defineEventDetector, type EventOn } from "../../core/contracts.ts";
import { attempted, lowered } from "../../core/weight.ts";

/** B-21, B-23: somebody who *is* a component of Auto Mode. Components never log in: a node impersonates them (eks-auto-mode.md §2.1). */
export const detector = defineEventDetector({
  meta: {
    id: "impersonation/claimed-component",
    version: 1,
    title: "Client logged in under the name of an Auto Mode component",
    description:
      "The components of EKS Auto Mode have no credentials of their own: nodes impersonate them. A client that authenticates under such a name has it from a certificate, from a mapping to an IAM role, or from a stolen front-proxy key, and has the component's rights.",
    severity: "critical",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0003", technique: "T1078.004" },
      { tactic: "TA0006", technique: "T1649" },
      { tactic: "TA0005", technique: "T1036" },
    ],
    reads: ["user", "responseStatus.code", "sourceIPs"],
    auditLevel: { needs: "Metadata" },
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/auto-learn-iam.html",
      "https://kubernetes.io/docs/reference/access-authn-authz/authentication/#authenticating-proxy",
    ],
    gaps: [
      "How the name was come by is told by uid, ARN and credential id; a stolen front-proxy key may forge all three.",
      "A name of AWS (eks:*) or of the control plane that is claimed so is not seen here.",
    ],
    triage: [
      {
        do: "See everything that was done under this name without impersonation, and from where.",
        audit:
          'fields requestReceivedTimestamp, verb, requestURI, responseStatus.code, sourceIPs.0, sourceIPs.1, userAgent | filter user.username = "{actor.name}" | sort requestReceivedTimestamp asc',
      },
      {
        do: "Find where the name comes from: a certificate request, aws-auth, an access entry. None of them: the front-proxy or signing key is stolen, which is AWS's to replace.",
        audit:
          'fields requestReceivedTimestamp, user.username, verb, objectRef.name, responseStatus.code | filter objectRef.resource = "certificatesigningrequests" or objectRef.name = "aws-auth" | sort requestReceivedTimestamp desc',
        cloudtrail:
          'fields eventTime, userIdentity.arn, eventName, requestParameters.principalArn, requestParameters.username | filter eventSource = "eks.amazonaws.com" and eventName like /AccessEntry/ | sort eventTime desc',
      },
      {
        do: "Take away what binds rights to the name; a certificate cannot be revoked, only outlived.",
        cli: "kubectl get clusterrolebindings,rolebindings --all-namespaces -o wide | grep -F '{actor.name}'",
      },
    ],
    syntheticShape: true,
  },
  on: "claimedComponent",
  params: Type.Object({}),
  detect(request) {
    const { name, means } = request.facets.claimedComponent;
    const full = means === "iam" ? "high" : "critical";
    return {
      sentence: `A client ${MEANS[means]} logged in as ${name} and ${tried(request)}`,
      on: `the name ${name}`,
      severity: attempted(request) ? lowered(full) : full,
      evidence: [
        { field: "user.username", value: name },
        { field: "user.groups", value: request.actor.groups.join(", ") },
        { field: "user.uid", value: request.actor.uid ?? "" },
        { field: "user.extra.arn", value: request.actor.arn ?? "" },
        { field: "user.extra.credential-id", value: request.actor.credentialId ?? "" },
      ].filter(({ value }) => value !== ""),
      reasons: request.actor.groups.includes("system:masters") ? ["in the group system:masters"] : [],
    };
  },
});

const MEANS: Readonly<Record<ClaimedComponent["means"], string>> = {
  certificate: "with a client certificate",
  iam: "with an IAM identity",
  unknown: "whose record shows neither a certificate nor an IAM identity",
};

function tried({ verb, object, path, outcome, code }: EventOn<"claimedComponent">): string {
  const asked = object.resource === "" ? path : `${object.resource}${object.subresource && `/${object.subresource}`}`;
  return outcome === "success" ? `was answered ${verb} ${asked}` : `asked to ${verb} ${asked} (${code ?? "no answer"})`;
}
