import type { Actor, Origin, Outcome, Scope } from "../event.ts";
import type { Peek } from "./peek.ts";
import type { ObjectRef } from "./uri.ts";

/** One stage of one request to the Kubernetes API, with its meaning settled. */
export interface K8sBase {
  readonly trail: "k8s-audit";
  /** auditID: text chosen by the client (audit-recorded.md 12). */
  readonly id: string;
  /** requestReceivedTimestamp as written (µs), part of the identity. */
  readonly receivedAt: string;
  /** ms since 1970: requestReceivedTimestamp, else stageTimestamp, else the log's own time. */
  readonly time: number;
  readonly stage: string;
  readonly level: string;
  readonly scope: Scope;
  readonly origin: Origin;
  readonly verb: string;
  readonly uri: string;
  /** Percent-decoded path of the URI. */
  readonly path: string;
  readonly params: URLSearchParams;
  readonly object: ObjectRef;
  readonly actor: Actor;
  /** Whom the request acted as, once the impersonation had been granted. */
  readonly actingAs?: Actor;
  /** Extra keys of that identity: forgeable by header, unlike those of the real user (audit-recorded.md 6). */
  readonly impersonatedExtra: readonly string[];
  /** 1.36: the constrained verb that granted it; absent for the plain verb (audit-recorded.md 4). */
  readonly impersonationConstraint?: string;
  /** The last of sourceIPs: the peer. Those before it are the client's claim (audit-recorded.md 22). */
  readonly sourceIP?: string;
  readonly forwardedFor: readonly string[];
  readonly userAgent: string;
  readonly outcome: Outcome;
  readonly code?: number;
  readonly message: string;
  readonly decision: string;
  readonly reason: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** Nothing was changed: `dryRun=All`, visible only in the URI (audit-recorded.md 19). */
  readonly dryRun: boolean;
  /** Undefined when the level or the outcome left it out: an absent body is not an absent field. */
  readonly requestBody: unknown;
  readonly responseBody: unknown;
  /** Cut by the apiserver (`audit.k8s.io/truncated`) or by CloudWatch and salvaged. */
  readonly truncated: boolean;
  /** Made for a test or a demonstration, and says so: the annotation `crosstrail/synthetic`, which no client can set. */
  readonly synthetic: boolean;
  /** Another request with this auditID was read before. */
  readonly auditIdReused: boolean;
  /** The event as it was parsed: what a finding quotes. Rules read the settled fields above. */
  readonly record: unknown;
}

/** A facet of an audit event: what it means, and what its text must hold. */
export interface K8sFacetRule<F> {
  /** True for the text of every event with this facet, and of few others: the screen drops an event unparsed when it is false of all. */
  readonly trigger: (peeked: Peek) => boolean;
  /** The trigger looks at verb, group, resource and subresource alone: of these a cluster has a few hundred, and each is asked about once. */
  readonly byObject?: true;
  readonly find: (request: K8sBase) => F | undefined;
}

/** Verbs that change something, and those of them whose requests carry a body that says what. */
export const WRITE_VERBS = ["create", "update", "patch", "delete", "deletecollection"] as const;
export const BODY_VERBS = ["create", "update", "patch"] as const;

const WRITES: ReadonlySet<string> = new Set(WRITE_VERBS);
const WITH_BODY: ReadonlySet<string> = new Set(BODY_VERBS);
export const isWrite = ({ verb }: { readonly verb: string }): boolean => WRITES.has(verb);
export const hasBody = ({ verb }: { readonly verb: string }): boolean => WITH_BODY.has(verb);

/** True when the API changed something, or was let to by dry run. */
export const succeeded = (request: K8sBase): boolean => request.outcome === "success" || request.outcome === "started";
