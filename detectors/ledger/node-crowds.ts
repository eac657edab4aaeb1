import { declare, set } from "./declare.ts";
import { EPOCH_MS } from "./epochs.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** What nodes have in common, or what one of them does alone. None of it is written on an ordinary day, but that nodes are at work and in which namespaces. */
export const nodeCrowds = {
  /** Something that no kubelet does, in one cluster and epoch: which nodes did it. One node fills a fifth of the room at most in its life, and so keeps no
   * others out. */
  act: declare({
    key: ["account", "region", "cluster", "act", "epoch"],
    keepMs: 3 * EPOCH_MS,
    attributes: {
      of: set(["cluster", "act", "epoch"], "is {act} in cluster {cluster}", { one: true, cap: 4 }),
      did: set(["time", "node", "deed", "outcome"], "{node} did it ({outcome})", { cap: 800, bucketMs: 6 * HOUR_MS }),
      peer: set(["time", "node"], "{node} was at work", { cap: 1_200, bucketMs: DAY_MS }),
      launched: set(["node", "pool"], "{node} was launched for pool {pool}", { cap: 400 }),
    },
  }),
  /** The nodes at work in a cluster on one UTC day. */
  roster: declare({
    key: ["account", "region", "cluster", "day"],
    keepMs: 3 * DAY_MS,
    attributes: {
      atWork: set(["time", "node"], "{node} was at work", { cap: 800, bucketMs: DAY_MS }),
      act: set(["id", "outcome"], "one of them did {id} ({outcome})", { cap: 64, tries: "half", link: "act" }),
      refusals: set(["id"], "one of them was refused something in {id}", { cap: 4, link: "refusals" }),
    },
  }),
  /** In which namespaces a node had pods on one UTC day, by the scheduler's word, or the API server's, which lets a kubelet write of its own pods only. */
  stay: declare({
    key: ["account", "region", "cluster", "node", "day"],
    keepMs: 3 * DAY_MS,
    attributes: {
      ran: set(["node", "namespace"], "{node} had pods of {namespace}", { cap: 400 }),
      refusals: set(["id"], "it was refused something in {id}", { cap: 4, link: "refusals" }),
    },
  }),
  /** What a cluster's nodes were refused on one UTC day, and an hour before and after. */
  refusals: declare({
    key: ["account", "region", "cluster", "day"],
    keepMs: 3 * DAY_MS,
    attributes: {
      of: set(["cluster", "day"], "is of cluster {cluster} on {day}", { one: true, cap: 4 }),
      refused: set(["time", "node", "kind", "namespace", "name"], "{node} was refused {kind} {namespace}/{name}", {
        cap: 800,
        bucketMs: MINUTE_MS,
      }),
      ran: set(["node", "namespace"], "{node} had pods of {namespace}", { cap: 2_000 }),
      boundTo: set(["namespace", "name", "node"], "pod {namespace}/{name} is bound to {node}", { cap: 800 }),
      peer: set(["time", "node"], "{node} was at work", { cap: 800, bucketMs: DAY_MS }),
    },
  }),
  /** How the nodes of a cluster's pools are replaced, in one epoch and the one before. */
  rotation: declare({
    key: ["account", "region", "cluster", "epoch"],
    keepMs: 3 * EPOCH_MS,
    attributes: {
      of: set(["cluster", "epoch"], "is of cluster {cluster}", { one: true, cap: 4 }),
      written: set(["time", "pool", "by", "kind", "name", "verb"], "{by} wrote NodePool {pool}", {
        cap: 400,
        bucketMs: DAY_MS,
      }),
      ended: set(["time", "pool"], "a node of {pool} ended in time", { cap: 800, bucketMs: DAY_MS }),
      old: set(["time", "pool", "node", "launched"], "{node} of {pool} is at work since {launched}", {
        cap: 800,
        bucketMs: DAY_MS,
      }),
    },
  }),
  /** What keeps the pods of a namespace from being moved. */
  guard: declare({
    key: ["account", "region", "cluster", "namespace"],
    keepMs: 30 * DAY_MS,
    attributes: {
      made: set(["time", "by", "kind", "what", "namespace"], "{by} made {what}", { cap: 64, bucketMs: DAY_MS }),
      blocked: set(["id"], "{id} could not be evicted", { cap: 64, link: "podName" }),
    },
  }),
} as const;

const GUARDED = set(["time", "by", "kind", "what", "namespace"], "{by} made {what}", { cap: 64, bucketMs: DAY_MS });
/** By the hour, whichever and however many pods it is: as long as a node can live. */
const BLOCKED = set(["time", "cluster"], "could not be evicted, or a pod from it", { cap: 600, bucketMs: HOUR_MS });
const REFUSED = set(["time", "node", "namespace", "name", "at"], "{node} asked for it and was refused", {
  cap: 64,
  bucketMs: MINUTE_MS,
});

/** Ways of facts about nodes through the entities that know which pod and node a name stands for. */
export const inPodName = {
  refused: REFUSED,
  blocked: BLOCKED,
  guarded: GUARDED,
} as const;

export const inPod = {
  refused: REFUSED,
  blocked: BLOCKED,
  guarded: GUARDED,
} as const;

export const inNode = {
  act: set(["id", "outcome"], "did {id} ({outcome})", { cap: 64, tries: "half", link: "act" }),
  pooled: set(["time", "account", "region", "cluster", "pool"], "was launched for pool {pool}", { cap: 4 }),
  blocked: BLOCKED,
  guarded: GUARDED,
  podEntered: set(["time", "pod", "by", "how"], "{by} entered pod {pod} on it by {how}", {
    cap: 200,
    bucketMs: DAY_MS,
  }),
} as const;
