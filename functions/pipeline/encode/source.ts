import { createHash } from "node:crypto";
import { type Scope, UNKNOWN } from "../../../schemas/events/event.ts";
import { at, text } from "../../../schemas/json.ts";
import type { RawRecord } from "../records.ts";
import type { LogEvent, LogSource } from "./subscription.ts";

/** The log stream that a record would have come by: an EKS cluster's (eks-auto-mode.md §1.1), or the one that CloudTrail has per account and Region
 * (aws-plumbing.md §1.2). */
export function logSourceOf({ trail, scope }: RawRecord, value: unknown): LogSource {
  if (trail === "k8s-audit") {
    const { account, cluster } = scope;
    const server = createHash("sha256").update(Object.values(scope).join("/")).digest("hex").slice(0, 32);
    return { owner: account, logGroup: `/aws/eks/${cluster}/cluster`, logStream: `kube-apiserver-audit-${server}` };
  }
  const account = text(value, "recipientAccountId") ?? scope.account;
  const region = text(value, "awsRegion") ?? scope.region;
  return { owner: account, logGroup: "aws-cloudtrail-logs", logStream: `${account}_CloudTrail_${region}` };
}

/** Whether it is known which cluster an audit event is of. */
export const isPlaced = ({ trail, scope }: RawRecord): boolean =>
  trail === "cloudtrail" || Object.values(scope satisfies Scope).every((part) => part !== UNKNOWN);

const TIMES = ["stageTimestamp", "requestReceivedTimestamp", "eventTime"] as const;

/** A record as a log event, at its own time. */
export function logEventOf({ loggedAt, text: message }: RawRecord, value: unknown): LogEvent {
  const times = TIMES.map((name) => Date.parse(text(value, name) ?? ""));
  return { timestamp: times.find((time) => !Number.isNaN(time)) ?? loggedAt, message };
}

/** The record marked as made up, so that its findings say so. */
export function synthetic({ trail }: RawRecord, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (trail === "cloudtrail")
    return { ...value, additionalEventData: { ...objectAt(value, "additionalEventData"), crosstrail: "synthetic" } };
  return { ...value, annotations: { ...objectAt(value, "annotations"), "crosstrail/synthetic": "true" } };
}

function objectAt(value: object, name: string): object {
  const member = at(value, name);
  return typeof member === "object" && member !== null ? member : {};
}
