import { declare, set } from "./declare.ts";
import { USE_MS } from "./use-time.ts";

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
  /** An address on one UTC day, as calls to AWS came from it, of whatever cluster: sessions of service accounts' tokens (IRSA) name an issuer, and no cluster. Of
   * roles the day before is known, too. */
  outlet: declare({
    key: ["ip", "day"],
    keepMs: 3 * DAY_MS,
    attributes: {
      // A pod's (`kind` pod), or one that a web identity has.
      role: set(["role", "kind"], "role {role} is at work from here", { cap: 64, enough: true }),
      // Of a role, whatever its key and whatever it calls: that it is here tells all. Where its session is opened, the account is known.
      used: set(["time", "issuer", "region", "role", "account", "ip"], "a session of {role} came from {ip}", {
        cap: 400,
        enough: true,
        bucketMs: USE_MS,
      }),
      issuer: set(["id"], "belongs to {id}", { cap: 16, enough: true, link: "issuerDay" }),
    },
  }),
  /** Whoever signs the tokens of one cluster, on one UTC day: from where its service accounts work, then and on the day before. */
  issuerDay: declare({
    key: ["issuer", "day"],
    keepMs: 3 * DAY_MS,
    attributes: {
      way: set(["id", "role"], "role {role} is at work from {id}", { cap: 64, enough: true, link: "outlet" }),
    },
  }),
} as const;
