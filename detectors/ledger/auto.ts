import { DEED } from "../core/deed.ts";
import { declare, set } from "./declare.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Agents call the same all day: few facts a node and API, or they would leave no room for a thief's. */
const SHIFT_MS = 4 * HOUR_MS;
/** The hard end of an Auto Mode node's life, and two days (eks-auto-mode.md §6). */
const NODE_KEEP_MS = 23 * DAY_MS;

/** What is Auto Mode's, and what is done with it, by the UTC day: what it is to a cluster is told again every day by those who work with it, and stands for the
 * days before and after. */
export const auto = {
  /** What EC2 made for the operator of Auto Mode: instances, volumes, network interfaces, launch templates. What is done to it stands in its days. */
  resource: declare({
    key: ["id"],
    keepMs: NODE_KEEP_MS,
    attributes: {
      managed: set(["how", "cluster"], "belongs to Auto Mode of {cluster}: {how}", { cap: 8 }),
      day: set(["id"], "was called on: {id}", { cap: 400, link: "resourceDay" }),
      copied: set(["id"], "was copied to {id}", { cap: 32, link: "resource" }),
      copyOf: set(["id", "cluster"], "is a copy of {id} of {cluster}", { cap: 8 }),
    },
  }),
  /** A role as somebody assumed or used it past AWS's services. Pods do so with theirs all day; of a cluster's, the first call is one too many. */
  roleUse: declare({
    key: ["account", "name", "day"],
    keepMs: 4 * DAY_MS,
    attributes: {
      purpose: set(["cluster", "how"], "is the cluster role of {cluster}: {how}", { cap: 16 }),
      used: set(DEED, "{by} called {api} with it from {ip} ({outcome})", { cap: 60, enough: true, tries: "half" }),
      taken: set([...DEED, "name", "target", "issued"], "{by} called {api} on it as {name} ({outcome})", {
        cap: 60,
        enough: true,
        tries: "half",
      }),
      changed: set([...DEED, "what", "worth"], "{by} called {api} on it: {what} ({outcome})", {
        cap: 60,
        tries: "half",
      }),
    },
  }),
  /** A role of instances, the nodes that work under it, and what else they call. Those that are no nodes call what they like, by the hundred. */
  roleFleet: declare({
    key: ["account", "name", "day"],
    keepMs: 4 * DAY_MS,
    attributes: {
      purpose: set(["cluster", "how"], "is the node role of {cluster}: {how}", { cap: 16 }),
      taken: set([...DEED, "name", "target", "issued"], "{by} called {api} on it as {name} ({outcome})", {
        cap: 60,
        enough: true,
        tries: "half",
      }),
      changed: set([...DEED, "what", "worth"], "{by} called {api} on it: {what} ({outcome})", {
        cap: 60,
        tries: "half",
      }),
      running: set(["node"], "{node} works under it", { cap: 800 }),
      called: set(
        ["time", "node", "api", "outcome", "key", "ip", "delivery", "account", "region", "by"],
        "{node} called {api} ({outcome})",
        { cap: 800, enough: true, bucketMs: SHIFT_MS, tries: "half" },
      ),
    },
  }),
  /** The nodes of a cluster and their roles, and who exchanged pods' tokens for it. */
  workforce: declare({
    key: ["account", "region", "cluster", "day"],
    keepMs: 4 * DAY_MS,
    attributes: {
      role: set(["role", "instances"], "{role} is a role of its nodes", { cap: 64 }),
      node: set(["node"], "{node} is one of its nodes", { cap: 600 }),
      asked: set(
        ["time", "by", "kind", "role", "session", "delivery", "key", "ip", "endpoint", "client", "outcome"],
        "{by} exchanged a pod's token from {ip} ({outcome})",
        { cap: 1_600, bucketMs: SHIFT_MS },
      ),
    },
  }),
  /** What the nodes of a cluster did as components that no list of components has, on one day and the next. */
  componentActs: declare({
    key: ["account", "region", "cluster", "day"],
    keepMs: 4 * DAY_MS,
    attributes: {
      node: set(["node"], "{node} is one of its nodes", { cap: 800 }),
      named: set(["time", "node", "name", "key", "ip"], "{node} acted as {name}", { cap: 400, bucketMs: SHIFT_MS }),
      did: set(
        ["time", "node", "name", "verb", "resource", "needless", "key", "ip"],
        "{node} acted as {name}: {verb} {resource}",
        {
          cap: 400,
          bucketMs: SHIFT_MS,
        },
      ),
    },
  }),
  /** Which role a service account was given, and who put it to use, in two hours and the two before. */
  assignment: declare({
    key: ["account", "region", "cluster", "namespace", "serviceAccount", "hours"],
    keepMs: 4 * DAY_MS,
    attributes: {
      given: set([...DEED, "name", "what", "target", "on"], "{name} gave it {target}", { cap: 60, tries: "half" }),
      put: set(["time", "by", "key", "kind", "how"], "{by} {how}", { cap: 200, bucketMs: 60_000 }),
    },
  }),
} as const;
