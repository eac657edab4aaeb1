import Type from "typebox";
import { withoutLast } from "../../core/epoch.ts";
import { defineJoinDetector } from "../../ledger/contracts.ts";

const MINUTE_MS = 60_000;

/** B-28, second half: a node that was terminated and goes on speaking. Its credentials are good for hours after the instance is gone
 * (detections.md 0.3). */
export const detector = defineJoinDetector({
  meta: {
    id: "node-identity/after-termination",
    version: 1,
    title: "Node identity at work after its instance was terminated",
    description:
      "The instance of this node was terminated, and requests in its name go on. A node that shuts down is quiet after minutes; its credentials live for hours, and whoever copied them before can still use them.",
    severity: "critical",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0004", technique: "T1078.004" },
      { tactic: "TA0008", technique: "T1550.001" },
      { tactic: "TA0005", technique: "T1036" },
    ],
    reads: ["user.username", "requestParameters.instancesSet.items.instanceId", "eventName", "errorCode"],
    auditLevel: { needs: "Metadata" },
    references: [
      "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/terminating-instances.html",
      "https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html",
    ],
    gaps: [
      "Requests are known to the hour: those in the hour of the termination itself are not told from the node's last.",
      "An instance that ends by itself, or that AWS reclaims, leaves no TerminateInstances.",
    ],
    triage: [
      {
        do: "See what was done in the node's name since, from where and with which key.",
        audit:
          'fields requestReceivedTimestamp, verb, requestURI, responseStatus.code, sourceIPs.0, user.extra.accessKeyId.0, userAgent | filter user.username = "{actor.name}" | sort requestReceivedTimestamp desc',
      },
      {
        do: "See whether the instance is really gone.",
        cli: "aws ec2 describe-instances --instance-ids '{actor.instance}' --query 'Reservations[].Instances[].[InstanceId,State.Name,StateTransitionReason]'",
      },
      {
        do: "Gone: revoke the node role's older sessions (AWSRevokeOlderSessions), and look for the theft among what ran on the node.",
        audit:
          'fields requestReceivedTimestamp, user.username, requestURI | filter verb = "create" and objectRef.resource = "pods" and objectRef.subresource = "binding" and requestObject.target.name = "{actor.instance}" | sort requestReceivedTimestamp asc',
      },
    ],
  },
  watch: "nodeDay",
  match: ["terminated", "seen", "cluster"],
  params: Type.Object({
    graceMinutes: Type.Integer({ minimum: 0, default: 5, description: "Minutes that a node is left to shut down." }),
  }),
  detect([terminated, seen, { cluster }], { params: { graceMinutes }, id: epoch }) {
    const id = withoutLast(epoch);
    // Sightings are known to the hour, rounded down: what is later than the termination was later by any clock.
    if (!(Date.parse(seen.time) - Date.parse(terminated.time) > graceMinutes * MINUTE_MS)) return undefined;
    return {
      of: { kind: "node", id },
      sentence: `Node ${id} of cluster ${cluster} was at work after ${terminated.by} had terminated its instance`,
      on: "after termination",
      at: seen.time,
      actor: { kind: "node", name: `system:node:${id}`, groups: [], instanceId: id },
      action: "act as a node",
      target: id,
      scope: { cluster },
      evidence: [
        { field: "node.terminated", value: terminated.time, event: terminated.source },
        { field: "node.seen", value: `${seen.time} ${seen.trail}`, event: seen.source },
      ],
      reasons: [`terminated ${terminated.time} by ${terminated.by}`],
    };
  },
});
