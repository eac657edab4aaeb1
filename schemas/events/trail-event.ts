import type { AwsCall } from "./cloudtrail/facets.ts";
import type { K8sRequest } from "./k8s-audit/facets.ts";

/** An event of either trail, with its meaning settled. */
export type TrailEvent = K8sRequest | AwsCall;

/** The identity of an event: `eventID` in CloudTrail; in the audit log auditID, requestReceivedTimestamp, verb and URI together, as
 * auditID is text chosen by the client (audit-recorded.md 12). The stages of one request share it. */
export function identityOf(event: TrailEvent): string {
  return event.trail === "cloudtrail" ? event.id : `${event.id}\n${event.receivedAt}\n${event.verb}\n${event.uri}`;
}
