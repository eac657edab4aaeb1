import { text } from "../../../schemas/json.ts";
import type { RawRecord } from "../records.ts";

/** The trail of a record that is told by its members. Kinesis, SQS and S3 call the events that they hand to Lambda `aws:…`: those are no CloudTrail records. */
export function trailByMembers(value: unknown): RawRecord["trail"] | undefined {
  if (text(value, "auditID") !== undefined && text(value, "stage") !== undefined) return "k8s-audit";
  if (text(value, "kind") === "Event" && text(value, "apiVersion")?.startsWith("audit.k8s.io/")) return "k8s-audit";
  const source = text(value, "eventSource");
  const isCall = source !== undefined && !source.startsWith("aws:") && text(value, "eventName") !== undefined;
  return isCall ? "cloudtrail" : undefined;
}

/** The same of a record whose end is missing: one of the members has to do. */
export function trailOfCut(value: unknown): RawRecord["trail"] | undefined {
  if (text(value, "auditID") !== undefined) return "k8s-audit";
  return trailByMembers(value) ?? (text(value, "eventVersion")?.startsWith("1.") ? "cloudtrail" : undefined);
}
