import type { LedgerHit } from "../ledger/contracts.ts";
import type { Entity } from "../ledger/view.ts";

const DAY_MS = 24 * 3_600_000;
/** As many other nodes have to be at work for what one does alone to tell anything. */
const OTHERS = 3;

/** What one node does and no other within a day: both trails' rule of novelty (B-21: on many nodes at once it is benign). */
export const LONE = {
  watch: "componentActs",
  settleMs: DAY_MS,
  coldness: { warm: { trail: "k8s-audit", ms: DAY_MS } },
} as const;

interface Act {
  readonly time: string;
  readonly node: string;
  readonly key: string;
  readonly ip: string;
  readonly source: string;
}

/** Asks of an act how many other nodes were at work that did not do the same; undefined where one did, or too few were. The entity holds the next day's acts, too: they are
 * judged there. */
export function lonely<A extends Act>(
  acts: readonly A[],
  entity: Entity<"componentActs">,
  what: (act: A) => string,
): (act: A) => number | undefined {
  const day = entity.id.slice(-"2026-11-22".length);
  const nodes = new Set(entity.all("node").map(({ node }) => node));
  const doers = Map.groupBy(acts, what);
  return (act) => {
    const others = [...nodes].filter((node) => node !== act.node).length;
    const alone = (doers.get(what(act)) ?? []).every(({ node }) => node === act.node);
    return alone && others >= OTHERS && act.time.startsWith(day) ? others : undefined;
  };
}

/** What a finding tells of a node that did it: one a node, whose keys change every few hours. */
export function onNode({ time, node, key, ip }: Act, id: string) {
  const [account = "", region = "", ...rest] = id.split("/");
  return {
    ...{ at: time, by: `instance/${node}`, bounded: true, target: node },
    scope: { account, region, cluster: rest.slice(0, -1).join("/") },
    actor: {
      ...{ kind: "node", name: `system:node:${node}`, groups: [], instanceId: node },
      ...(key !== "" && { accessKeyId: key }),
    },
    ...(ip !== "" && { sourceIP: ip }),
    ...{ severity: "medium", confidence: "medium" },
  } as const satisfies Partial<LedgerHit>;
}
