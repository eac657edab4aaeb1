import type { ValueOf } from "../ledger/entities.ts";
import { epochOf } from "../ledger/epochs.ts";
import type { Entity, Told } from "../ledger/view.ts";

/** How many do something before it is what nodes do. */
export interface Crowd {
  /** Other nodes that do it as well. */
  readonly others: number;
  /** Other nodes at work, without which nothing is compared. */
  readonly peers: number;
}

export type Did = Told<ValueOf<"act", "did">>;

/** What a node did that others do not do: fewer than `others` of them, and fewer than half of those at work. Only others excuse, never the node itself;
 * that they are at work, their own requests tell. Judged in the epoch that it happened in. `due`: values to judge. */
export function alone(act: Entity<"act">, due: (did: Did) => boolean, { others, peers }: Crowd): readonly Did[] {
  const all = act.all("did");
  const [of] = act.all("of");
  // One node cannot fill the set: whoever filled it is a crowd.
  if (of === undefined || act.overflowed("did")) return [];
  const who = new Set(all.map(({ node }) => node));
  const atWork = Map.groupBy(act.all("peer"), ({ time }) => time.slice(0, 10));
  return all.filter((did) => {
    if (!due(did) || epochOf(Date.parse(did.time)) !== of.epoch) return false;
    const doing = who.size - 1;
    const there = new Set((atWork.get(did.time.slice(0, 10)) ?? []).map(({ node }) => node));
    there.delete(did.node);
    return there.size >= peers && doing < others && doing * 2 < there.size;
  });
}
