import { type Attribute, declare, set } from "./declare.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
export const WEEK_MS = 7 * DAY_MS;

const LASTING_MS = 400 * DAY_MS;
/** A week and the next, of which it is the past. */
const WEEK_KEEP_MS = 16 * DAY_MS;
/** The weeks of some years: so many links does a lasting thing have to its past. */
const WEEKS = 400;
/** An hour's worth of something, by the week and by what it was. */
const HOURLY = { cap: 1_500, bucketMs: HOUR_MS };

/** The first day (UTC) of the week of a time in ms. */
export const weekOf = (time: number): string =>
  new Date(Math.floor(time / WEEK_MS) * WEEK_MS).toISOString().slice(0, 10);

const ASSOCIATED = set(
  ["time", "action", "role", "target", "by"],
  "{by} called {action}: role {role}, target role {target}",
  { cap: 200 },
);
/** By the hour: whoever does it again and again fills no room. */
const ENTITLED = set(["time", "role", "how", "by", "kind"], "{by} let {role} be a node's: {how}", {
  cap: 200,
  bucketMs: HOUR_MS,
});
/** A week is told of its own changes beside those that it has from what lasts: whoever filled that once has not filled all weeks after. */
const ofWeek = <F extends string>(all: Attribute<F>): Attribute<F> => ({ ...all, cap: 2 * all.cap });

const GIVEN_BY = set(["time", "whose", "as", "tags", "policy"], "is the {as} of {whose}, session tags {tags}", {
  cap: 200,
});

/** Whatever a role calls: that it is known at all. */
export const ANY_API = "*";

const LOOKS = ["time", "api", "groups", "subnets", "public", "profile", "keys", "images"] as const;
const LAUNCHED = "{api} launched by it: {groups} {subnets} {profile}";

/** What lasts and rarely changes, and the weeks in which it is used. What was told of the first goes on to each week, so that no item grows
 * with age. */
export const weeks = {
  /** A service account as AWS knows it: by its Pod Identity associations. */
  serviceAccount: declare({
    key: ["account", "region", "cluster", "namespace", "name"],
    keepMs: LASTING_MS,
    attributes: {
      associated: ASSOCIATED,
      week: set(["id"], "was used in {id}", { cap: WEEKS, link: "accountWeek" }),
      mint: set(["id"], "had tokens minted in {id}", { cap: WEEKS, link: "mintDay" }),
    },
  }),
  accountWeek: declare({
    key: ["account", "region", "cluster", "namespace", "name", "week"],
    keepMs: WEEK_KEEP_MS,
    attributes: {
      associated: ofWeek(ASSOCIATED),
      given: set(["time", "role"], "its pods were given sessions of {role}", HOURLY),
    },
  }),
  /** Tokens for AWS of service accounts of one name on a UTC day and on the day before, that no kubelet minted, and what such a token opens.
   * Web identities name no cluster. */
  mintDay: declare({
    key: ["account", "namespace", "name", "day"],
    keepMs: 3 * DAY_MS,
    attributes: {
      minted: set(
        ["time", "by", "kind", "minter", "ip", "audiences", "pod", "cluster", "region", "token"],
        "{by} minted {token} for {audiences}",
        { cap: 200 },
      ),
      opens: set(["time", "how", "ip", "cluster", "pod", "role"], "{how} gives it {role}", {
        cap: 800,
        bucketMs: MINUTE_MS,
      }),
    },
  }),
  /** A role that associations give to pods. */
  podRole: declare({
    key: ["arn"],
    keepMs: LASTING_MS,
    attributes: {
      associated: GIVEN_BY,
      week: set(["id"], "was used in {id}", { cap: WEEKS, link: "roleWeek" }),
    },
  }),
  roleWeek: declare({
    key: ["arn", "week"],
    keepMs: WEEK_KEEP_MS,
    attributes: {
      associated: ofWeek(GIVEN_BY),
      given: set(
        ["time", "tags", "policy", "seconds"],
        "EKS opened sessions of it for {seconds} s, session tags {tags}, session policy {policy}",
        HOURLY,
      ),
    },
  }),
  /** What the pods of a role call: one API in one week, or any. Few of them are enough to tell that it is usual. */
  habit: declare({
    key: ["account", "role", "api", "week"],
    keepMs: WEEK_KEEP_MS,
    attributes: {
      caller: set(["pod"], "pod {pod} called it", { cap: 60, enough: true }),
      // Of a small cluster whose people look into pods all day: ten in every working hour.
      entered: set(["pod"], "somebody entered pod {pod}, which calls it", { cap: 400 }),
    },
  }),
  /** Clusters whose pods were given sessions, and by what else they were heard of, in one region of one account on one UTC day. */
  clusterDay: declare({
    key: ["account", "region", "day"],
    keepMs: 3 * DAY_MS,
    attributes: {
      served: set(["time", "cluster", "within"], "pods of {cluster} were given sessions in {within}", {
        cap: 1_500,
        bucketMs: HOUR_MS,
      }),
      role: set(["cluster", "role", "whom"], "pods of {cluster} were given {role}", { cap: 800 }),
      known: set(["cluster", "how"], "{cluster} was heard of: {how}", { cap: 800 }),
      asked: set(["cluster"], "nodes of {cluster} asked EKS Auth", { cap: 400 }),
    },
  }),
  /** Which roles nodes of a cluster may have, and have. */
  staff: declare({
    key: ["account", "region", "cluster"],
    keepMs: LASTING_MS,
    attributes: {
      entitled: ENTITLED,
      worked: set(["role"], "has had nodes of {role}", { cap: 64 }),
      born: set(["time"], "was created", { cap: 8 }),
      week: set(["id"], "had nodes in {id}", { cap: WEEKS, link: "staffWeek" }),
    },
  }),
  staffWeek: declare({
    key: ["account", "region", "cluster", "week"],
    keepMs: WEEK_KEEP_MS,
    attributes: {
      entitled: ofWeek(ENTITLED),
      born: set(["time"], "was created", { cap: 8 }),
      came: set(["time", "role"], "nodes of {role} were at work", HOURLY),
      member: set(["node", "role"], "{node} has {role}", { cap: 400 }),
    },
  }),
  /** A NodeClass in one week: who wrote it, and what EC2 launched by it, then and, by the day, the week before. */
  classWeek: declare({
    key: ["account", "region", "cluster", "class", "week"],
    keepMs: WEEK_KEEP_MS,
    attributes: {
      written: set(["time", "by", "who", "arn", "role", "kind", "verb"], "{who} wrote it ({verb})", { cap: 200 }),
      launch: set(LOOKS, LAUNCHED, { cap: 800, bucketMs: 10 * MINUTE_MS }),
      earlier: set(LOOKS, LAUNCHED, { cap: 200, bucketMs: DAY_MS }),
      role: set(["time", "role"], "what it launched came as a node with {role}", {
        cap: 600,
        bucketMs: 10 * MINUTE_MS,
      }),
    },
  }),
} as const;
