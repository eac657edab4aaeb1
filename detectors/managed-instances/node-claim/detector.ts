import Type from "typebox";
import type { Severity } from "../../../schemas/findings/finding.ts";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector, type Hit } from "../../core/contracts.ts";
import {
  type AutoWrite,
  isOrdinary,
  removes,
  soThat,
  unread,
  weigh,
  writeEvidence,
  writerOf,
  writtenOn,
  wrote,
} from "../auto-write.ts";

/** B-52 for claims: a NodeClaim written by somebody else than EKS. */
export const detector = defineEventDetector({
  meta: {
    id: "managed-instances/node-claim",
    version: 1,
    title: "NodeClaim written or removed by somebody else than EKS",
    description:
      "A NodeClaim stands for one instance of Auto Mode, and only Auto Mode makes them. One made by hand launches an instance past every pool's limits; one whose finalizer is taken away leaves an instance behind that nobody manages; one deleted ends its node.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0005", technique: "T1578" },
      { tactic: "TA0040", technique: "T1489" },
    ],
    reads: ["user", "verb", "objectRef", "responseStatus.code"],
    auditLevel: { needs: "Metadata" },
    references: [
      "https://karpenter.sh/docs/concepts/nodeclaims/",
      "https://docs.aws.amazon.com/eks/latest/userguide/automode-learn-instances.html",
    ],
    gaps: [
      "Custom resources are logged at Metadata: an annotation and a removed finalizer look the same.",
      "Claims of a self-managed Karpenter are silent under the service accounts in `provisioners`, whoever holds their token.",
      "Claims deleted one by one are one low finding each: how many nodes went in which time is not counted here.",
    ],
    triage: [
      {
        do: "See which claims are left, and which node each stands for.",
        cli: "kubectl get nodeclaims -o wide",
      },
      {
        do: "See which instances were launched and ended since. One that runs without a claim is orphaned; EC2 refuses to let you end it, AWS support can.",
        cloudtrail:
          'fields eventTime, eventName, userIdentity.arn, responseElements.instancesSet.items.0.instanceId, errorCode | filter eventName in ["CreateFleet", "RunInstances", "TerminateInstances"] | sort eventTime asc',
      },
      {
        do: "Ask its author; deleting a claim is a known way to replace a node. See what else they wrote.",
        audit:
          'fields requestReceivedTimestamp, verb, objectRef.resource, objectRef.name, responseStatus.code | filter user.username = "{actor.name}" and objectRef.resource in ["nodeclaims", "nodepools", "nodeclasses", "nodes"] | sort requestReceivedTimestamp asc',
      },
    ],
  },
  on: "customResource",
  params: Type.Object({
    provisioners: Type.Array(Type.String({ minLength: 1 }), {
      default: ["system:serviceaccount:karpenter:karpenter", "system:serviceaccount:kube-system:karpenter"],
      description: "Service accounts of a self-managed Karpenter: claims are its work.",
    }),
  }),
  detect(request, { provisioners }, site): Hit | undefined {
    const { kind, subresource } = request.facets.customResource;
    const { actor, actingAs, verb } = request;
    if (kind !== "nodeclaim" || subresource === "status") return undefined;
    const writer = writerOf(request, site);
    if (isOrdinary(request, writer)) return undefined;
    if (provisioners.includes(actor.name) && actingAs === undefined && verb !== "deletecollection") return undefined;
    const { severity, reasons, notExempted } = weigh(request, writer, site, worthOf(request));
    return {
      sentence: `${nameOf(actor)} ${wrote(request, "NodeClaim")}${removes(request) ? soThat(request, verb === "delete" ? ", which ends its instance" : ", which ends their instances") : ""}`,
      on: writtenOn(request),
      severity,
      evidence: writeEvidence(request),
      reasons: [...reasons, ...unread(request)],
      notExempted,
    };
  },
});

function worthOf({ verb }: AutoWrite): Severity {
  if (verb === "deletecollection") return "high";
  return verb === "delete" ? "low" : "medium";
}
