import { awsFacets } from "../../schemas/events/cloudtrail/facets.ts";
import { k8sFacets } from "../../schemas/events/k8s-audit/facets.ts";
import type { Peek } from "../../schemas/events/k8s-audit/peek.ts";
import type { K8sFacetRule } from "../../schemas/events/k8s-audit/request.ts";
import type { EventDetector } from "./contracts.ts";

/** Decides on the raw text of a record whether any detector can need it; what none can need is dropped unparsed, and counted as judged. */
export interface Screen {
  readonly audit: (text: Peek) => boolean;
  readonly cloudtrail: (text: string) => boolean;
}

/** Escapes and white space that CloudTrail does not write: another producer could spell a trigger in another way, so the record is parsed. */
const OTHER_ESCAPES = "\\\\u(?!003[ceCE]|0026)|\\\\/";
const SPACED = /^\s*\{\s|": /;
const SPACED_WITHIN = 200;

/** Asks the facets that some detector is on: of an audit event by its members, which is several times cheaper than one search for everything
 * through all of its text; of a CloudTrail record by one alternation, a single scan (performance.md §1.3). */
export function createScreen(detectors: readonly EventDetector[]): Screen {
  const wanted = new Set<string>(detectors.map(({ on }) => on));
  const k8s: readonly K8sFacetRule<unknown>[] = Object.entries(k8sFacets).flatMap(([name, rule]) =>
    wanted.has(name) ? [rule] : [],
  );
  const objects = askedOnce(k8s.filter(({ byObject }) => byObject));
  const others = k8s.filter(({ byObject }) => !byObject).map(({ trigger }) => trigger);
  const aws = Object.entries(awsFacets).flatMap(([name, { trigger }]) => (wanted.has(name) ? [trigger] : []));
  const cloudtrail = new RegExp([...aws, OTHER_ESCAPES].join("|"));
  return {
    // The answer of the same request follows, and knows more.
    audit: (text) => text.stage !== "RequestReceived" && (objects(text) || others.some((trigger) => trigger(text))),
    cloudtrail: (text) => SPACED.test(text.slice(0, SPACED_WITHIN)) || cloudtrail.test(text),
  };
}

/** Kinds of requests remembered: clients choose what they ask for. */
const MAX_KINDS = 10_000;
const MAX_KIND = 256;

/** One answer for every kind of request. */
function askedOnce(rules: readonly K8sFacetRule<unknown>[]): (text: Peek) => boolean {
  const answers = new Map<string, boolean>();
  return (text) => {
    const kind = `${text.verb} ${text.group}/${text.resource}/${text.subresource}`;
    const known = answers.get(kind);
    if (known !== undefined) return known;
    const answer = rules.some(({ trigger }) => trigger(text));
    if (answers.size < MAX_KINDS && kind.length <= MAX_KIND) answers.set(kind, answer);
    return answer;
  };
}
