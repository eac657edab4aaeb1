import Type from "typebox";
import { inRanges, isPublic } from "../../../schemas/address.ts";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector } from "../../core/contracts.ts";

/** A projected token used after the kubelet had replaced it; the server remarks on it while it still accepts it (audit-recorded.md 16). */
export const detector = defineEventDetector({
  meta: {
    id: "pod-identity/stale-token",
    version: 1,
    title: "Service account token used after its rotation was due",
    description:
      "The kubelet replaces a pod's token about every hour; the server still takes the old one long after. A client that goes on with the old one is either too old to read it again, or has a copy of the file.",
    severity: "medium",
    confidence: "low",
    status: "stable",
    attack: [
      { tactic: "TA0006", technique: "T1528" },
      { tactic: "TA0008", technique: "T1550.001" },
    ],
    reads: ["user", "annotations.authentication.k8s.io/stale-token", "sourceIPs"],
    auditLevel: { needs: "Metadata" },
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/service-accounts.html#boundserviceaccounttoken-validated-client-sdk-versions",
    ],
    gaps: [
      "A stolen token that is used within the hour is not stale.",
      "Without the cluster's egress addresses in the configuration, inside and outside cannot be told apart.",
    ],
    triage: [
      {
        do: "See whether the pod itself is the client: the same token, from where and with what user agent.",
        audit:
          'fields requestReceivedTimestamp, verb, requestURI, sourceIPs.0, sourceIPs.1, userAgent | filter @message like "{actor.credential}" | stats count(*), earliest(requestReceivedTimestamp) by sourceIPs.0, sourceIPs.1, userAgent',
      },
      {
        do: "If the address is the pod's or its node's, have its client library updated. If not, delete the pod: that ends its tokens.",
        cli: `kubectl get pods -A -o json | jq -r --arg u '{actor.name}' '.items[] | select("system:serviceaccount:" + .metadata.namespace + ":" + .spec.serviceAccountName == $u) | [.metadata.namespace, .metadata.name, .status.podIP, .status.hostIP] | @tsv'`,
      },
    ],
  },
  on: "tokenRemark",
  params: Type.Object({}),
  detect({ actor, facets, sourceIP, verb, object, path }, _params, { egress }) {
    const { kind, text } = facets.tokenRemark;
    if (kind !== "stale") return undefined;
    // Pods reach a public endpoint through the cluster's own egress: a public address tells only where that is declared.
    const outside = egress.length > 0 && isPublic(sourceIP) && !inRanges(sourceIP, egress);
    return {
      sentence: `${nameOf(actor)} used a token after its rotation was due (${verb} ${object.resource || path})`,
      on: `tokens/${actor.serviceAccount?.namespace ?? ""}/${actor.serviceAccount?.name ?? ""}/${actor.pod?.uid ?? ""}`,
      severity: outside ? "medium" : "low",
      evidence: [
        { field: "annotations.authentication.k8s.io/stale-token", value: text },
        { field: "user.extra.authentication.kubernetes.io/pod-name", value: actor.pod?.name ?? "" },
        { field: "sourceIPs", value: sourceIP ?? "" },
      ].filter(({ value }) => value !== ""),
      reasons: outside ? [`used from ${sourceIP}, which is none of the cluster's egress addresses`] : [],
    };
  },
});
