import { UNKNOWN } from "../../schemas/events/event.ts";
import type { Finding } from "../../schemas/findings/finding.ts";
import { compact } from "../../schemas/json.ts";
import { cut, redact } from "../../schemas/redact.ts";
import { attackOf, clean, type Draft, notes } from "../core/compose.ts";
import type { DetectorMeta } from "../core/contracts.ts";
import { hashOf } from "../core/hash.ts";
import { queriesOf } from "../core/triage.ts";
import type { LedgerHit } from "./contracts.ts";
import type { Kind } from "./entities.ts";
import type { Ref } from "./facts.ts";

/** Entities whose life is bounded, so that a finding about one needs no day (design §5). */
const BOUNDED: ReadonlySet<Kind> = new Set(["pod", "token", "key", "node", "exchange", "resource"]);

/** The finding of a hit on an entity. Ids, count and severity rest on values alone, never on which event told them first. */
export function composeLedger(meta: DetectorMeta, judged: Ref, hit: LedgerHit, severity: Finding["severity"]): Draft {
  const ref = hit.of ?? judged;
  const scope = { account: UNKNOWN, region: UNKNOWN, cluster: UNKNOWN, ...hit.scope };
  const at = new Date(Date.parse(hit.at) || 0).toISOString();
  const bounded = hit.bounded ?? (hit.by === undefined && BOUNDED.has(ref.kind) && !ref.id.startsWith("AKIA"));
  const day = bounded ? "" : at.slice(0, 10);
  const subject = hit.by ?? `${ref.kind}/${ref.id}`;
  const evidence = hit.evidence.slice(0, 20).map(({ field, value, event }) => ({
    ...{ field, event },
    value: cut(redact(value), 1_024),
  }));
  const shown = {
    actor: clean(hit.actor),
    ...(hit.sourceIP !== undefined && { sourceIP: hit.sourceIP }),
    target: cut(redact(hit.target), 512),
    ...scope,
    events: [...new Set(hit.evidence.map(({ event }) => event))].sort().slice(0, 200),
    action: actionOf(hit, ref),
  };
  const shownBy = hashOf(...hit.evidence.map(({ field, value }) => `${field}=${value}`).sort());
  const occurrence = hit.counts === undefined ? shownBy : hashOf(hit.counts);
  const finding: Finding = compact({
    id: `ct-${hashOf(meta.id, scope.account, scope.region, scope.cluster, subject, hit.on, day)}`,
    detector: meta.id,
    version: meta.version,
    family: meta.id.split("/")[0] ?? "",
    status: meta.status,
    severity,
    confidence: hit.confidence ?? meta.confidence,
    outcome: hit.outcome ?? "success",
    title: cut(redact(hit.sentence), 256),
    description: `${cut(redact(hit.sentence), 2_048)}. ${meta.description}`,
    subject: cut(redact(`${subject} ${hit.on}`), 512),
    ...shown,
    forwardedFor: [],
    userAgent: "",
    reasons: notes(hit.reasons ?? []),
    related: notes(hit.related ?? []),
    notExempted: notes(hit.notExempted ?? []),
    firstSeen: at,
    lastSeen: at,
    count: 1,
    attack: attackOf(meta),
    evidence,
    eventsTotal: "1",
    firstStep: meta.triage[0]?.do ?? "",
    queries: queriesOf(meta.triage, {
      ...shown,
      targetParts: { resource: ref.kind, namespace: "", name: shown.target },
    }),
    entity: { kind: ref.kind, id: cut(redact(ref.id), 512) },
    raw: [],
    synthetic: false,
    truncated: false,
  });
  return {
    finding,
    events: new Map([[occurrence, hit.counts ?? shown.events[0] ?? ""]]),
    overflow: false,
    // Several facts may show one event, which tells the most itself.
    lead: `${at}\n${occurrence}\n0${shownBy}`,
  };
}

/** Of one call as an event's own finding tells it, which a suppression may name. */
function actionOf({ action, counts }: LedgerHit, { kind }: Ref): Finding["action"] {
  const service = action.split(":")[0] ?? "";
  return counts === undefined
    ? { trail: "ledger", verb: action, resource: kind, dryRun: false }
    : { trail: "cloudtrail", verb: action, resource: service, dryRun: false };
}
