import Type from "typebox";
import type { ValueOf } from "../ledger/entities.ts";
import { epochOf } from "../ledger/epochs.ts";
import type { Entity, Told } from "../ledger/view.ts";

/** When an act of a node counts as its own alone. */
export const Crowd = Type.Object({
  others: Type.Integer({ minimum: 1, default: 3, description: "Other nodes that make it ordinary." }),
  peers: Type.Integer({
    minimum: 1,
    default: 3,
    description: "Other nodes at work, without which nothing is compared.",
  }),
});

/** How many do something before it is what nodes do. */
export interface Crowd {
  /** Other nodes that do it as well. */
  readonly others: number;
  /** Other nodes at work, without which nothing is compared. */
  readonly peers: number;
}

export type Did = Told<ValueOf<"act", "did">>;

/** Whether a node did what others do not do: fewer than `others` of them, and fewer than half of those at work. Only others excuse, never the node itself;
 * that they are at work, their own requests tell. Judged in the epoch that it happened in. */
export function aloneIn(act: Entity<"act">, { others, peers }: Crowd): (did: Did) => boolean {
  const [of] = act.all("of");
  const who = new Set(act.all("did").map(({ node }) => node));
  const atWork = Map.groupBy(act.all("peer"), ({ time }) => time.slice(0, 10));
  return ({ time, node }) => {
    if (epochOf(Date.parse(time)) !== of?.epoch) return false;
    const doing = who.size - (who.has(node) ? 1 : 0);
    const there = new Set((atWork.get(time.slice(0, 10)) ?? []).map((peer) => peer.node));
    there.delete(node);
    return there.size >= peers && doing < others && doing * 2 < there.size;
  };
}
