import { DEED } from "../core/deed.ts";
import { declare, set } from "./declare.ts";
import { USE_MS } from "./use-time.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** What lives for long, by the hour or by the UTC day: no item grows with its age, and what is too much in one hour hides that hour and no other. Each
 * leads to the entity that it is a part of, and has from there what its verdicts need. */
export const spans = {
  /** An access key in some hours. */
  use: declare({
    key: ["accessKeyId", "hour"],
    keepMs: 2 * DAY_MS,
    attributes: {
      of: set(["id"], "is a part of the life of key {id}", { one: true, cap: 4, link: "key" }),
      issued: set(["time", "to", "whom", "by", "role"], "was issued by {by} to the {to} {whom}", { cap: 8 }),
      cluster: set(["account", "region", "cluster"], "is of cluster {cluster}", { one: true, cap: 4 }),
      pod: set(["id"], "belongs to pod {id}", { one: true, cap: 4, link: "pod" }),
      podGone: set(["time"], "its pod was gone", { cap: 8 }),
      asNode: set(["cluster", "node", "role"], "was used in cluster {cluster} as node {node}", { cap: 8 }),
      // Once in them, by its first time: pods call the same all day.
      used: set(["time", "trail", "api", "ip", "endpoint", "outcome"], "called {api} from {ip} ({outcome})", {
        cap: 400,
        tries: "half",
        bucketMs: USE_MS,
      }),
      habit: set(["id"], "called what {id} tells of", { cap: 200, link: "habit" }),
      formerly: set(["id"], "called what {id} told of the week before", { cap: 200, link: "habit" }),
      out: set(["time", "api", "ip"], "called {api} over the internet, from {ip}", { cap: 200, bucketMs: USE_MS }),
      // And of the quarter of an hour after it.
      person: set(["time", "trail", "ip", "who"], "{who} used it from {ip} ({trail})", {
        cap: 200,
        bucketMs: 5 * MINUTE_MS,
      }),
    },
  }),
  /** A node on one UTC day. */
  nodeDay: declare({
    key: ["instance", "day"],
    keepMs: 4 * DAY_MS,
    attributes: {
      of: set(["id"], "is a day of node {id}", { one: true, cap: 4, link: "node" }),
      cluster: set(["cluster"], "is a node of cluster {cluster}", { one: true, cap: 4 }),
      launched: set(["time", "by", "cluster", "pool", "class"], "was launched by {by} for pool {pool}", { cap: 4 }),
      terminated: set(["time", "by"], "was terminated by {by}", { cap: 4 }),
      ip: set(["ip"], "has the address {ip}", { cap: 32 }),
      seen: set(["time", "trail"], "was seen in the {trail}", { cap: 100, bucketMs: HOUR_MS }),
      spoke: set(["time", "ip"], "spoke to the cluster from {ip}", { cap: 64, bucketMs: DAY_MS }),
      origin: set(["id"], "came from {id}", { cap: 64, link: "origin" }),
    },
  }),
  /** What an instance's role did in one hour, and which pods with parts of the node were placed on it then or in the hour before. */
  nodeHour: declare({
    key: ["instance", "hour"],
    keepMs: 4 * DAY_MS,
    attributes: {
      of: set(["id"], "is an hour of node {id}", { one: true, cap: 4, link: "node" }),
      hostPod: set(
        ["time", "pod", "by", "kind", "what", "cluster", "namespace", "name"],
        "{by} placed pod {namespace}/{name} with {what} of the node on it",
        { cap: 64 },
      ),
      deed: set(["time", "api", "outcome", "role", "delivery", "key", "ip"], "its role called {api} ({outcome})", {
        cap: 400,
        tries: "half",
        bucketMs: MINUTE_MS,
      }),
    },
  }),
  /** A pod on one UTC day, with the keys that it was given then or on the day before. */
  podDay: declare({
    key: ["account", "region", "cluster", "uid", "day"],
    keepMs: 4 * DAY_MS,
    attributes: {
      of: set(["id"], "is a day of pod {id}", { one: true, cap: 4, link: "pod" }),
      key: set(["id"], "was given the AWS key {id}", { cap: 200, link: "key" }),
      entered: set(["time", "by", "how"], "{by} entered it by {how}", { cap: 200, bucketMs: 10 * MINUTE_MS }),
      secrets: set(["time", "what"], "its service account read {what}", { cap: 600, bucketMs: 10 * MINUTE_MS }),
    },
  }),
  /** The name of a pod on one UTC day. */
  nameDay: declare({
    key: ["account", "region", "cluster", "namespace", "name", "day"],
    keepMs: 4 * DAY_MS,
    attributes: {
      pod: set(["id"], "stood for {id}", { cap: 64, link: "podDay" }),
      entered: set(["time", "by", "how"], "{by} entered it by {how}", { cap: 200, bucketMs: 10 * MINUTE_MS }),
    },
  }),
  /** A resource that EC2 made, Auto Mode's or not, on one UTC day. */
  resourceDay: declare({
    key: ["id", "day"],
    keepMs: 4 * DAY_MS,
    attributes: {
      of: set(["id"], "is a day of {id}", { one: true, cap: 4, link: "resource" }),
      managed: set(["how", "cluster"], "belongs to Auto Mode of {cluster}: {how}", { cap: 8 }),
      copyOf: set(["id", "cluster"], "is a copy of {id} of {cluster}", { cap: 8 }),
      touched: set([...DEED, "what", "instances"], "{by} called {api} on it ({outcome})", { cap: 100, tries: "half" }),
      read: set([...DEED, "instances"], "{by} read it by {api} ({outcome})", { cap: 100, tries: "half" }),
      accessed: set([...DEED, "document", "command", "instances"], "{by} called {api} on it ({outcome})", {
        cap: 100,
        tries: "half",
      }),
    },
  }),
  roleDay: declare({
    key: ["arn", "day"],
    keepMs: 4 * DAY_MS,
    attributes: {
      of: set(["id"], "is a day of role {id}", { one: true, cap: 4, link: "role" }),
      podRole: set(["time", "cluster", "account", "through"], "pods of {account} in {cluster} get it", {
        cap: 64,
        enough: true,
        bucketMs: DAY_MS,
      }),
      assumed: set(["time", "by", "kind", "session", "caller"], "{by} assumed it as {session}", {
        cap: 400,
        bucketMs: HOUR_MS,
      }),
    },
  }),
  /** Tokens that somebody had minted in one hour and in the half hour after it. */
  mintHour: declare({
    key: ["name", "hour"],
    keepMs: 3 * DAY_MS,
    attributes: {
      minted: set(["time", "account", "audiences", "bound", "cluster"], "minted a token of {account}", {
        cap: 400,
        bucketMs: MINUTE_MS,
      }),
    },
  }),
} as const;
