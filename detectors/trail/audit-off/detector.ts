import Type from "typebox";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector } from "../../core/contracts.ts";
import { attempted, lowered } from "../../core/weight.ts";
import { evidenceOf } from "../log-target.ts";

/** C30: the audit log of a cluster turned off. */
export const detector = defineEventDetector({
  meta: {
    id: "trail/audit-off",
    version: 1,
    title: "Audit log of a cluster turned off",
    description:
      "EKS writes the Kubernetes audit log only while the cluster's configuration says so. Whoever turns it off blinds every detector that reads it, from that second on; what happened before stays in the log group.",
    severity: "high",
    confidence: "high",
    status: "stable",
    attack: [{ tactic: "TA0005", technique: "T1562.008" }],
    reads: ["eventName", "requestParameters.logging.clusterLogging", "errorCode"],
    references: ["https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html"],
    gaps: [
      "A cluster that is created without an audit log, or deleted with it, is not reported.",
      "A denied call whose record has no parameters does not say what was to be turned off.",
    ],
    triage: [
      {
        do: "Turn it on again, then ask.",
        cli: 'aws eks update-cluster-config --region \'{region}\' --name \'{cluster}\' --logging \'{"clusterLogging":[{"types":["audit","authenticator"],"enabled":true}]}\'',
      },
      {
        do: "See what else that key did before and since.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, errorCode, sourceIPAddress | filter userIdentity.accessKeyId = "{actor.key}" or userIdentity.arn = "{actor.arn}" | sort eventTime asc',
      },
      {
        do: "Read the last audit events before the silence.",
        audit:
          "fields requestReceivedTimestamp, user.username, verb, requestURI, responseStatus.code | sort requestReceivedTimestamp desc | limit 200",
      },
    ],
    syntheticShape: true,
  },
  on: "logChange",
  params: Type.Object({}),
  detect(call) {
    const { actor, facets, service } = call;
    // Of EKS the facet has nothing but this; deleted log groups are trail/log-group's.
    if (service !== "eks") return undefined;
    const cluster = facets.logChange.target;
    return {
      sentence: attempted(call)
        ? `${nameOf(actor)} tried to turn off the audit log of cluster ${cluster} (${call.errorCode || "failed"})`
        : `${nameOf(actor)} turned off the audit log of cluster ${cluster}`,
      on: `cluster/${cluster}`,
      severity: lowered("high", attempted(call) ? 1 : 0),
      evidence: evidenceOf(call),
    };
  },
});
