import Type from "typebox";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector, type EventOn, type Hit } from "../../core/contracts.ts";
import { isOrdinary, removes, unread, weigh, writeEvidence, writerOf, wrote } from "../auto-write.ts";

type Write = EventOn<"customResource">;

/** The objects by which Auto Mode's network is run, and what somebody else who writes one can do. */
const KINDS: Readonly<
  Record<string, { readonly name: string; readonly severity: "low" | "medium"; readonly what: string }>
> = {
  cninodes: { name: "CNINode", severity: "medium", what: "it says which network features a node has" },
  policyendpoints: {
    name: "PolicyEndpoint",
    severity: "medium",
    what: "it is what network policies come to: pods are opened by it while the policies stay",
  },
  ingressclassparams: {
    name: "IngressClassParams",
    severity: "low",
    what: "it says whether load balancers face the internet, and with which certificates",
  },
};

/** Objects that the managed network controllers keep, written by somebody else. */
export const detector = defineEventDetector({
  meta: {
    id: "managed-instances/network-object",
    version: 1,
    title: "Network object of Auto Mode written by somebody else than its controllers",
    description:
      "CNINodes and PolicyEndpoints are notes between EKS's network controllers and the nodes, which nobody else writes: a change opens what a network policy closes, without touching the policy. IngressClassParams are the platform team's, and decide what load balancers show to the internet.",
    severity: "medium",
    confidence: "low",
    status: "stable",
    attack: [
      { tactic: "TA0005", technique: "T1562.001" },
      { tactic: "TA0005", technique: "T1578" },
    ],
    reads: ["user", "impersonatedUser", "verb", "objectRef", "responseStatus.code"],
    auditLevel: { needs: "Metadata" },
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/auto-networking.html",
      "https://docs.aws.amazon.com/eks/latest/userguide/auto-configure-alb.html",
    ],
    gaps: [
      "Custom resources are logged at Metadata: what a write changed is not in the log.",
      "TargetGroupBindings, network policies of the VPC CNI and the scheme of a single Service or Ingress are not watched here.",
      "A node may write its own CNINode, so a thief of its credentials may too.",
    ],
    triage: [
      {
        do: "Read the object, and who wrote which of its fields.",
        cli: "kubectl get cninodes,policyendpoints,ingressclassparams -A --field-selector metadata.name='{target.name}' -o yaml --show-managed-fields",
      },
      {
        do: "Ask its author; see what else they wrote around that time.",
        audit:
          'fields requestReceivedTimestamp, verb, objectRef.apiGroup, objectRef.resource, objectRef.name, responseStatus.code | filter user.username = "{actor.name}" and verb in ["create", "update", "patch", "delete", "deletecollection"] | sort requestReceivedTimestamp asc',
      },
      {
        do: "Delete a CNINode or PolicyEndpoint that was tampered with: its controller makes it anew. After IngressClassParams, see which load balancers were made.",
        cloudtrail:
          'fields eventTime, eventName, requestParameters.scheme, requestParameters.name, userIdentity.arn | filter eventSource = "elasticloadbalancing.amazonaws.com" and eventName like "Create" | sort eventTime asc',
      },
    ],
  },
  on: "customResource",
  params: Type.Object({
    agents: Type.Array(Type.String({ minLength: 1 }), {
      default: [
        "system:serviceaccount:kube-system:aws-node",
        "system:serviceaccount:kube-system:amazon-network-policy-controller-k8s",
      ],
      description: "Service accounts of a self-managed VPC CNI and network policy controller.",
    }),
  }),
  detect(request, { agents }, site): Hit | undefined {
    const { resource, subresource } = request.facets.customResource;
    const kind = Object.hasOwn(KINDS, resource) ? KINDS[resource] : undefined;
    if (kind === undefined || subresource === "status" || isAgent(request, agents)) return undefined;
    const writer = writerOf(request, site);
    if (isOrdinary(request, writer) || (writer === "git-ops" && !removes(request))) return undefined;
    const { severity, reasons, notExempted } = weigh(request, writer, site, kind.severity);
    return {
      sentence: `${nameOf(request.actor)} ${wrote(request, kind.name)}`,
      on: [resource, request.object.namespace, request.object.name || "*"].filter(Boolean).join("/"),
      severity,
      evidence: writeEvidence(request),
      reasons: [...reasons, kind.what, ...unread(request)],
      notExempted,
    };
  },
});

/** The CNI of a node, as the node or as its component, writes the CNINode of that node; the agents of a self-managed CNI whichever. */
function isAgent({ actor, actingAs, verb, facets }: Write, agents: readonly string[]): boolean {
  const { kind, name } = facets.customResource;
  if (verb === "deletecollection") return false;
  if (actor.kind === "node") return kind === "cninode" && name === actor.node;
  return agents.includes(actor.name) && actingAs === undefined && kind !== "ingressclassparams";
}
