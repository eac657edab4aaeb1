import { type Finding, severityRank } from "../../schemas/findings/finding.ts";
import type { Draft } from "./compose.ts";

const MAX_EVENTS = 200;
const MAX_NOTES = 30;
const STATUSES: readonly Finding["status"][] = ["shadow", "deprecated", "stable"];

/** Two drafts of one finding as one. Commutative, associative and idempotent, so that order, batching, redelivery and the worker that merges do
 * not show. */
export function mergeDrafts(a: Draft, b: Draft): Draft {
  const [first, second] = leads(a, b) ? [a, b] : [b, a];
  const all = new Map(a.events);
  for (const [identity, id] of b.events) all.set(identity, min(all.get(identity) ?? id, id));
  // The smallest ids stay, whichever came first.
  const kept = new Map([...all].sort(([x], [y]) => (x < y ? -1 : 1)).slice(0, MAX_EVENTS));
  const overflow = a.overflow || b.overflow || all.size > MAX_EVENTS;
  const finding: Finding = {
    ...first.finding,
    status: later(a.finding.status, b.finding.status),
    firstSeen: min(a.finding.firstSeen, b.finding.firstSeen),
    lastSeen:
      min(a.finding.lastSeen, b.finding.lastSeen) === a.finding.lastSeen ? b.finding.lastSeen : a.finding.lastSeen,
    count: kept.size,
    // What a finding about an entity counts rests on more than one event each.
    events: overflow ? [...new Set(kept.values())].sort() : union(a.finding.events, b.finding.events, MAX_EVENTS),
    eventsTotal: overflow ? `${MAX_EVENTS}+` : String(kept.size),
    reasons: union(first.finding.reasons, second.finding.reasons),
    related: union(first.finding.related, second.finding.related),
    notExempted: union(first.finding.notExempted, second.finding.notExempted),
    synthetic: a.finding.synthetic && b.finding.synthetic,
    truncated: a.finding.truncated || b.finding.truncated,
  };
  return { finding, events: kept, overflow, lead: first.lead };
}

/** The higher severity leads, then the earlier event. Of two tellings of one event the text decides, as arrival must not. */
function leads(a: Draft, b: Draft): boolean {
  const higher = severityRank(a.finding.severity) - severityRank(b.finding.severity);
  if (higher !== 0) return higher > 0;
  return a.lead === b.lead ? told(a) <= told(b) : a.lead < b.lead;
}

/** What the leading draft alone says: nothing of what is merged, which changes on the way. */
function told({ finding }: Draft): string {
  const { firstSeen, lastSeen, count, events, eventsTotal, ...rest } = finding;
  const { status, reasons, related, notExempted, synthetic, truncated, ...own } = rest;
  return JSON.stringify(own);
}

/** On trial, until any of them is not. */
const later = (a: Finding["status"], b: Finding["status"]): Finding["status"] =>
  STATUSES.indexOf(a) >= STATUSES.indexOf(b) ? a : b;

const min = (a: string, b: string): string => (a <= b ? a : b);

/** Sorted, so that no order of merging shows; the smallest stay when there are too many. */
function union(a: readonly string[], b: readonly string[], most = MAX_NOTES): string[] {
  return [...new Set([...a, ...b])].sort().slice(0, most);
}
