import Type from "typebox";
import { defineEventDetector } from "../../core/contracts.ts";
import { attempted } from "../../core/weight.ts";
import { byCertificate } from "../eks-itself.ts";

/** A node of Auto Mode without a trace of IAM. Such nodes always come through the authenticator, which leaves a uid and the session's name
 * (eks-auto-mode.md §2.1). */
export const detector = defineEventDetector({
  meta: {
    id: "impersonation/unproven-node",
    version: 1,
    title: "Node identity without a trace of IAM",
    description:
      "A node of EKS Auto Mode is named by its instance and logs in with its IAM role, which leaves a uid and a session name in every record. A node without either has its name from a certificate or from a stolen front-proxy key.",
    severity: "medium",
    confidence: "low",
    status: "stable",
    attack: [
      { tactic: "TA0004", technique: "T1078.004" },
      { tactic: "TA0006", technique: "T1649" },
    ],
    reads: ["user", "responseStatus.code", "sourceIPs"],
    auditLevel: { needs: "Metadata" },
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/auto-security.html",
      "https://kubernetes.io/docs/reference/access-authn-authz/authentication/#authenticating-proxy",
    ],
    gaps: [
      "Whoever holds the front-proxy key may send a uid as well, and is not seen then.",
      "Nodes that are not named by an instance id are not judged.",
      "Reads of nodes by a node are not logged.",
    ],
    triage: [
      {
        do: "See whether the same node also logs in with its role: two kinds of records for one name mean that one is forged. On every node: the authenticator of this cluster leaves no trace.",
        audit:
          'fields requestReceivedTimestamp, user.uid, user.extra.accessKeyId.0, verb, requestURI, responseStatus.code, sourceIPs.0, sourceIPs.1 | filter user.username = "{actor.name}" | sort requestReceivedTimestamp desc',
      },
      {
        do: "See whether the instance exists, and its addresses.",
        cli: "kubectl get node '{actor.instance}' -o wide; aws ec2 describe-instances --region '{region}' --instance-ids '{actor.instance}'",
      },
      {
        do: "Look for the certificate: who asked for one in a node's name, and who approved it.",
        audit:
          'fields requestReceivedTimestamp, user.username, verb, objectRef.name, objectRef.subresource, responseStatus.code | filter objectRef.resource = "certificatesigningrequests" and verb in ["create", "update", "patch"] | sort requestReceivedTimestamp desc',
      },
    ],
    syntheticShape: true,
  },
  on: "unprovenNode",
  params: Type.Object({}),
  detect(request) {
    const { actor, facets } = request;
    const certificate = byCertificate(actor);
    return {
      sentence: `A client was node ${facets.unprovenNode.node} without a trace of IAM${certificate ? ", by a certificate" : ""}${attempted(request) ? ", and was refused what it asked" : ""}`,
      on: `node ${facets.unprovenNode.node}`,
      severity: attempted(request) ? "low" : "medium",
      evidence: [
        { field: "user.username", value: actor.name },
        { field: "user.groups", value: actor.groups.join(", ") },
        { field: "user.extra.credential-id", value: actor.credentialId ?? "" },
        { field: "sourceIPs", value: request.sourceIP ?? "" },
      ].filter(({ value }) => value !== ""),
      reasons: certificate ? ["a client certificate: nodes of EKS have none"] : [],
    };
  },
});
