import { carry, type Relay } from "./carry.ts";
import type { ValueOf } from "./entities.ts";
import { EPOCH_MS, epochOf } from "./epochs.ts";
import { idOf } from "./facts.ts";

const DAY_MS = 24 * 60 * 60_000;

/** Nodes of the built-in pools end at fourteen days, and new images come every week (eks-auto-mode.md §6); a day is left to drain. */
export const OLD_MS = 15 * DAY_MS;

/** The rotation of a node's cluster, in the epoch of `time` (ms). */
const rotationOf = ({ account, region, cluster }: ValueOf<"node", "pooled">, time: number): string =>
  idOf("rotation", [account, region, cluster, epochOf(time)]);

const agedBy = (time: string, pooled: ValueOf<"node", "pooled">): number => Date.parse(time) - Date.parse(pooled.time);

/** A node of a pool that ended before it was old, told to the epoch of its end or to the next. */
const ended = (aheadMs: number): Relay =>
  carry(
    "node",
    { fact: "terminated", over: "pooled", to: "rotation" },
    "ended",
    ({ time }, _, { pool }) => ({ time, pool }),
    ({ time }, pooled) => {
      const age = agedBy(time, pooled);
      return age >= 0 && age < OLD_MS ? rotationOf(pooled, Date.parse(time) + aheadMs) : undefined;
    },
  );

/** What nodes tell of each other, and pods of their nodes. */
export const nodeRelays: readonly Relay[] = [
  carry("roster", { fact: "atWork", over: "act", to: "act" }, "peer", ({ time, node }) => ({ time, node })),
  carry("roster", { fact: "atWork", over: "refusals", to: "refusals" }, "peer", ({ time, node }) => ({ time, node })),
  carry("node", { fact: "launched", over: "act", to: "act" }, "launched", ({ pool }, node) => ({ node, pool })),
  carry("stay", { fact: "ran", over: "refusals", to: "refusals" }, "ran", ({ node, namespace }) => ({
    node,
    namespace,
  })),
  carry("podName", { fact: "refused", over: "pod", to: "pod" }, "refused", (refused) => refused),
  carry(
    "pod",
    { fact: "node", over: "refused", to: "refusals" },
    "boundTo",
    ({ id }, _, { namespace, name }) => ({ namespace, name, node: id }),
    (_, { at }) => at,
  ),
  ended(0),
  ended(EPOCH_MS),
  carry(
    "node",
    { fact: "seen", over: "pooled", to: "rotation" },
    "old",
    ({ time }, node, pooled) => ({ time, pool: pooled.pool, node, launched: pooled.time }),
    ({ time }, pooled) => (agedBy(time, pooled) >= OLD_MS ? rotationOf(pooled, Date.parse(time)) : undefined),
  ),
  carry("podName", { fact: "blocked", over: "pod", to: "pod" }, "blocked", (blocked) => blocked),
  carry("pod", { fact: "blocked", over: "node", to: "node" }, "blocked", (blocked) => blocked),
  carry("guard", { fact: "made", over: "blocked", to: "podName" }, "guarded", (made) => ({ ...made })),
  carry("podName", { fact: "guarded", over: "pod", to: "pod" }, "guarded", (made) => ({ ...made })),
  carry("pod", { fact: "guarded", over: "node", to: "node" }, "guarded", (made) => ({ ...made })),
  // A database's operator enters its pods all day: people tell something.
  carry(
    "pod",
    { fact: "entered", over: "node", to: "node" },
    "podEntered",
    ({ time, by, how }, pod) => ({ time, pod, by, how }),
    ({ by }, { id }) => (by.startsWith("service account ") ? undefined : id),
  ),
];
