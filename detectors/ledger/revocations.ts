import { declare, set } from "./declare.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** Uses are known to ten minutes. */
const USE_MS = 10 * MINUTE_MS;
/** Whoever works with a role tells all day who bears its name. Only since when does anything depend on: of what is called, its source tells that
 * exactly. Of a session that is as old as it says, it is known to the hour. */
export const BEARS_MS = 60 * MINUTE_MS;

/** `what`: whatever can be taken back (a policy's name, or the key's status), empty where nothing can. `who`: the id of the principal that did it.
 * `olderThan`: the sessions that are meant were issued before it; empty: every credential is. */
const REVOKED = set(["time", "action", "what", "by", "who", "olderThan"], "{by} called {action} {what}", { cap: 200 });
const LIFTED = set(["time", "what", "by", "who"], "{by} took back {what}", { cap: 200 });

/** Roles, users and keys of IAM that were revoked, and what came into a cluster with them. Whoever was deleted is known by name, whoever comes in by a
 * unique id: a name that is made again is another's. By the day and by the hour, so that no item grows with its age. */
export const revocations = {
  /** The name of a role or user on one UTC day: who bore it, and what befell it. */
  iamNameDay: declare({
    key: ["account", "type", "name", "day"],
    keepMs: 4 * DAY_MS,
    attributes: {
      bears: set(["time", "id"], "was {id}", { cap: 400, bucketMs: BEARS_MS }),
      /** On one of the two days before. */
      bore: set(["id"], "had been {id}"),
      revoked: REVOKED,
      lifted: LIFTED,
    },
  }),
  /** A unique id (AROA, AIDA) or a lasting key (AKIA) on one UTC day. */
  credentialDay: declare({
    key: ["id", "day"],
    keepMs: 5 * DAY_MS,
    attributes: {
      revoked: REVOKED,
      lifted: LIFTED,
      hour: set(["id"], "was used: {id}", { cap: 24, link: "credentialHour" }),
    },
  }),
  /** In one hour: by clusters and by half hours of issue, never by sessions, of which anybody may open as many as he likes. */
  credentialHour: declare({
    key: ["id", "hour"],
    keepMs: 4 * DAY_MS,
    attributes: {
      of: set(["id"], "is an hour of {id}", { one: true, cap: 4, link: "credentialDay" }),
      revoked: REVOKED,
      lifted: LIFTED,
      used: set(
        ["time", "id", "account", "region", "cluster", "principal", "issued"],
        "was let into cluster {cluster}",
        {
          cap: 1_200,
          bucketMs: USE_MS,
        },
      ),
      after: set(
        ["time", "revoked", "action", "what", "olderThan", "id", "account", "region", "cluster", "principal"],
        "was let into cluster {cluster} after {action} at {revoked}",
        { cap: 400, bucketMs: USE_MS },
      ),
    },
  }),
  /** A temporary key (ASIA) that was let into a cluster: when, and when it was issued, which the key tells. Most never are. It ends by itself within 36 hours. */
  issuance: declare({
    key: ["accessKeyId"],
    keepMs: 3 * DAY_MS,
    attributes: {
      began: set(["time"], "was issued", { cap: 4, enough: true }),
      spoke: set(["time", "id", "account", "region", "cluster", "principal"], "was let into cluster {cluster}", {
        cap: 1_000,
        bucketMs: USE_MS,
      }),
    },
  }),
} as const;
