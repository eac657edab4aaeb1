import type { Severity } from "../../../schemas/findings/finding.ts";
import type { ValueOf } from "../../ledger/entities.ts";
import { OLD_MS } from "../../ledger/node-relays.ts";
import type { Told } from "../../ledger/view.ts";

const DAY_MS = 24 * 60 * 60_000;

type Old = Told<ValueOf<"rotation", "old">>;
type Written = Told<ValueOf<"rotation", "written">>;
type Ended = Told<ValueOf<"rotation", "ended">>;

interface Verdict {
  /** The last change before the node grew old. */
  readonly change: Written;
  readonly severity: Severity;
  readonly reason: string;
}

/** What an old node says of its pool: nothing when nobody but a repository changed the pool, when other pools' nodes are old as well (a freeze of all), or
 * when there is nothing to compare with. Days are known, not hours. */
export function verdictOn(
  old: Old,
  told: { readonly written: readonly Written[]; readonly ended: readonly Ended[]; readonly old: readonly Old[] },
  gitOps: ReadonlySet<string>,
): Verdict | undefined {
  const at = Date.parse(old.time);
  const turned = Date.parse(old.launched) + OLD_MS;
  const change = told.written
    .filter(({ pool, name, time }) => pool === old.pool && !gitOps.has(name) && Date.parse(time) <= turned)
    .at(-1);
  if (change === undefined) return undefined;
  const frozen = told.old.some(({ pool, time }) => pool !== old.pool && Math.abs(Date.parse(time) - at) <= DAY_MS);
  if (frozen) return undefined;
  const since = Date.parse(change.time);
  const lately = (time: string): boolean => Date.parse(time) <= at && Date.parse(time) > at - OLD_MS;
  const own = told.ended.filter(({ pool }) => pool === old.pool).map(({ time }) => time);
  const before = own.some((time) => Date.parse(time) <= since);
  const others = told.ended.some(({ pool, time }) => pool !== old.pool && lately(time));
  if (!before && !others) return undefined;
  // One workload that may not be moved keeps its own node.
  if (own.some((time) => Date.parse(time) > since + DAY_MS && lately(time)))
    return { change, severity: "low", reason: "other nodes of the pool were replaced since then" };
  // A pool may be made for long jobs; one that is changed behaved otherwise.
  if (!before && change.verb === "create")
    return { change, severity: "low", reason: "the pool was made then: it may be meant to be so" };
  return before
    ? { change, severity: "high", reason: "nodes of the pool were replaced in time before the change" }
    : { change, severity: "medium", reason: "how nodes of the pool were replaced before the change is not known" };
}
