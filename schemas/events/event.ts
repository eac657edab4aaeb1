/** Where a cluster is. `unknown` stands for what neither the record nor its envelope tells: an audit event names no cluster,
 * it comes from the log group (eks-auto-mode.md §1.1). */
export interface Scope {
  readonly account: string;
  readonly region: string;
  readonly cluster: string;
}

export const UNKNOWN = "unknown";

/** Where a record was read: what an error message and a re-drive need. */
export interface Origin {
  /** File name, `-` for standard input, or the stream's ARN. */
  readonly from: string;
  /** Line of a file (from 1) where the record begins. */
  readonly line?: number;
  /** Kinesis shard and sequence number. */
  readonly shard?: string;
  readonly sequence?: string;
}

/** What became of a request. 101 is `started`: it proves nothing (audit-recorded.md 8).
 * `denied`: refused by an authorizer (403 forbid; AccessDenied). `refused`: by admission or validation (decision allow, 403/422/400).
 * `unauthenticated`: 401. `failed`: any other error. `unknown`: no answer in the record (truncated, RequestReceived). */
export type Outcome = "success" | "started" | "denied" | "refused" | "unauthenticated" | "failed" | "unknown";

/** `node`: an EC2 instance's identity (kubelet, or a session named `i-…`). `pod`: an EKS Pod Identity session.
 * `control-plane`: AWS's or Kubernetes' own components. `human`: any other IAM user or role session, robots included. */
export type ActorKind =
  | "human"
  | "root"
  | "node"
  | "pod"
  | "web-identity"
  | "service-account"
  | "control-plane"
  | "aws-service"
  | "anonymous"
  | "unknown";

export interface Actor {
  readonly kind: ActorKind;
  /** The username or ARN as logged; `system:anonymous` for a request without identity. */
  readonly name: string;
  readonly groups: readonly string[];
  readonly uid?: string;
  readonly arn?: string;
  /** Role of a role session: ARN where the record has it, name always. */
  readonly roleArn?: string;
  readonly roleName?: string;
  readonly sessionName?: string;
  /** `AROA…:session` in CloudTrail, `AROA…` in audit. */
  readonly principalId?: string;
  readonly accessKeyId?: string;
  readonly account?: string;
  readonly instanceId?: string;
  readonly serviceAccount?: { readonly namespace: string; readonly name: string };
  readonly pod?: { readonly name?: string; readonly uid?: string };
  readonly node?: string;
  /** `JTI=<uuid>` or `X509SHA256=…`. */
  readonly credentialId?: string;
  /** CloudTrail `sessionContext.ec2RoleDelivery`: "1.0" IMDSv1, "2.0" IMDSv2; stamped on the credential (eks-auto-mode.md §5). */
  readonly ec2RoleDelivery?: string;
  /** CloudTrail `invokedBy`: the AWS service that forwarded the call. */
  readonly invokedBy?: string;
}

/** An instance id as node name or session name: Auto Mode names nodes by it (eks-auto-mode.md §0). */
export const INSTANCE_ID = /^i-[0-9a-f]{8,17}$/;

/** ms since 1970 of a time stamp or number, 0 when it is none: a log may hold anything, and a Date beyond its range throws. */
export function timeOr(fallback: number, ...candidates: readonly (string | number | null | undefined)[]): number {
  for (const candidate of [...candidates, fallback]) {
    const time = typeof candidate === "string" ? Date.parse(candidate) : candidate;
    if (typeof time === "number" && Math.abs(time) <= 8.64e15) return time;
  }
  return 0;
}
