import type { Actor, Origin, Outcome, Scope } from "../event.ts";

/** One call to an AWS API, with its meaning settled. */
export interface AwsBase {
  readonly trail: "cloudtrail";
  /** eventID; records before 1.01 have none and get time, source, name and caller instead. */
  readonly id: string;
  readonly time: number;
  readonly scope: Scope;
  readonly origin: Origin;
  /** eventSource without `.amazonaws.com`: `ec2`, `sts`, `eks-auth`. */
  readonly service: string;
  /** eventName. */
  readonly action: string;
  readonly actor: Actor;
  /** Undefined when an AWS service made the call: its name is no address. */
  readonly sourceIP?: string;
  /** `sourceIPAddress` when it is the name of a service. */
  readonly viaService?: string;
  readonly userAgent: string;
  readonly vpcEndpointId?: string;
  readonly outcome: Outcome;
  /** Without `Client.` prefix and `Exception` suffix (eks-auto-mode.md §3.1, §4.1). */
  readonly errorCode: string;
  /** errorMessage, or the text that EKS leaves in responseElements.message (eks-auto-mode.md §7). */
  readonly message: string;
  readonly requestParameters: unknown;
  readonly responseElements: unknown;
  readonly readOnly: boolean;
  readonly truncated: boolean;
  /** Made for a test or a demonstration, and says so: `additionalEventData.crosstrail`, which no caller can set. */
  readonly synthetic: boolean;
  /** The record as it was parsed: what a finding quotes. Rules read the settled fields above. */
  readonly record: unknown;
}

/** A facet of a CloudTrail record; `trigger` as for audit events: text without which a record cannot have it. */
export interface AwsFacetRule<F> {
  readonly trigger: string;
  readonly find: (call: AwsBase) => F | undefined;
}

/** A call made or forwarded by an AWS service on its own account; a person's call through a service keeps the person's identity. */
export const byService = (call: AwsBase): boolean => call.viaService !== undefined || call.actor.kind === "aws-service";
