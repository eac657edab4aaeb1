import { awsFacets } from "../../schemas/events/cloudtrail/facets.ts";
import { k8sFacets } from "../../schemas/events/k8s-audit/facets.ts";
import type { Peek } from "../../schemas/events/k8s-audit/peek.ts";
import type { EventDetector } from "./contracts.ts";

/** Decides on the raw text of a record whether any detector can need it; what none can need is dropped unparsed, and counted as judged. */
export interface Screen {
  readonly audit: (peeked: Peek) => boolean;
  readonly cloudtrail: (text: string) => boolean;
}

/** Escapes that Go never writes for plain text: a producer that escapes more could spell a trigger in another way, so the record is parsed.
 * Go escapes `<`, `>`, `&` (\u003c, \u003e, \u0026); JSON allows `\/` for `/`. */
const OTHER_ESCAPES = "\\\\u(?!003[ceCE]|0026)|\\\\/";

/** White space between tokens: another producer wrote it, and the triggers are written against compact JSON. */
const SPACED = /^\s*\{\s|": /;
const SPACED_WITHIN = 200;

/** One alternation of the triggers of every facet that a detector is on: a single scan, as irregexp compiles it (performance.md §1.3). Audit events have one for
 * each verb, as most facets are of writes and most requests are not. */
export function createScreen(detectors: readonly EventDetector[]): Screen {
  const wanted = new Set<string>(detectors.map(({ on }) => on));
  const k8s = Object.entries(k8sFacets).filter(([name]) => wanted.has(name));
  const aws = Object.entries(awsFacets).filter(([name]) => wanted.has(name));
  const cloudtrail = anyOf(aws.map(([, { trigger }]) => trigger));
  const ofVerb = (verb: string): RegExp =>
    anyOf(k8s.filter(([, rule]) => rule.verbs?.includes(verb) ?? true).map(([, { trigger }]) => trigger));
  const verbs = [...new Set(k8s.flatMap(([, rule]) => rule.verbs ?? []))];
  const byVerb = new Map(verbs.map((verb) => [verb, ofVerb(verb)]));
  const anyVerb = ofVerb("");
  return {
    audit({ verb, head, tail }) {
      const expression = byVerb.get(verb) ?? anyVerb;
      return expression.test(head) || expression.test(tail);
    },
    cloudtrail: (text) => SPACED.test(text.slice(0, SPACED_WITHIN)) || cloudtrail.test(text),
  };
}

const anyOf = (triggers: readonly string[]): RegExp => new RegExp([...triggers, OTHER_ESCAPES].join("|"));
