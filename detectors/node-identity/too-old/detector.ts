import Type from "typebox";
import { withoutLast } from "../../core/epoch.ts";
import { defineJoinDetector } from "../../ledger/contracts.ts";

const HOUR_MS = 3_600_000;

/** A node of Auto Mode ends after 21 days, whatever its NodePool or a disruption budget says (eks-auto-mode.md §6): an identity that is
 * older is not that node's any more. */
export const detector = defineJoinDetector({
  meta: {
    id: "node-identity/too-old",
    version: 1,
    title: "Node identity at work longer than an Auto Mode node can live",
    description:
      "EKS ends every Auto Mode node after 21 days at the latest. This node's identity is still at work in the cluster, so either somebody uses the name of a node that is gone, or the instance was kept out of the operator's reach.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0005", technique: "T1036" },
      { tactic: "TA0004", technique: "T1078.004" },
    ],
    reads: ["user.username", "responseElements.instancesSet.items.instanceId", "requestParameters.tagSpecificationSet"],
    auditLevel: { needs: "Metadata" },
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/automode.html",
      "https://docs.aws.amazon.com/eks/latest/userguide/auto-security.html",
    ],
    gaps: [
      "Needs the record of the launch: nodes that were there before the ledger began are not judged.",
      "Half a day is left to a node that is being drained.",
    ],
    triage: [
      {
        do: "See whether the instance is still there, and since when.",
        cli: "aws ec2 describe-instances --instance-ids '{actor.instance}' --query 'Reservations[].Instances[].[InstanceId,State.Name,LaunchTime,Operator]'",
      },
      {
        do: "See from which addresses and with which keys the identity is used.",
        audit:
          'fields user.extra.accessKeyId.0, sourceIPs.0, userAgent | filter user.username = "{actor.name}" | stats count(*), max(requestReceivedTimestamp) by user.extra.accessKeyId.0, sourceIPs.0, userAgent',
      },
      {
        do: "Gone: revoke the node role's older sessions (AWSRevokeOlderSessions). Still there: find out what keeps it, then delete the node.",
        cli: "kubectl get nodeclaims -o wide && kubectl delete node '{actor.instance}'",
      },
    ],
    syntheticShape: true,
  },
  watch: "nodeDay",
  match: ["launched", "seen"],
  params: Type.Object({
    maxDays: Type.Integer({ minimum: 1, default: 21, description: "Days that a node can live at most." }),
    graceHours: Type.Integer({ minimum: 0, default: 12, description: "Hours that a node is left to drain." }),
  }),
  detect([launched, seen], { params: { maxDays, graceHours }, id: epoch }) {
    const id = withoutLast(epoch);
    // Sightings are known to the hour, rounded down: it is never older than it seems.
    const hours = (Date.parse(seen.time) - Date.parse(launched.time)) / HOUR_MS;
    if (!(hours > maxDays * 24 + graceHours)) return undefined;
    return {
      of: { kind: "node", id },
      sentence: `Node ${id} of cluster ${launched.cluster} was at work more than ${maxDays} days after its launch, which no Auto Mode node is`,
      on: "too old",
      at: seen.time,
      actor: { kind: "node", name: `system:node:${id}`, groups: [], instanceId: id },
      action: "act as a node",
      target: id,
      scope: { cluster: launched.cluster },
      evidence: [
        { field: "node.launched", value: launched.time, event: launched.source },
        { field: "node.seen", value: `${seen.time} ${seen.trail}`, event: seen.source },
      ],
      reasons: [`launched ${launched.time} by ${launched.by}`],
    };
  },
});
