import { attackVersion, tactics, techniques } from "../../schemas/attack.ts";
import type { Outcome } from "../../schemas/events/event.ts";
import { identityOf, type TrailEvent } from "../../schemas/events/trail-event.ts";
import type { Finding, Severity } from "../../schemas/findings/finding.ts";
import { compact, flag } from "../../schemas/json.ts";
import { cut, redact, redactJson, redactRecord, redactWords } from "../../schemas/redact.ts";
import { findingActor, subjectOf } from "./actors.ts";
import type { DetectorMeta, Hit } from "./contracts.ts";
import { hashOf } from "./hash.ts";
import { queriesOf } from "./triage.ts";

/** A hit of one detector on one event, before it is a finding. */
export interface Judged {
  readonly meta: DetectorMeta;
  readonly hit: Hit;
  readonly event: TrailEvent;
  readonly severity: Severity;
}

/** A finding, and what merging it with another of the same id needs. */
export interface Draft {
  readonly finding: Finding;
  /** Identities of the events behind it, at most 200, and the ids that they carry in the log. */
  readonly events: ReadonlyMap<string, string>;
  readonly overflow: boolean;
  /** Order among hits of one severity: the earliest event leads; independent of arrival. */
  readonly lead: string;
  /** ISO 8601: since when a hit on an entity is known; that of an event is known since then. */
  readonly since?: string;
  /** Of the finding that something threw: a detector's id, `learner/…` or `relay/…`. */
  readonly threw?: string;
}

/** Id of a finding (design §5): no window for a subject of bounded life, the UTC day of the event for any other. */
export function findingId({ meta, hit, event }: Pick<Judged, "meta" | "hit" | "event">): {
  id: string;
  subject: string;
} {
  const actor = hit.by === undefined ? subjectOf(event) : { id: hit.by, bounded: true };
  const day = actor.bounded ? "" : new Date(event.time).toISOString().slice(0, 10);
  const { account, region, cluster } = event.scope;
  const subject = `${actor.id} on ${hit.on}`;
  return {
    id: `ct-${hashOf(meta.id, account, region, cluster, actor.id, hit.on, day)}`,
    subject: cut(redact(subject), 512),
  };
}

const OUTCOMES: Readonly<Record<Outcome, Finding["outcome"]>> = {
  success: "success",
  started: "started",
  unknown: "unknown",
  denied: "attempt",
  refused: "attempt",
  unauthenticated: "attempt",
  failed: "attempt",
};

/** The finding of one hit, alone. `also`: hits of the same family on the same event; `related`: ids of findings of other families on it. */
export function compose(judged: Judged, also: readonly Judged[], related: readonly string[]): Draft {
  const { meta, hit, event, severity } = judged;
  const { id, subject } = findingId(judged);
  const identity = identityOf(event);
  const seen = new Date(event.time).toISOString();
  // A client may give its request an id of a megabyte, two hundred times.
  const eventId = cut(event.id, 256);
  const action = actionOf(event);
  const target = targetOf(event);
  const shown = {
    actor: clean(findingActor(event.actor)),
    ...(event.trail === "k8s-audit" && event.actingAs && { actingAs: clean(findingActor(event.actingAs)) }),
    ...(event.sourceIP !== undefined && { sourceIP: event.sourceIP }),
    target: target.whole,
    ...event.scope,
    events: [eventId],
    action,
  };
  const finding: Finding = compact({
    id,
    detector: meta.id,
    version: meta.version,
    family: meta.id.split("/")[0] ?? "",
    status: meta.status,
    severity,
    confidence: hit.confidence ?? meta.confidence,
    outcome: OUTCOMES[event.outcome],
    title: cut(redact(hit.sentence), 256),
    description: `${cut(redact(hit.sentence), 2_048)}. ${meta.description}`,
    subject,
    ...shown,
    forwardedFor: event.trail === "k8s-audit" ? event.forwardedFor.map((address) => cut(address, 256)) : [],
    userAgent: cut(redact(event.userAgent), 512),
    reasons: notes([...(hit.reasons ?? []), ...also.map((other) => `also ${other.meta.id}: ${other.hit.sentence}`)]),
    related: notes(related),
    notExempted: notes(hit.notExempted ?? []),
    firstSeen: seen,
    lastSeen: seen,
    count: 1,
    attack: attackOf(meta),
    evidence: hit.evidence
      .slice(0, 20)
      .map(({ field, value }) => ({ field, value: cut(redact(value), 1_024), event: eventId })),
    eventsTotal: "1",
    firstStep: meta.triage[0]?.do ?? "",
    queries: queriesOf(meta.triage, { ...shown, targetParts: target }),
    raw: [redactRecord(event.record)],
    synthetic: event.synthetic,
    truncated: event.truncated,
  });
  return {
    finding,
    events: new Map([[hashOf(identity), eventId]]),
    overflow: false,
    lead: `${seen}\n${hashOf(identity)}\n${rankOf(event)}`,
  };
}

