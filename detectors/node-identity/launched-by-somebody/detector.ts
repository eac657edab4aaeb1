import Type from "typebox";
import { defineJoinDetector } from "../../ledger/contracts.ts";

/** B-28, where the launch is seen, and is nobody's of EKS: no comparison with other nodes is needed. */
export const detector = defineJoinDetector({
  meta: {
    id: "node-identity/launched-by-somebody",
    version: 1,
    title: "Instance that somebody launched himself is a node of the cluster",
    description:
      "Every node of Auto Mode is an instance that EKS launches. This one was launched by a principal with credentials of his own, through no service of AWS, and speaks to the cluster as a node under its own instance id: it has the node role, and pods with their secrets and tokens may be placed on it.",
    severity: "critical",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0005", technique: "T1036" },
      { tactic: "TA0004", technique: "T1078.004" },
    ],
    reads: ["eventName", "responseElements.instancesSet.items.instanceId", "userIdentity", "user.username"],
    auditLevel: { needs: "Metadata" },
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/automode.html",
      "https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html",
    ],
    gaps: [
      "An instance that Auto Scaling or a fleet launches on somebody's behalf is not seen here: node-identity/ghost compares it with the others of its day.",
      "Nodes that are not named after an instance (managed node groups, hybrid nodes) are not Auto Mode's, and are not judged.",
    ],
    triage: [
      {
        do: "See what the instance is, who owns it and which role it has.",
        cli: "aws ec2 describe-instances --instance-ids '{target}' --query 'Reservations[].[RequesterId,OwnerId,Instances[].[InstanceId,State.Name,LaunchTime,Operator,IamInstanceProfile,Tags]]'",
      },
      {
        do: "See what it did in the cluster as a node.",
        audit:
          'fields requestReceivedTimestamp, verb, requestURI, responseStatus.code, sourceIPs.0, userAgent | filter user.username = "system:node:{target}" | sort requestReceivedTimestamp asc',
      },
      {
        do: "Nobody owns up: cordon and delete the node, stop the instance, revoke the node role's sessions, and see what else was done with the key that launched it.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, errorCode, sourceIPAddress | filter userIdentity.accessKeyId = "{actor.key}" or userIdentity.arn = "{actor.arn}" | sort eventTime asc',
      },
    ],
    syntheticShape: true,
  },
  watch: "node",
  match: ["ran", "cluster"],
  params: Type.Object({}),
  detect([ran, { cluster, source }], { id }) {
    return {
      sentence: `${ran.by} launched instance ${id}, which is at work as a node of cluster ${cluster}: EKS launches those of Auto Mode itself`,
      on: "launched by somebody",
      at: ran.time,
      actor: {
        ...{ kind: ran.kind, name: ran.arn || ran.by, groups: [] },
        ...(ran.arn !== "" && { arn: ran.arn }),
        ...(ran.key !== "" && { accessKeyId: ran.key }),
      },
      action: "ec2:RunInstances",
      target: id,
      scope: { cluster },
      ...(ran.ip !== "" && { sourceIP: ran.ip }),
      // A pipeline may make nodes of its own.
      ...(ran.kind === "web-identity" && { severity: "high" as const }),
      evidence: [
        { field: "node.ran", value: `${ran.by} ${ran.time}`, event: ran.source },
        { field: "node.cluster", value: cluster, event: source },
      ],
    };
  },
});
