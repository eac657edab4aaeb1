import { compact, flag, text } from "../../json.ts";
import { type Origin, type Outcome, type Scope, timeOr, UNKNOWN } from "../event.ts";
import type { AwsBase } from "./call.ts";
import { callerOf, sourceOf } from "./caller.ts";
import { type AwsCall, awsFacetsOf } from "./facets.ts";
import { tagsOf } from "./tags.ts";
import type { CloudTrailRecord } from "./wire.ts";

export interface CallContext {
  readonly origin: Origin;
  readonly loggedAt: number;
  readonly salvaged: boolean;
}

const DENIED =
  /^(?:AccessDenied|UnauthorizedOperation|OperationNotPermitted|Unauthorized|NotAuthorized|Forbidden|UnauthorizedAccess|InvalidClientTokenId)$/;

/** Settles the meaning of one CloudTrail record. Total: any value that passes the wire schema gives a call. */
export function normaliseCall(record: CloudTrailRecord, context: CallContext): AwsCall {
  const actor = callerOf(record.userIdentity);
  const service = record.eventSource.replace(/\.amazonaws\.com$/, "");
  const errorCode = errorCodeOf(record.errorCode);
  const base: AwsBase = compact({
    trail: "cloudtrail" as const,
    id: record.eventID ?? `${record.eventTime ?? ""}/${service}/${record.eventName}/${actor.name}`,
    time: timeOr(context.loggedAt, record.eventTime),
    scope: scopeOf(record, service, actor.account),
    origin: context.origin,
    service,
    action: record.eventName,
    actor,
    ...sourceOf(record.sourceIPAddress),
    userAgent: record.userAgent ?? "",
    vpcEndpointId: record.vpcEndpointId ?? undefined,
    outcome: outcomeOf(errorCode, record, context.salvaged),
    errorCode,
    message: record.errorMessage ?? (errorCode === "" ? "" : (text(record.responseElements, "message") ?? "")),
    requestParameters: record.requestParameters ?? undefined,
    responseElements: record.responseElements ?? undefined,
    readOnly: flag(record, "readOnly"),
    truncated: context.salvaged,
    synthetic: text(record, "additionalEventData", "crosstrail") === "synthetic",
    record: record as unknown,
  });
  return { ...base, facets: awsFacetsOf(base) };
}

/** EC2 prefixes `Client.` or `Server.`, some services suffix `Exception`, CloudTrail drops it for others (eks-auto-mode.md §3.1). */
function errorCodeOf(raw: string | null | undefined): string {
  return (raw ?? "").replace(/^(?:Client|Server)\./, "").replace(/Exception$/, "");
}

function outcomeOf(errorCode: string, record: CloudTrailRecord, salvaged: boolean): Outcome {
  if (errorCode === "" && !record.errorMessage) return salvaged ? "unknown" : "success";
  return DENIED.test(errorCode) ? "denied" : "failed";
}

/** The cluster of a call stands, if anywhere, in the parameters: `name` for EKS (a URI label), `clusterName` for eks-auth, else in tags. */
function scopeOf(record: CloudTrailRecord, service: string, callerAccount: string | undefined): Scope {
  const { requestParameters: params, responseElements: answer } = record;
  const tagged = tagsOf(params).find(({ key }) => key === "eks-cluster-name" || key === "eks:eks-cluster-name")?.value;
  const named =
    service === "eks"
      ? (text(params, "name") ?? text(params, "clusterName") ?? text(answer, "cluster", "name"))
      : text(params, "clusterName");
  return {
    account: record.recipientAccountId ?? callerAccount ?? UNKNOWN,
    region: record.awsRegion ?? UNKNOWN,
    cluster: (service === "eks" || service === "eks-auth" ? named : undefined) ?? tagged ?? UNKNOWN,
  };
}
