import { list, text, texts } from "../../../json.ts";
import type { AwsBase, AwsFacetRule } from "../call.ts";

/** A change to what the trails record or where they go. */
export interface LogChange {
  /** What it does to a trail: `off` it records no more, `narrow` less, `reroute` it goes elsewhere. */
  readonly effect: "off" | "narrow" | "reroute";
  readonly trail: "audit" | "cloudtrail" | "pipeline";
  /** Log group, trail name or ARN, or cluster. */
  readonly target: string;
  readonly detail: string;
}

const EKS_GROUP = /^\/aws\/eks\/[^/]+\/cluster$/;

export const logChange: AwsFacetRule<LogChange> = {
  trigger: '"(?:logs|cloudtrail)\\.amazonaws\\.com"|"UpdateClusterConfig"',
  find(call: AwsBase): LogChange | undefined {
    if (call.service === "eks" && call.action === "UpdateClusterConfig") return auditOff(call);
    if (call.service === "logs") return groupChange(call);
    return call.service === "cloudtrail" ? trailChange(call) : undefined;
  },
};

function auditOff(call: AwsBase): LogChange | undefined {
  const off = list(call.requestParameters, "logging", "clusterLogging").find(
    (entry) => texts(entry, "types").includes("audit") && text(entry, "enabled") === "false",
  );
  if (off === undefined) return undefined;
  const target = text(call.requestParameters, "name") ?? "";
  return { effect: "off", trail: "audit", target, detail: `control plane logs off: ${texts(off, "types").join(", ")}` };
}

/** An EKS control plane log group, or any group that a subscription feeds from; deleting or replacing either blinds what reads it. */
function groupChange(call: AwsBase): LogChange | undefined {
  const target =
    text(call.requestParameters, "logGroupName") ?? text(call.requestParameters, "logGroupIdentifier") ?? "";
  const eks = EKS_GROUP.test(target.replace(/^.*:log-group:/, "").replace(/:\*$/, ""));
  const trail = eks ? "audit" : "pipeline";
  switch (call.action) {
    case "PutSubscriptionFilter": {
      const pattern = text(call.requestParameters, "filterPattern") ?? "";
      const destination = text(call.requestParameters, "destinationArn") ?? "";
      return { effect: "reroute", trail, target, detail: `subscription to ${destination}, pattern "${pattern}"` };
    }
    case "DeleteSubscriptionFilter":
      return {
        effect: "reroute",
        trail,
        target,
        detail: `subscription ${text(call.requestParameters, "filterName") ?? ""} removed`,
      };
    case "DeleteLogGroup":
    case "DeleteLogStream":
      return { effect: "off", trail, target, detail: `${call.action} ${target}` };
    case "PutRetentionPolicy":
      return {
        effect: "narrow",
        trail,
        target,
        detail: `retention ${text(call.requestParameters, "retentionInDays") ?? "?"} days`,
      };
    default:
      return undefined;
  }
}

function trailChange(call: AwsBase): LogChange | undefined {
  const { requestParameters: params, action } = call;
  const target =
    text(params, "name") ??
    text(params, "trailName") ??
    text(params, "trailARN") ??
    text(params, "eventDataStore") ??
    "";
  if (/^(?:StopLogging|DeleteTrail|StopEventDataStoreIngestion|DeleteEventDataStore)$/.test(action)) {
    return { effect: "off", trail: "cloudtrail", target, detail: action };
  }
  if (action === "UpdateTrail") return { effect: "reroute", trail: "cloudtrail", target, detail: updateDetail(params) };
  if (action !== "PutEventSelectors") return undefined;
  const classic = list(params, "eventSelectors");
  const advanced = list(params, "advancedEventSelectors");
  const kept = classic.some(
    (s) => text(s, "includeManagementEvents") !== "false" && (text(s, "readWriteType") ?? "All") === "All",
  );
  const keptAdvanced = advanced.some((selector) => keepsManagementReads(list(selector, "fieldSelectors")));
  const detail =
    kept || keptAdvanced
      ? "management events, reads included, are still recorded"
      : "read or management events are no longer recorded: eks-auth and sts reads are lost";
  return { effect: "narrow", trail: "cloudtrail", target, detail };
}

/** Sources that the joins need. */
const NEEDED = ["sts.amazonaws.com", "eks-auth.amazonaws.com", "eks.amazonaws.com"] as const;

/** Advanced selectors: category Management, and nothing that keeps reads or one of the needed sources out. A field that is not known here (a
 * name, a caller) leaves something out, whichever way it compares. */
function keepsManagementReads(fields: readonly unknown[]): boolean {
  const category = fields.find((entry) => text(entry, "field") === "eventCategory");
  if (!texts(category, "equals").includes("Management")) return false;
  return fields.every((entry) => {
    switch (text(entry, "field")) {
      case "eventCategory":
        return true;
      case "readOnly":
        return !texts(entry, "equals").includes("false") && !texts(entry, "notEquals").includes("true");
      case "eventSource":
        return NEEDED.every((source) => lets(entry, source));
      default:
        return false;
    }
  });
}

/** Whether a selector's field lets a value pass: each operator has to, by one of its values or by none (API reference, AdvancedFieldSelector). */
function lets(entry: unknown, value: string): boolean {
  const some = (operator: string, test: (wanted: string) => boolean): boolean | undefined => {
    const wanted = texts(entry, operator);
    return wanted.length === 0 ? undefined : wanted.some(test);
  };
  const is = (wanted: string): boolean => value === wanted;
  const starts = (wanted: string): boolean => value.startsWith(wanted);
  const ends = (wanted: string): boolean => value.endsWith(wanted);
  const needs = [some("equals", is), some("startsWith", starts), some("endsWith", ends)];
  const bars = [some("notEquals", is), some("notStartsWith", starts), some("notEndsWith", ends)];
  return !needs.includes(false) && !bars.includes(true);
}

function updateDetail(params: unknown): string {
  const parts = [
    "s3BucketName",
    "cloudWatchLogsLogGroupArn",
    "isMultiRegionTrail",
    "includeGlobalServiceEvents",
    "kmsKeyId",
  ]
    .map((key) => [key, text(params, key)] as const)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${value}`);
  return parts.length > 0 ? parts.join(", ") : "trail updated";
}
