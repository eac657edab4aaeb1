import { at, compact, keys, text } from "../../json.ts";
import { type Actor, type Origin, type Scope, timeOr } from "../event.ts";
import { actorOf } from "./actor.ts";
import { type K8sRequest, k8sFacetsOf } from "./facets.ts";
import { outcomeOf } from "./outcome.ts";
import type { K8sBase } from "./request.ts";
import { type ObjectRef, refOfPath, splitUri } from "./uri.ts";
import type { AuditEvent } from "./wire.ts";

export interface AuditContext {
  readonly scope: Scope;
  readonly origin: Origin;
  /** ms; the log's own time, for an event that lost its timestamps. 0 when there is none. */
  readonly loggedAt: number;
  /** The text was cut and only its head could be read. */
  readonly salvaged: boolean;
  readonly auditIdReused: boolean;
}

/** Settles the meaning of one audit event. Total: any value that passes the wire schema gives a request. */
export function normaliseAudit(event: AuditEvent, context: AuditContext): K8sRequest {
  const { path, params } = splitUri(event.requestURI);
  const object = referenceOf(event, path);
  const annotations = event.annotations ?? {};
  const decision = text(annotations, "authorization.k8s.io/decision") ?? "";
  const code = event.responseStatus?.code ?? undefined;
  const ips = event.sourceIPs ?? [];
  const actingAs: Actor | undefined = event.impersonatedUser ? actorOf(event.impersonatedUser) : undefined;
  const base: K8sBase = compact({
    trail: "k8s-audit" as const,
    id: event.auditID,
    receivedAt: event.requestReceivedTimestamp ?? "",
    time: timeOr(context.loggedAt, event.requestReceivedTimestamp, event.stageTimestamp),
    stage: event.stage,
    level: event.level ?? "",
    scope: context.scope,
    origin: context.origin,
    verb: event.verb,
    uri: event.requestURI,
    path,
    params,
    object,
    actor: actorOf(event.user),
    actingAs,
    impersonatedExtra: keys(event.impersonatedUser, "extra"),
    impersonationConstraint: event.authenticationMetadata?.impersonationConstraint ?? undefined,
    sourceIP: ips.at(-1),
    forwardedFor: ips.slice(0, -1),
    userAgent: event.userAgent ?? "",
    outcome: outcomeOf({ stage: event.stage, code, decision, subresource: object.subresource, verb: event.verb }),
    code,
    message: event.responseStatus?.message ?? "",
    decision,
    reason: text(annotations, "authorization.k8s.io/reason") ?? "",
    annotations,
    dryRun: params.has("dryRun"),
    requestBody: event.requestObject ?? undefined,
    responseBody: event.responseObject ?? undefined,
    truncated: context.salvaged || at(annotations, "audit.k8s.io/truncated") === "true",
    synthetic: text(annotations, "crosstrail/synthetic") === "true",
    auditIdReused: context.auditIdReused,
    record: event as unknown,
  });
  // The answer of the same request follows: RequestReceived knows neither body, nor impersonation, nor outcome (audit-recorded.md 3, 13).
  return { ...base, facets: event.stage === "RequestReceived" ? {} : k8sFacetsOf(base) };
}

function referenceOf(event: AuditEvent, path: string): ObjectRef {
  const ref = event.objectRef;
  if (!ref) return refOfPath(path) ?? { group: "", resource: "", subresource: "", namespace: "", name: "", uid: "" };
  return {
    group: ref.apiGroup ?? "",
    resource: ref.resource ?? "",
    subresource: ref.subresource ?? "",
    namespace: ref.namespace ?? "",
    // A create with generateName, or of a cluster resource, names its object only in the answer.
    name:
      ref.name || text(event.responseObject, "metadata", "name") || text(event.requestObject, "metadata", "name") || "",
    uid: ref.uid ?? "",
  };
}