export const attackOf = ({ attack }: DetectorMeta): Finding["attack"] => ({
  version: attackVersion,
  techniques: attack.map(({ tactic, technique }) => ({
    tactic,
    tacticName: tactics[tactic],
    technique,
    techniqueName: techniques[technique].name,
  })),
});

/** Sorted and once each, as merging leaves them: a finding of one event reads like one of the same event delivered twice. */
export function notes(lines: readonly string[]): string[] {
  return [...new Set(lines.map((line) => cut(redact(line), 512)))].sort();
}

/** What a suppression may look at, without composing the finding. */
export function viewOf(event: TrailEvent): Pick<Finding, "actor" | "action" | "target" | "cluster" | "sourceIP"> {
  return compact({
    actor: findingActor(event.actor),
    action: actionOf(event),
    target: targetOf(event).whole,
    cluster: event.scope.cluster,
    sourceIP: event.sourceIP,
  });
}

/** Which of several tellings of one event leads: a whole one before one that was cut, ResponseComplete, which knows the most, before the other stages. */
function rankOf(event: TrailEvent): string {
  const stage = event.trail === "k8s-audit" && event.stage !== "ResponseComplete" ? event.stage : "";
  return `${event.truncated ? "cut" : ""}\n${stage}`;
}

export function clean<T extends object>(value: T): T {
  return redactJson(value, 512) as T;
}

function actionOf(event: TrailEvent): Finding["action"] {
  if (event.trail === "cloudtrail") {
    return compact({
      trail: event.trail,
      verb: `${event.service}:${event.action}`,
      resource: event.service,
      errorCode: event.errorCode || undefined,
      dryRun: flag(event.requestParameters, "dryRun"),
    });
  }
  const { object, facets } = event;
  const argv = facets.exec?.argv ?? facets.nodesProxy?.argv;
  return compact({
    trail: event.trail,
    verb: event.verb,
    resource: resourceOf(object.resource, object.subresource, object.group),
    code: event.code,
    uri: cut(redact(event.uri), 1_024),
    argv: argv && argv.length > 0 ? redactWords(argv.slice(0, 64)).map((word) => cut(word, 1_024)) : undefined,
    dryRun: event.dryRun,
  });
}

const resourceOf = (resource: string, subresource: string, group: string): string =>
  `${group ? `${group}/` : ""}${resource}${subresource ? `/${subresource}` : ""}`;

function targetOf(event: TrailEvent): { whole: string; resource: string; namespace: string; name: string } {
  if (event.trail === "cloudtrail") {
    const { facets, scope } = event;
    const name =
      facets.ec2Call?.resources
        .map(({ id }) => id)
        .slice(0, 10)
        .join(" ") ||
      facets.instanceAccess?.instances.slice(0, 10).join(" ") ||
      facets.stsIssue?.roleArn ||
      facets.logChange?.target ||
      facets.iamWrite?.roleName ||
      (scope.cluster === "unknown" ? event.service : scope.cluster);
    return { whole: cut(redact(name), 512), resource: event.service, namespace: "", name: cut(redact(name), 512) };
  }
  const { object, path } = event;
  const resource = resourceOf(object.resource, object.subresource, object.group);
  const whole = object.resource === "" ? path : [resource, object.namespace, object.name].filter(Boolean).join(" ");
  const plural = `${object.resource}${object.group && `.${object.group}`}`;
  return { whole: cut(redact(whole), 512), resource: plural, namespace: object.namespace, name: cut(object.name, 256) };
}
