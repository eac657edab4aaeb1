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

/** B-43, and B-52 for pools: a NodePool written by somebody else than EKS. */
export const detector = defineEventDetector({
  meta: {
    id: "managed-instances/node-pool",
    version: 1,
    title: "NodePool written or removed by somebody else than EKS",
    description:
      "A NodePool says which nodes Auto Mode launches, how many, by which NodeClass and how long they live. A change can keep unpatched nodes alive, lead new ones to a rogue class, or pay for somebody's mining; removing a pool ends all of its nodes. Platform teams write pools too: by itself a change is context.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0005", technique: "T1562.001" },
      { tactic: "TA0040", technique: "T1489" },
      { tactic: "TA0040", technique: "T1496.001" },
    ],
    reads: ["user", "verb", "objectRef", "responseStatus.code"],
    auditLevel: { needs: "Metadata" },
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/create-node-pool.html",
      "https://karpenter.sh/docs/concepts/disruption/",
    ],
    gaps: [
      "Custom resources are logged at Metadata: a higher limit, `expireAfter: Never` and a disruption budget of 0 look the same.",
      "Changes are low until those who maintain pools are listed in `support`; then those of others are medium.",
      "A freeze by annotation or PodDisruptionBudget leaves the pool as it is.",
    ],
    triage: [
      {
        do: "Read the pool: nodeClassRef, expireAfter, disruption budgets, limits, instance families. An empty answer means that it is gone, and its nodes with it.",
        cli: "kubectl get nodepool '{target.name}' -o yaml --show-managed-fields",
      },
      {
        do: "See whether its nodes still rotate, and what they are.",
        cli: "kubectl get nodeclaims -l karpenter.sh/nodepool='{target.name}' -o wide --sort-by=.metadata.creationTimestamp",
      },
      {
        do: "Ask its author; see what else they wrote around that time, a NodeClass above all.",
        audit:
          'fields requestReceivedTimestamp, verb, objectRef.apiGroup, objectRef.resource, objectRef.name, responseStatus.code | filter user.username = "{actor.name}" and verb in ["create", "update", "patch", "delete", "deletecollection"] | sort requestReceivedTimestamp asc',
      },
    ],
  },
  on: "customResource",
  params: Type.Object({
    builtIn: Type.Array(Type.String({ minLength: 1 }), {
      default: ["general-purpose", "system"],
      description: "Pools that EKS makes and keeps.",
    }),
  }),
  detect(request, { builtIn }, site): Hit | undefined {
    const { kind, subresource, name } = request.facets.customResource;
    if (kind !== "nodepool" || subresource === "status") return undefined;
    const writer = writerOf(request, site);
    if (isOrdinary(request, writer)) return undefined;
    // Pools live in repositories; removing one is not an everyday sync.
    if (writer === "git-ops" && !removes(request)) return undefined;
    const { severity, reasons, notExempted } = weigh(request, writer, site, worthOf(request, builtIn));
    return {
      sentence: `${nameOf(request.actor)} ${wrote(request, "NodePool")}${removes(request) ? soThat(request, ", which ends its nodes") : ""}`,
      on: writtenOn(request),
      severity,
      evidence: writeEvidence(request),
      reasons: [
        ...reasons,
        ...unread(request),
        ...(builtIn.includes(name) ? [`EKS keeps the pool ${name} itself`] : []),
      ],
      notExempted,
    };
  },
});

function worthOf(request: AutoWrite, builtIn: readonly string[]): Severity {
  if (!removes(request)) return "low";
  return request.verb === "deletecollection" || builtIn.includes(request.object.name) ? "high" : "medium";
}
