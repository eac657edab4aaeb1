import Type from "typebox";
import type { Severity } from "../../../schemas/findings/finding.ts";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector, type EventOn, type Hit } from "../../core/contracts.ts";
import { isOrdinary, removes, soThat, weigh, writeEvidence, writerOf, writtenOn, wrote } from "../auto-write.ts";

type Write = EventOn<"nodeWrite">;

/** B-52 and A94: Node objects made, removed or held back by somebody else than the node and the cluster's own controllers. */
export const detector = defineEventDetector({
  meta: {
    id: "managed-instances/node-object",
    version: 1,
    title: "Node made, removed or held back by hand",
    description:
      "Deleting a Node of Auto Mode ends its instance with everything on it, and CloudTrail shows EKS as the one who did it. A Node made by hand is an address that the API server connects to; one kept from disruption or tainted stays when it should be replaced, or takes no work.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0040", technique: "T1489" },
      { tactic: "TA0005", technique: "T1036" },
      { tactic: "TA0005", technique: "T1562.001" },
    ],
    reads: ["user", "verb", "objectRef", "requestObject", "responseStatus.code"],
    auditLevel: { needs: "Metadata", better: "RequestResponse" },
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/automode-learn-instances.html",
      "https://karpenter.sh/docs/concepts/disruption/",
    ],
    gaps: [
      "Nodes deleted one by one are one finding each: how many went in which time is not counted here.",
      "Labels, and the cordon that a drain begins with, are everyday work and silent. So is what a service account changes on a node.",
      "What a node writes about itself or another is managed-instances/node-acts.",
    ],
    triage: [
      {
        do: "See what is left of the cluster, and whether the node is one: its instance, pool and age.",
        cli: "kubectl get nodes,nodeclaims -o wide",
      },
      {
        do: "Ask its author. See what else they did to nodes, and which pods ran there before.",
        audit:
          'fields requestReceivedTimestamp, verb, requestURI, responseStatus.code | filter user.username = "{actor.name}" and objectRef.resource in ["nodes", "nodeclaims", "nodepools", "pods"] and verb != "get" | sort requestReceivedTimestamp asc',
      },
      {
        do: "A deleted node's instance ends within minutes, as EKS's own call: keep what you need of it now.",
        cloudtrail:
          'fields eventTime, eventName, userIdentity.arn, errorCode | filter eventName in ["TerminateInstances", "RunInstances", "CreateFleet"] | sort eventTime asc',
      },
    ],
  },
  on: "nodeWrite",
  params: Type.Object({
    scalers: Type.Array(Type.String({ minLength: 1 }), {
      default: [
        "system:serviceaccount:karpenter:karpenter",
        "system:serviceaccount:kube-system:karpenter",
        "system:serviceaccount:kube-system:cluster-autoscaler",
        "system:serviceaccount:kube-system:cluster-autoscaler-aws-cluster-autoscaler",
      ],
      description: "Service accounts that remove nodes by right, beside EKS.",
    }),
  }),
  detect(request, { scalers }, site): Hit | undefined {
    const { actor, facets } = request;
    // A node's own writes are node-acts'; the controllers of Kubernetes remove nodes whose instance is gone.
    if (actor.kind === "node" || isController(request)) return undefined;
    const writer = writerOf(request, site);
    if (isOrdinary(request, writer)) return undefined;
    const judged = judge(request);
    if (judged === undefined) return undefined;
    const scaler = scalers.includes(actor.name) && request.verb === "delete";
    const weight = weigh(request, writer, site, scaler ? "low" : judged.severity);
    const what = request.object.subresource === "status" ? "the status of Node" : "Node";
    return {
      sentence: `${nameOf(actor)} ${wrote(request, what)}${judged.why}`,
      on: writtenOn(request),
      severity: weight.severity,
      confidence: judged.unread ? "low" : "medium",
      evidence: [
        ...writeEvidence(request),
        ...(facets.nodeWrite.annotations.length > 0
          ? [{ field: "metadata.annotations", value: facets.nodeWrite.annotations.join(", ") }]
          : []),
      ],
      reasons: weight.reasons,
      notExempted: scaler ? [`${actor.name} removes nodes by right`] : weight.notExempted,
    };
  },
});

/** Kubernetes' own controllers, those of the cloud provider included; their service accounts exist in kube-system alone. */
const CONTROLLERS =
  /^system:(?:(?:kube|cloud)-controller-manager|serviceaccount:kube-system:(?:node-controller|ttl-controller|cloud-controller-manager|cloud-node-controller|cloud-node-lifecycle-controller|attachdetach-controller))$/;
const isController = ({ actor, verb }: Write): boolean => CONTROLLERS.test(actor.name) && verb !== "deletecollection";

const HELD = "karpenter.sh/do-not-disrupt";

function judge(request: Write): { severity: Severity; why: string; unread?: boolean } | undefined {
  const { actor, verb, object, facets, requestBody } = request;
  const account = actor.serviceAccount !== undefined;
  if (verb === "deletecollection") return { severity: "high", why: soThat(request, ", which ends their instances") };
  if (removes(request)) return { severity: "medium", why: soThat(request, ", which ends its instance") };
  if (verb === "create") return { severity: account ? "low" : "medium", why: ", as only nodes do for themselves" };
  if (account) return undefined;
  if (object.subresource === "status") return { severity: "medium", why: ", its addresses perhaps" };
  const { taints, annotations } = facets.nodeWrite;
  if (annotations.includes(HELD)) return { severity: "low", why: `: ${HELD}` };
  if (taints) return { severity: "low", why: ": its taints" };
  // An absent body is not an absent field.
  return requestBody === undefined
    ? { severity: "low", why: "; the record does not say how", unread: true }
    : undefined;
}
