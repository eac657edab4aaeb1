import Type from "typebox";
import { defineJoinDetector } from "../../ledger/contracts.ts";

/** B-24: a node's identity in the cluster, with a key that STS did not issue to that node. The access entry takes the session's name for the
 * node's, and whoever may assume the node role chooses it (eks-auto-mode.md §2.4). */
export const detector = defineJoinDetector({
  meta: {
    id: "node-identity/foreign-key",
    version: 1,
    title: "Node identity used with a key that was not issued to that node",
    description:
      "The cluster takes whoever comes with a session of the node role for the node that the session is named after. EC2 gives each instance its own key; this one was issued to somebody else, who acts as the node.",
    severity: "critical",
    confidence: "high",
    status: "stable",
    attack: [
      { tactic: "TA0008", technique: "T1550.001" },
      { tactic: "TA0005", technique: "T1036" },
      { tactic: "TA0004", technique: "T1078.004" },
    ],
    reads: [
      "responseElements.credentials.accessKeyId",
      "requestParameters.roleSessionName",
      "user.extra.accessKeyId",
      "user.username",
    ],
    references: ["https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html"],
    gaps: [
      "Needs the record of AssumeRole: a trail without it, or of another region, tells nothing.",
      "A key taken from the instance itself is the node's own: node-identity/second-address looks for those.",
    ],
    triage: [
      {
        do: "Revoke the node role's sessions older than now (AWSRevokeOlderSessions), and end the session that assumed it.",
        cloudtrail:
          'fields eventTime, userIdentity.arn, sourceIPAddress, requestParameters.roleSessionName | filter eventName = "AssumeRole" and responseElements.credentials.accessKeyId = "{actor.key}"',
      },
      {
        do: "See what was done under the node's name.",
        audit:
          'fields requestReceivedTimestamp, verb, requestURI, responseStatus.code, sourceIPs.0 | filter @message like "{actor.key}" | sort requestReceivedTimestamp asc',
      },
    ],
    syntheticShape: true,
  },
  watch: "key",
  match: ["issued", "asNode"],
  params: Type.Object({}),
  detect([issued, asNode], { id }) {
    const own = issued.to === "node" && issued.whom === asNode.node;
    if (own) return undefined;
    const whose = issued.to === "node" ? `to node ${issued.whom}` : `by ${issued.by} under the name ${issued.whom}`;
    return {
      sentence: `Node ${asNode.node} of cluster ${asNode.cluster} acted with key ${id}, which was issued ${whose}`,
      on: `as ${asNode.node}`,
      at: issued.time,
      actor: { kind: "node", name: `system:node:${asNode.node}`, groups: [], accessKeyId: id, instanceId: asNode.node },
      action: "act as a node",
      target: asNode.node,
      scope: { cluster: asNode.cluster },
      evidence: [
        { field: "key.issued", value: `${issued.to} ${issued.whom} by ${issued.by}`, event: issued.source },
        { field: "key.asNode", value: `${asNode.cluster} ${asNode.node}`, event: asNode.source },
      ],
    };
  },
});
