import { awsFacets } from "../../schemas/events/cloudtrail/facets.ts";
import { k8sFacets } from "../../schemas/events/k8s-audit/facets.ts";
import type { EventDetector } from "./contracts.ts";

/** Decides on the raw text of a record whether any detector can need it; what none can need is dropped unparsed, and counted as judged. */
export interface Screen {
  readonly audit: (text: string) => boolean;
  readonly cloudtrail: (text: string) => boolean;
}

/** Escapes that Go never writes for plain text: a producer that escapes more could spell a trigger in another way, so the record is parsed.
 * Go escapes `<`, `>`, `&` (\u003c, \u003e, \u0026); JSON allows `\/` for `/`. */
const OTHER_ESCAPES = "\\\\u(?!003[ceCE]|0026)|\\\\/";

/** White space between tokens: another producer wrote it, and the triggers are written against compact JSON. */
const SPACED = /^\s*\{\s|": /;

/** One alternation of the triggers of every facet that a detector is on: a single scan, as irregexp compiles it (performance.md §1.3). */
export function createScreen(detectors: readonly EventDetector[]): Screen {
  const wanted = new Set<string>(detectors.map(({ on }) => on));
  const scan = (facets: Readonly<Record<string, { readonly trigger: string }>>): ((text: string) => boolean) => {
    const triggers = Object.entries(facets).flatMap(([name, { trigger }]) => (wanted.has(name) ? [trigger] : []));
    const expression = new RegExp([...triggers, OTHER_ESCAPES].join("|"));
    return (text) => SPACED.test(text.slice(0, 200)) || expression.test(text);
  };
  return { audit: scan(k8sFacets), cloudtrail: scan(awsFacets) };
}
