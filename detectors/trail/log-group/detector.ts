import Type from "typebox";
import type { Severity } from "../../../schemas/findings/finding.ts";
import { text } from "../../../schemas/json.ts";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector, type Hit } from "../../core/contracts.ts";
import { attempted, lowered } from "../../core/weight.ts";
import { deployedBy, evidenceOf, groupOf, isAuditGroup, listed, type TrailChange, targetOf } from "../log-target.ts";

/** B-47: what stands in a cluster's log group destroyed: the group, one of its streams, or all but the last days. */
export const detector = defineEventDetector({
  meta: {
    id: "trail/log-group",
    version: 1,
    title: "Logs of a cluster deleted or cut short",
    description:
      "The audit log lives in the log group /aws/eks/<cluster>/cluster. Deleting the group or a stream, or keeping a few days only, destroys what an investigation needs; deleting the group also ends its subscriptions.",
    severity: "high",
    confidence: "high",
    status: "stable",
    attack: [{ tactic: "TA0005", technique: "T1562.008" }],
    reads: ["eventName", "requestParameters.logGroupName", "requestParameters.retentionInDays", "errorMessage"],
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html",
      "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteLogGroup.html",
    ],
    gaps: [
      "The retention that was there before is not in the record: a step from a year to a month is not seen.",
      "Log groups other than EKS's are watched when they are listed in `groups`.",
    ],
    triage: [
      {
        do: "See whether the group is still there, and what is in it.",
        cli: "aws logs describe-log-groups --region '{region}' --log-group-name-pattern '{target.name}'",
      },
      {
        do: "Ask who deleted it: a cluster's removal deletes its group too. See what else that key did.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, errorCode, sourceIPAddress | filter userIdentity.accessKeyId = "{actor.key}" or userIdentity.arn = "{actor.arn}" | sort eventTime asc',
      },
      { do: "Recover what was lost from the subscription's destination; put group, retention and subscription back." },
    ],
  },
  on: "logChange",
  params: Type.Object({
    groups: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      description: "Other log groups that matter: CloudTrail's, those of the detection pipeline. `*` at the end.",
    }),
    minRetentionDays: Type.Integer({
      minimum: 1,
      default: 7,
      description: "Keeping fewer days than this is reported.",
    }),
    deployers: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      description: "Names of roles that remove log groups by CloudFormation: low, through it only.",
    }),
  }),
  detect(call, { groups, minRetentionDays, deployers }): Hit | undefined {
    const { actor } = call;
    const group = groupOf(targetOf(call));
    if (group === "" || !(isAuditGroup(group) || listed(groups, group))) return undefined;
    const change = changeOf(call, minRetentionDays);
    if (change === undefined) return undefined;
    const deployer = deployedBy(call, deployers);
    const severity = deployer === undefined ? lowered(change.severity, attempted(call) ? 1 : 0) : "low";
    return {
      sentence: attempted(call)
        ? `${nameOf(actor)} tried to ${change.infinitive} ${group} (${call.errorCode || "failed"})`
        : `${nameOf(actor)} ${change.past} ${group}`,
      on: `log-group ${group}`,
      severity,
      evidence: evidenceOf(call),
      notExempted: deployer === undefined ? [] : [`${deployer} removes log groups by CloudFormation: low`],
    };
  },
});

interface Change {
  readonly infinitive: string;
  readonly past: string;
  readonly severity: Severity;
}

function changeOf(call: TrailChange, minDays: number): Change | undefined {
  const { action, requestParameters: params, message } = call;
  switch (action) {
    case "DeleteLogGroup":
      return { infinitive: "delete log group", past: "deleted log group", severity: "high" };
    case "DeleteLogStream": {
      const stream = text(params, "logStreamName") ?? /:log-stream:(\S+)/.exec(message)?.[1] ?? "";
      // `kube-apiserver-` is the beginning of `kube-apiserver-audit-` (eks-auto-mode.md §1.1); of other groups every
      // stream counts.
      const other = /^(?:authenticator|kube-apiserver(?!-audit)|kube-controller-manager|cloud-controller)/.test(stream);
      const what = `stream ${stream || "?"} of`;
      return { infinitive: `delete ${what}`, past: `deleted ${what}`, severity: other ? "medium" : "high" };
    }
    case "PutRetentionPolicy": {
      const days = text(params, "retentionInDays");
      if (days !== undefined && Number(days) >= minDays) return undefined;
      const what = days === "1" ? "1 day of" : `${days ?? "an unknown number of"} days of`;
      return { infinitive: `keep only ${what}`, past: `decided to keep only ${what}`, severity: "medium" };
    }
    default:
      return undefined;
  }
}
