import { CrosstrailError } from "../../schemas/errors.ts";
import { balanced, type Totals } from "../pipeline/tally.ts";

/** What the program asserts of itself at the end of each run: an event that was lost on the way is an error, not silence. */
export function assertBalanced(totals: Totals): void {
  if (balanced(totals)) return;
  const { read, judged, setAside } = totals;
  const what = `internal error: ${read} events read, but ${judged} judged and ${setAside} set aside`;
  throw new CrosstrailError("E_DETECTOR", `${what}; findings may be missing`, { cause: undefined });
}
