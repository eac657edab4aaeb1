import Type from "typebox";
import { defineSettledDetector } from "../../ledger/contracts.ts";

const MINUTE_MS = 60_000;

/** B-28: a node that nobody launched, in a cluster whose other nodes were seen being launched. Judged over all that joined on one day: only
 * beside them does a missing launch mean anything. */
export const detector = defineSettledDetector({
  meta: {
    id: "node-identity/ghost",
    version: 1,
    title: "Node joined the cluster although EKS was not seen to launch it",
    description:
      "Every node of Auto Mode is an instance that EKS launches, and CloudTrail shows the launch. This node joined under an instance's name without one, while others that joined on the same day have theirs: it may be an instance of somebody's own, or no instance at all.",
    severity: "high",
    confidence: "low",
    status: "stable",
    attack: [
      { tactic: "TA0005", technique: "T1036" },
      { tactic: "TA0004", technique: "T1078.004" },
    ],
    reads: [
      "objectRef.name",
      "user.username",
      "responseElements.instancesSet.items.instanceId",
      "requestParameters.tagSpecificationSet",
    ],
    auditLevel: { needs: "Metadata" },
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/automode.html",
      "https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html",
    ],
    gaps: [
      "Silent while CloudTrail shows no launch of at least two other nodes that joined that day, or fewer launches than ghosts, half an hour after it joined.",
      "An identity that makes requests and never registers a node is not seen here: node-identity/foreign-key looks at its key.",
      "Nodes that are not named after an instance (managed node groups, hybrid nodes, Fargate) are not Auto Mode's, and are not judged.",
    ],
    triage: [
      {
        do: "Ask EC2 who launched the instance, when, and who operates it. One that does not exist settles it.",
        cli: "aws ec2 describe-instances --instance-ids '{actor.instance}' --query 'Reservations[].[RequesterId,OwnerId,Instances[].[InstanceId,State.Name,LaunchTime,Operator,IamInstanceProfile]]'",
      },
      {
        do: "Look for its launch in CloudTrail.",
        cloudtrail:
          'fields eventTime, eventName, userIdentity.arn, userIdentity.invokedBy, sourceIPAddress | filter eventSource = "ec2.amazonaws.com" and @message like "{actor.instance}" | sort eventTime asc',
      },
      {
        do: "See what was done in its name. If nothing explains it, delete the node and revoke the sessions of its role.",
        audit:
          'fields requestReceivedTimestamp, verb, requestURI, responseStatus.code, sourceIPs.0, user.extra.canonicalArn.0 | filter user.username = "{actor.name}" | sort requestReceivedTimestamp asc',
      },
    ],
    syntheticShape: true,
  },
  watch: "fleet",
  anchor: "joined",
  settleMs: 30 * MINUTE_MS,
  rests: ["launched"],
  coldness: { warm: { trail: "cloudtrail", ms: 120 * MINUTE_MS } },
  params: Type.Object({}),
  detect(fleet) {
    const launched = new Set(fleet.all("launched").map(({ node }) => node));
    const ghosts = fleet.all("joined").filter(({ node }) => !launched.has(node));
    // Where most launches are missing, it is the trail that has the gap, or these are no nodes of Auto Mode.
    if (launched.size < 2 || new Set(ghosts.map(({ node }) => node)).size >= launched.size) return undefined;
    return ({ time, node, by, cluster, source }) => {
      if (launched.has(node)) return [];
      return [
        {
          sentence: `Node ${node} joined cluster ${cluster}, and EKS was not seen to launch it as it launched others that day`,
          by: `node/${node}`,
          on: "not launched",
          at: time,
          actor: { kind: "node", name: `system:node:${node}`, groups: [], instanceId: node },
          action: "create nodes",
          target: node,
          scope: { cluster },
          evidence: [{ field: "fleet.joined", value: `${time} ${node} by ${by}`, event: source }],
          reasons: [`registered by ${by}`],
        },
      ];
    };
  },
});
