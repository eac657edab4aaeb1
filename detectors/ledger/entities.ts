import { auto } from "./auto.ts";
import { crowds } from "./crowds.ts";
import { declare, set } from "./declare.ts";
import { inNode, inPod, inPodName, nodeCrowds } from "./node-crowds.ts";
import { revocations } from "./revocations.ts";
import { spans } from "./spans.ts";
import { USE_MS } from "./use-time.ts";
import { weeks } from "./weeks.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A pod lives as long as it does, and its credentials six hours more (detections.md 0.3); what is looked at later is its name. */
const POD_KEEP_MS = 30 * DAY_MS;
/** Temporary credentials end after twelve hours at the latest. */
const KEY_KEEP_MS = 2 * DAY_MS;
/** The hard end of an Auto Mode node's life, and two days (eks-auto-mode.md §6). */
const NODE_KEEP_MS = 23 * DAY_MS;
const LASTING_MS = 400 * DAY_MS;
/** Operators enter the pods of a database every few seconds: not by the second, so that theirs leave room for a person's. */
const ENTRIES = { cap: 200, bucketMs: 10 * MINUTE_MS };

/** Everything that the ledger knows about, declared once. An id is the parts of its key joined by `/`. */
export const entities = {
  pod: declare({
    key: ["account", "region", "cluster", "uid"],
    keepMs: POD_KEEP_MS,
    attributes: {
      name: set(["namespace", "name"], "is pod {namespace}/{name}", { one: true, cap: 4 }),
      account: set(["namespace", "serviceAccount"], "runs as service account {namespace}/{serviceAccount}", {
        one: true,
        cap: 4,
      }),
      created: set(["time", "by", "kind"], "was created by {by}", { cap: 8 }),
      node: set(["id"], "runs on node {id}", { one: true, cap: 4, link: "node" }),
      ip: set(["ip"], "has the address {ip}", { cap: 16 }),
      hostIp: set(["ip"], "runs on a node of the address {ip}", { cap: 16 }),
      host: set(["time", "by", "kind", "what", "cluster", "namespace", "name"], "{by} gave it {what} of the node", {
        cap: 8,
      }),
      deleted: set(["time"], "was gone", { cap: 8 }),
      /** `AROA…:name`: by this an analyst finds the pod. */
      session: set(["id"], "was given the AWS session {id}", { cap: 64 }),
      // One an hour at most, for the three weeks that its node lives.
      key: set(["id", "until"], "was given the AWS key {id}, good until {until}", { cap: 600, link: "key" }),
      // One every 48 minutes. Those that are used at the cluster's API.
      token: set(["id"], "used the token {id}", { cap: 800, link: "token" }),
      minter: set(["time", "id", "audiences"], "the kubelet of {id} minted tokens for it, for {audiences}", {
        cap: 64,
      }),
      tagged: set(
        ["namespace", "name", "serviceAccount", "role", "time"],
        "AWS was told that it is {namespace}/{name}, {serviceAccount}, with role {role}",
        { cap: 200, bucketMs: HOUR_MS },
      ),
      served: set(["time"], "was given AWS credentials", { cap: 400 }),
      exchange: set(["id"], "was served in {id}", { cap: 400, link: "exchange" }),
      pulse: set(["id"], "was given AWS credentials in {id}", { cap: 400, link: "pulse" }),
      entered: set(["time", "by", "how"], "{by} entered it by {how}", ENTRIES),
      mint: set(["id"], "had a token for AWS minted by no kubelet, in {id}", { cap: 16, link: "mintDay" }),
      ...inPod,
    },
  }),
  /** Exec and the like carry no uid: the name leads to the pods that had it. */
  podName: declare({
    key: ["account", "region", "cluster", "namespace", "name"],
    keepMs: POD_KEEP_MS,
    attributes: {
      pod: set(["id"], "stood for {id}", { cap: 64, link: "pod" }),
      entered: set(["time", "by", "how"], "{by} entered it by {how}", ENTRIES),
      ...inPodName,
    },
  }),
  node: declare({
    key: ["instance"],
    keepMs: NODE_KEEP_MS,
    attributes: {
      cluster: set(["cluster"], "is a node of cluster {cluster}", { one: true, cap: 4 }),
      role: set(["role"], "has the role {role}", { one: true, cap: 8 }),
      launched: set(["time", "by", "cluster", "pool", "class"], "was launched by {by} for pool {pool}", { cap: 4 }),
      ran: set(["time", "by", "kind", "arn", "key", "ip"], "was launched by {by}, through no service of AWS", {
        cap: 4,
      }),
      terminated: set(["time", "by"], "was terminated by {by}", { cap: 4 }),
      ip: set(["ip"], "has the address {ip}", { cap: 32 }),
      key: set(["id"], "was given the key {id} by EC2", { cap: 400, link: "key" }),
      day: set(["id"], "was at work: {id}", { cap: 400, link: "nodeDay" }),
      fleet: set(["id"], "joined {id}", { cap: 4, link: "fleet" }),
      built: set(["id", "time"], "was launched by {id}", { cap: 8, link: "classWeek" }),
      seen: set(["time", "trail"], "was seen in the {trail}", { cap: 64, bucketMs: DAY_MS }),
      hostPod: set(
        ["time", "pod", "by", "kind", "what", "cluster", "namespace", "name"],
        "{by} placed pod {namespace}/{name} with {what} of the node on it",
        { cap: 64 },
      ),
      ...inNode,
    },
  }),
  /** An access key. Of a temporary one (ASIA) there is one entity, of a long-lived one (AKIA) one a day. What it was used for is in its hours. */
  key: declare({
    key: ["accessKeyId"],
    keepMs: KEY_KEEP_MS,
    attributes: {
      issued: set(["time", "to", "whom", "by", "role"], "was issued by {by} to the {to} {whom}", { cap: 8 }),
      pod: set(["id"], "belongs to pod {id}", { one: true, cap: 4, link: "pod" }),
      podName: set(["namespace", "name"], "belongs to pod {namespace}/{name}", { one: true, cap: 4 }),
      cluster: set(["account", "region", "cluster"], "is of cluster {cluster}", { one: true, cap: 4 }),
      podGone: set(["time"], "its pod was gone", { cap: 8 }),
      podNode: set(["id"], "its pod runs on {id}", { one: true, cap: 4 }),
      podEntered: set(["time", "by", "how", "pod"], "{by} entered its pod by {how}", ENTRIES),
      podAccount: set(["namespace", "serviceAccount"], "its pod runs as {namespace}/{serviceAccount}", {
        one: true,
        cap: 4,
      }),
      began: set(["time"], "was issued", { cap: 4, enough: true }),
      issuance: set(["id"], "was let into a cluster", { cap: 4, link: "issuance" }),
      asNode: set(["cluster", "node", "role"], "was used in cluster {cluster} as node {node}", { cap: 8 }),
      // Nothing is judged by the hour of it.
      heard: set(["time", "ip"], "was used from {ip} as a node", { cap: 200, bucketMs: DAY_MS }),
      podSecrets: set(["time", "what"], "its pod's service account read {what}", {
        cap: 400,
        bucketMs: 10 * MINUTE_MS,
      }),
      hour: set(["id"], "was used: {id}", { cap: 64, link: "use" }),
      // Of any API: what it calls is in its hours.
      habit: set(["id"], "called what {id} tells of", { cap: 8, link: "habit" }),
      formerly: set(["id"], "called what {id} told of the week before", { cap: 8, link: "habit" }),
      place: set(["id"], "was used from {id}", { cap: 64, link: "place" }),
      // Or in the hours in which it ended, before.
      late: set(["time", "gone", "api", "ip", "outcome"], "called {api} from {ip} after its pod was gone ({outcome})", {
        cap: 200,
        bucketMs: USE_MS,
      }),
    },
  }),
  /** A service account token, by its `JTI=…`. */
  token: declare({
    key: ["credentialId"],
    keepMs: KEY_KEEP_MS,
    attributes: {
      minted: set(["time", "by", "kind", "account", "audiences"], "was minted for {account} by {by}", { cap: 4 }),
      boundPod: set(["id"], "is bound to pod {id}", { one: true, cap: 4, link: "pod" }),
      account: set(["cluster", "namespace", "serviceAccount"], "is of service account {namespace}/{serviceAccount}", {
        one: true,
        cap: 4,
      }),
      mintingNode: set(["id"], "was minted by the kubelet of {id}", { one: true, cap: 4 }),
      podNode: set(["id"], "its pod runs on {id}", { one: true, cap: 4 }),
      used: set(["time", "ip"], "was used from {ip}", { cap: 200, bucketMs: USE_MS }),
      stale: set(["time"], "was used after its rotation was due", { cap: 32, bucketMs: HOUR_MS }),
      home: set(["ip", "whose"], "has a right to {ip}, which is its {whose}'s", { cap: 32 }),
      origin: set(["id"], "came from {id}", { cap: 64, link: "origin" }),
    },
  }),
  /** Who asked for pods' credentials in one minute of a cluster, and which pods were served. */
  exchange: declare({
    key: ["account", "region", "cluster", "minute"],
    keepMs: 2 * DAY_MS,
    attributes: {
      asked: set(["time", "node", "event"], "{node} asked for a pod's credentials", { cap: 1_000 }),
      served: set(["time", "pod", "key", "name"], "the pod {pod} ({name}) was served", { cap: 1_000 }),
      podNode: set(["pod", "node"], "{pod} runs on {node}", { cap: 1_000 }),
    },
  }),
  /** An address (of IPv6, a VPC's block) as the cluster's traffic to AWS comes from it on one UTC day, and what is known of it from the day before: nodes show it by asking for
   * pods' credentials, keys by being used. Only the cluster's own are crowded, and whoever crowds another is what is looked for. */
  place: declare({
    key: ["account", "region", "cluster", "ip", "day"],
    keepMs: 3 * DAY_MS,
    attributes: {
      node: set(["node", "endpoint"], "{node} asked EKS Auth from here", { cap: 64, enough: true }),
      used: set(["time", "key", "api", "ip"], "key {key} called {api} from here", {
        cap: 400,
        enough: true,
        bucketMs: USE_MS,
      }),
      whose: set(["key", "whom", "role"], "key {key} is that of {whom}, with role {role}", { cap: 400, enough: true }),
      keyNode: set(["key", "node"], "the pod of key {key} runs on {node}", { cap: 400, enough: true }),
      known: set(["node", "ip"], "{node} asked EKS Auth from {ip}", { cap: 128, enough: true }),
    },
  }),
  ...auto,
  ...crowds,
  ...weeks,
  ...nodeCrowds,
  ...spans,
  ...revocations,
  role: declare({
    key: ["arn"],
    keepMs: LASTING_MS,
    attributes: {
      purpose: set(["what", "cluster"], "is the {what} of {cluster}", { cap: 32 }),
      associated: set(["time", "cluster", "account", "by"], "{by} associated it with {account} of {cluster}", {
        cap: 200,
      }),
      day: set(["id"], "was assumed: {id}", { cap: 400, link: "roleDay" }),
      // Since when counts: the first are enough.
      podRole: set(["time", "cluster", "account", "through"], "pods of {account} in {cluster} get it", {
        cap: 64,
        enough: true,
        bucketMs: DAY_MS,
      }),
    },
  }),
  /** An access entry of a cluster on one UTC day, with what was told of it on the day before. */
  grant: declare({
    key: ["account", "region", "cluster", "principal", "day"],
    keepMs: 4 * DAY_MS,
    attributes: {
      entry: set(["account", "region", "cluster", "principal", "day"], "is the access of {principal} to {cluster}", {
        one: true,
        cap: 4,
      }),
      granted: set(["time", "by", "role", "key", "action", "what"], "{by} granted {what}", { cap: 64 }),
      revoked: set(["time", "by", "action", "what"], "{by} revoked {what}", { cap: 64 }),
      used: set(["time", "key"], "was used with key {key}", { cap: 600, bucketMs: 10 * MINUTE_MS }),
      /** Two days of ten minutes: whoever opens sessions by the hundred fills the set of keys, and not this. */
      active: set(["time"], "was used", { cap: 300, bucketMs: 10 * MINUTE_MS }),
    },
  }),
  /** A principal on one UTC day: what its hits amount to. */
  principal: declare({
    key: ["name", "day"],
    keepMs: 3 * DAY_MS,
    attributes: {
      hit: set(
        ["time", "detector", "tactics", "severity", "cluster", "finding", "beside", "who", "kind"],
        "{detector} ({tactics}, {severity})",
        { cap: 300, bucketMs: MINUTE_MS },
      ),
      /** Few, so that no flood of hits of one kind hides another. */
      did: set(["detector", "tactics"], "{detector} ({tactics})", { cap: 200 }),
    },
  }),
  /** Since when a trail has been read at all: how warm the ledger is. */
  trail: declare({
    key: ["trail"],
    keepMs: LASTING_MS,
    attributes: {
      heard: set(["time"], "was read", { cap: 2_000, bucketMs: HOUR_MS }),
      /** Where its tides are found. */
      day: set(["time"], "was read", { cap: 4_000, bucketMs: DAY_MS }),
    },
  }),
  /** How far a trail was read, by the hour of its events: what the detection clock of all workers goes by. `read`: when, by the wall clock. */
  tide: declare({
    key: ["trail", "hour"],
    keepMs: 30 * DAY_MS,
    attributes: { newest: set(["time", "read"], "was read up to here at {read}", { cap: 600, bucketMs: MINUTE_MS }) },
  }),
  /** When the trails spoke of a cluster on a UTC day; of a whole account where region and cluster are `*`. */
  heartbeat: declare({
    key: ["account", "region", "cluster", "day"],
    keepMs: 4 * DAY_MS,
    attributes: {
      of: set(["account", "region", "cluster", "day"], "is of cluster {cluster}", { one: true, cap: 4 }),
      before: set(["id"], "follows {id}", { cap: 4, link: "heartbeat" }),
      spoke: set(["time", "trail"], "the {trail} spoke", { cap: 1_200, bucketMs: 5 * MINUTE_MS }),
      /** What a verdict waits for: not every word. */
      heard: set(["time"], "a trail spoke", { cap: 100, bucketMs: HOUR_MS / 2 }),
    },
  }),
  /** One hour of a cluster: that its audit log told of pods, then and a day before. */
  pulse: declare({
    key: ["account", "region", "cluster", "hour"],
    keepMs: 3 * DAY_MS,
    attributes: {
      audited: set(["time"], "the audit log told of pods", { cap: 4, bucketMs: HOUR_MS }),
    },
  }),
} as const;

export type Kind = keyof typeof entities;
type AttributesOf<K extends Kind> = (typeof entities)[K]["attributes"];
export type AttributeName<K extends Kind> = keyof AttributesOf<K> & string;
export type FieldsOf<K extends Kind, A extends AttributeName<K>> = AttributesOf<K>[A] extends {
  readonly fields: readonly (infer F extends string)[];
}
  ? F
  : never;
/** One value, by the names of its parts. */
export type ValueOf<K extends Kind, A extends AttributeName<K>> = { readonly [F in FieldsOf<K, A>]: string };
