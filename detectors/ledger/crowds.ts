import { declare, set } from "./declare.ts";

const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;

/** What many have in common on one day: one of them alone tells nothing, or everything. */
export const crowds = {
  /** An address on one UTC day, as requests to a cluster's API came from it: who spoke from there, and what address each of them has or uses
   * elsewhere. */
  origin: declare({
    key: ["account", "region", "cluster", "ip", "day"],
    keepMs: 3 * DAY_MS,
    attributes: {
      heard: set(["time", "node", "cluster", "ip"], "{node} spoke from {ip}", { cap: 400, bucketMs: HOUR_MS }),
      nodeIp: set(["node", "ip"], "{node} has the address {ip}", { cap: 200 }),
      nodeSpoke: set(["time", "node", "ip"], "{node} spoke from {ip}", { cap: 400, bucketMs: DAY_MS }),
      used: set(
        ["time", "token", "namespace", "serviceAccount", "cluster", "ip"],
        "{token} of {namespace}/{serviceAccount} was used from {ip}",
        { cap: 800, bucketMs: HOUR_MS },
      ),
      tokenHome: set(["token", "ip", "whose"], "{token} has a right to {ip}, which is its {whose}'s", { cap: 400 }),
      tokenMinted: set(["token"], "{token} was seen to be minted", { cap: 400 }),
      tokenNode: set(["token", "node"], "the pod of {token} runs on {node}", { cap: 400 }),
      tokenUsed: set(["token", "ip"], "{token} was used from {ip}", { cap: 400 }),
    },
  }),
  /** The nodes that joined a cluster on one UTC day. */
  fleet: declare({
    key: ["account", "region", "cluster", "day"],
    keepMs: 3 * DAY_MS,
    attributes: {
      joined: set(["time", "node", "by", "cluster"], "{node} joined", { cap: 800 }),
      launched: set(["time", "node"], "{node} was launched by EKS", { cap: 800 }),
    },
  }),
  /** How the traffic of a cluster left it on one UTC day and the day before: enough to tell that its addresses are known at all. */
  egress: declare({
    key: ["account", "region", "cluster", "day"],
    keepMs: 3 * DAY_MS,
    attributes: {
      asked: set(["node", "ip"], "{node} asked EKS Auth from {ip}", { cap: 64, enough: true }),
      place: set(["id"], "a pod's key was used from {id}", { cap: 256, enough: true, link: "place" }),
    },
  }),
} as const;
