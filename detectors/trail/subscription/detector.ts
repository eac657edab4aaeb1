import Type from "typebox";
import { parseArn } from "../../../schemas/arn.ts";
import { text } from "../../../schemas/json.ts";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector, type Hit } from "../../core/contracts.ts";
import { attempted, lowered } from "../../core/weight.ts";
import { deployedBy, evidenceOf, groupOf, isAuditGroup, listed, type TrailChange, targetOf } from "../log-target.ts";
import { quoted } from "../quoted.ts";

/** B-47: the subscription that carries the audit log out of its group set, replaced or removed. */
export const detector = defineEventDetector({
  meta: {
    id: "trail/subscription",
    version: 1,
    title: "Subscription of a cluster's audit log changed or removed",
    description:
      "A subscription filter carries the audit log to whatever watches it, this product included. Removing it ends the watch; a new pattern under the old name lets through only what its author allows; a new destination sends the cluster's log elsewhere.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0005", technique: "T1562.008" },
      { tactic: "TA0010", technique: "T1537" },
    ],
    reads: ["eventName", "requestParameters", "errorMessage"],
    references: ["https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutSubscriptionFilter.html"],
    gaps: [
      "The record does not tell a new subscription from a replaced one: both are PutSubscriptionFilter.",
      "Account-level subscription policies (PutAccountPolicy) and changes at the destination (Kinesis, Lambda) are not read.",
      "Log groups other than EKS's are watched when they are listed in `groups`.",
    ],
    triage: [
      {
        do: "Compare what is there with what should be: destination and pattern.",
        cli: "aws logs describe-subscription-filters --region '{region}' --log-group-name '{target.name}'",
      },
      {
        do: "Ask who changed it; see what else that key did.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, errorCode, sourceIPAddress | filter userIdentity.accessKeyId = "{actor.key}" or userIdentity.arn = "{actor.arn}" | sort eventTime asc',
      },
      {
        do: "Put it back, and replay the time in between from the log group: nothing of it was judged.",
        audit: "fields @timestamp, @message | sort @timestamp asc",
      },
    ],
    syntheticShape: true,
  },
  on: "logChange",
  params: Type.Object({
    groups: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      description: "Other log groups whose subscriptions matter. `*` at the end.",
    }),
    destinations: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      description: "ARNs of the pipeline's own streams and functions: setting one of them without a pattern is silent.",
    }),
    deployers: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      description: "Names of roles that deploy subscriptions by CloudFormation: low, through it only.",
    }),
  }),
  detect(call, { groups, destinations, deployers }): Hit | undefined {
    const { actor, action } = call;
    if (action !== "PutSubscriptionFilter" && action !== "DeleteSubscriptionFilter") return undefined;
    const group = groupOf(targetOf(call));
    if (group === "" || !(isAuditGroup(group) || listed(groups, group))) return undefined;
    const removed = action === "DeleteSubscriptionFilter";
    if (!removed && isOwn(call, destinations)) return undefined;
    const deployer = deployedBy(call, deployers);
    const worth = lowered(removed ? "high" : "medium", attempted(call) ? 1 : 0);
    const filter = text(call.requestParameters, "filterName");
    const name = `${filter === undefined ? "a subscription" : `subscription ${filter}`} of ${group}`;
    const past = removed ? `removed ${name}` : `set ${name}${whereTo(call)}`;
    return {
      sentence: attempted(call)
        ? `${nameOf(actor)} tried to ${removed ? "remove" : "set"} ${name} (${call.errorCode || "failed"})`
        : `${nameOf(actor)} ${past}`,
      on: `subscription of ${group}`,
      severity: deployer === undefined ? worth : "low",
      evidence: evidenceOf(call),
      reasons: removed ? [] : reasonsOf(call, destinations),
      notExempted: deployer === undefined ? [] : [`${deployer} deploys subscriptions by CloudFormation: low`],
    };
  },
});

const destinationOf = ({ requestParameters }: TrailChange): string => text(requestParameters, "destinationArn") ?? "";
const patternOf = ({ requestParameters }: TrailChange): string => text(requestParameters, "filterPattern") ?? "";

/** The whole log to the pipeline: what should be there. */
const isOwn = (call: TrailChange, destinations: readonly string[]): boolean =>
  destinations.includes(destinationOf(call)) && patternOf(call) === "";

const whereTo = (call: TrailChange): string =>
  destinationOf(call) === "" ? "" : ` to ${destinationOf(call)}, pattern ${quoted(patternOf(call))}`;

function reasonsOf(call: TrailChange, destinations: readonly string[]): string[] {
  const account = parseArn(destinationOf(call))?.account;
  const foreign = account !== undefined && account !== "" && account !== call.scope.account;
  return [
    ...(foreign ? [`the destination is in account ${account}`] : []),
    ...(destinations.includes(destinationOf(call)) ? ["the pipeline's own destination, but with a pattern"] : []),
  ];
}
