/** The mark that CloudWatch leaves on an event it cut (falcosecurity/plugins#297), and its look-alikes. */
const CUT = /(?:\.\.\.)?\[\.*truncated\.*\]$/i;
/** The mark is looked for here only, so that a long text costs no more than a short one. */
const LAST = 64;

/** Length of the text before the mark; undefined when the text bears none. */
export function beforeCutMark(text: string): number | undefined {
  const tail = text.slice(-LAST).trimEnd();
  const mark = CUT.exec(tail);
  return mark === null ? undefined : Math.max(0, text.length - LAST) + mark.index;
}
