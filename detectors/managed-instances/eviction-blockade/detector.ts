import Type from "typebox";
import { defineSettledDetector } from "../../ledger/contracts.ts";
import { blockadeAt, flagsOf } from "./blockade.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** B-44: a node that cannot be drained, by somebody's doing, with a pod on it that is worth keeping for an intruder. */
export const detector = defineSettledDetector({
  meta: {
    id: "managed-instances/eviction-blockade",
    version: 1,
    title: "Node kept from being drained for a day, with a pod on it that people got into",
    description:
      "EKS tried for a day to empty this node, and a disruption budget refused every time. A person had made the budget, or forbidden the disruption, shortly before; and the node carries a pod that a person entered, or placed there with the node's own rights. Whoever lives there keeps the node alive.",
    severity: "medium",
    confidence: "low",
    status: "stable",
    attack: [{ tactic: "TA0005", technique: "T1562.001" }],
    reads: [
      "user",
      "verb",
      "objectRef",
      "responseStatus.code",
      "responseStatus.message",
      "responseObject.spec.maxUnavailable",
      "responseObject.spec.minAvailable",
      "responseObject.metadata.annotations",
    ],
    auditLevel: { needs: "Metadata", better: "RequestResponse" },
    references: [
      "https://kubernetes.io/docs/tasks/run-application/configure-pdb/",
      "https://karpenter.sh/docs/concepts/disruption/#pod-level-controls",
    ],
    gaps: [
      "Karpenter does not try to evict pods that forbid their disruption: the annotation alone leaves no refusals, only nodes that grow old (managed-instances/node-pool-frozen).",
      "Which pods a budget selects is not compared: one of the namespace counts. Budgets with minAvailable as a number are not looked at.",
      "Without bodies neither budgets nor pods' rights are in the log, and nothing is found.",
    ],
    triage: [
      {
        do: "See the budgets that allow nothing, and who made them when.",
        cli: "kubectl get pdb -A -o wide; kubectl get pods -A -o wide --field-selector spec.nodeName='{target}'",
      },
      {
        do: "See what was refused, for which pods.",
        audit:
          'fields requestReceivedTimestamp, objectRef.namespace, objectRef.name, responseStatus.message | filter objectRef.subresource = "eviction" and responseStatus.code = 429 | stats count(*), min(requestReceivedTimestamp), max(requestReceivedTimestamp) by objectRef.namespace, objectRef.name',
      },
      {
        do: "See who got into pods of that node or placed them, then drain it without the budget.",
        audit:
          'fields requestReceivedTimestamp, user.username, verb, requestURI, sourceIPs.0 | filter objectRef.resource = "pods" and objectRef.subresource in ["exec", "attach", "portforward", "ephemeralcontainers"] | sort requestReceivedTimestamp desc',
      },
    ],
    syntheticShape: true,
  },
  watch: "node",
  anchor: "blocked",
  settleMs: HOUR_MS + 10 * 60_000,
  params: Type.Object({
    hours: Type.Integer({
      minimum: 1,
      default: 24,
      description: "Hours of refused evictions from which on it counts.",
    }),
    days: Type.Integer({
      minimum: 1,
      default: 7,
      description: "How many days before them the budget and the entry may lie.",
    }),
  }),
  detect(node, { params: { hours, days }, id }) {
    const blocked = node.all("blocked");
    return (last) => {
      const blockade = blockadeAt(last, blocked, hours * HOUR_MS);
      if (blockade === undefined) return [];
      const from = Date.parse(blockade.since) - days * DAY_MS;
      const within = ({ time }: { readonly time: string }): boolean =>
        Date.parse(time) >= Math.floor(from / DAY_MS) * DAY_MS && time <= last.time;
      const guard = node.all("guarded").find(within);
      const flags = flagsOf(node.all("hostPod"), node.all("podEntered"), within);
      if (guard === undefined || flags.length === 0) return [];
      return [
        {
          sentence: `Node ${id} could not be drained for ${hours} hours or more: ${guard.by} made ${guard.what}`,
          on: "eviction blockade",
          at: blockade.since,
          actor: { kind: guard.kind, name: guard.by, groups: [] },
          action: "create pods/eviction",
          target: id,
          scope: { cluster: last.cluster },
          // People get into pods to look for faults: with the node's own rights it is more.
          severity: flags.some(({ host }) => host) ? "medium" : "low",
          evidence: [
            { field: "node.blocked", value: last.time, event: last.source },
            { field: "node.guarded", value: `${guard.time} ${guard.by}: ${guard.what}`, event: guard.source },
          ],
          reasons: flags.map(({ why }) => why),
        },
      ];
    };
  },
});
