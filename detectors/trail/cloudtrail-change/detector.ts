import Type from "typebox";
import { parseArn } from "../../../schemas/arn.ts";
import type { Severity } from "../../../schemas/findings/finding.ts";
import { text } from "../../../schemas/json.ts";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector, type Hit } from "../../core/contracts.ts";
import { attempted, lowered } from "../../core/weight.ts";
import { deployedBy, evidenceOf, type TrailChange, targetOf } from "../log-target.ts";

/** B-47, C43: a trail stopped, deleted, sent elsewhere, or narrowed so that reads of eks-auth and sts are lost. */
export const detector = defineEventDetector({
  meta: {
    id: "trail/cloudtrail-change",
    version: 1,
    title: "CloudTrail stopped, deleted or narrowed",
    description:
      "CloudTrail is the half of the story that Kubernetes cannot tell: which pod got which AWS key, and what was done with it. A trail that stops, or that drops read events, loses every exchange of a pod's token, as those are logged as reads.",
    severity: "high",
    confidence: "high",
    status: "stable",
    attack: [{ tactic: "TA0005", technique: "T1562.008" }],
    reads: ["eventName", "requestParameters", "errorMessage"],
    references: [
      "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html",
      "https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventSelectors.html",
    ],
    gaps: [
      "The trail's bucket, its key and its policy can be taken away without touching the trail.",
      "UpdateTrail shows what was set, not what was there before.",
      "A stopped trail records StopLogging as its last event: when that one is late, nothing follows it.",
    ],
    triage: [
      {
        do: "See what the trail does now; start it again.",
        cli: "aws cloudtrail get-trail-status --region '{region}' --name '{target.name}'",
      },
      {
        do: "Ask who did it; see what that key did just before.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, errorCode, sourceIPAddress | filter userIdentity.accessKeyId = "{actor.key}" or userIdentity.arn = "{actor.arn}" | sort eventTime asc',
      },
      { do: "Read the event history for the gap: it keeps 90 days of management events whatever the trail does." },
    ],
  },
  on: "logChange",
  params: Type.Object({
    trails: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      description: "Names or ARNs of the trails that feed this product. When given, any other trail is one step lower.",
    }),
    deployers: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      description: "Names of roles that change trails by CloudFormation: low, through it only.",
    }),
  }),
  detect(call, { trails, deployers }): Hit | undefined {
    const { actor, facets } = call;
    if (facets.logChange.trail !== "cloudtrail") return undefined;
    const change = changeOf(call);
    if (change === undefined) return undefined;
    const target = targetOf(call);
    const name = target.split("/").at(-1) ?? "";
    const other = trails.length > 0 && !trails.some((own) => own === target || own.split("/").at(-1) === name);
    const deployer = deployedBy(call, deployers);
    const severity = lowered(change.severity, (attempted(call) ? 1 : 0) + (other ? 1 : 0));
    return {
      sentence: attempted(call)
        ? `${nameOf(actor)} tried to ${change.infinitive} trail ${name || "?"} (${call.errorCode || "failed"})`
        : `${nameOf(actor)} ${change.past} trail ${name || "?"}${change.detail}`,
      // Trails are called by name and by ARN.
      on: `${call.action} trail/${name}`,
      severity: deployer === undefined ? severity : "low",
      evidence: evidenceOf(call),
      notExempted: [
        ...(deployer === undefined ? [] : [`${deployer} changes trails by CloudFormation: low`]),
        ...(other ? ["not one of the trails that feed this product: one step lower"] : []),
      ],
    };
  },
});

interface Change {
  readonly infinitive: string;
  readonly past: string;
  readonly detail: string;
  readonly severity: Severity;
}

function changeOf(call: TrailChange): Change | undefined {
  const { action, facets, requestParameters } = call;
  const { effect, detail } = facets.logChange;
  if (effect === "off") {
    const deleted = action.startsWith("Delete");
    return {
      infinitive: deleted ? "delete" : "stop",
      past: deleted ? "deleted" : "stopped",
      detail: "",
      severity: "high",
    };
  }
  if (effect === "narrow") {
    const infinitive = "change the event selectors of";
    const narrowed = { infinitive, past: "narrowed", detail: `: ${detail}`, severity: "medium" } as const;
    // A denied call's record has no parameters: what was wanted is not known (log-target.ts).
    const harmless = requestParameters !== undefined && !detail.includes("no longer recorded");
    return harmless ? undefined : narrowed;
  }
  return { infinitive: "change", past: "changed", detail: `: ${detail}`, severity: loses(call) ? "medium" : "low" };
}

/** Whether UpdateTrail takes something away: regions, global services, the copy in CloudWatch Logs, or the account's
 * say over the key. What was there before is not in the record, so that a new bucket alone is context. */
function loses({ requestParameters: params, scope }: TrailChange): boolean {
  const fewer = ["isMultiRegionTrail", "includeGlobalServiceEvents"].some((key) => text(params, key) === "false");
  const owner = parseArn(text(params, "kmsKeyId"))?.account;
  return fewer || text(params, "cloudWatchLogsLogGroupArn") === "" || (owner !== undefined && owner !== scope.account);
}
