import { withoutLast } from "../core/epoch.ts";
import { assignmentId } from "./assignment.ts";
import { carry, type Relay } from "./carry.ts";
import type { Attribute } from "./declare.ts";
import { entities, type Kind } from "./entities.ts";
import { attributeOf, decode, type Fact, knownSince, later, type State } from "./facts.ts";
import { nodeHourId } from "./learner.ts";
import { nodeRelays } from "./node-relays.ts";
import { revocationRelays } from "./revocation-relays.ts";
import { spanRelays } from "./span-relays.ts";

const HOUR_MS = 60 * 60_000;

/** How a token that is bound to a pod opens AWS. */
export const SESSION = "AssumeRoleForPodIdentity";

/** Every relay. They form no cycle and are at most three deep; links to many (role, cluster, node to its pods) are never crossed
 * towards the many (tested). */
export const relays: readonly Relay[] = [
  // To keys that may not have ended before: a pod leaves hundreds behind, and AWS lets nobody in with an ended one.
  carry(
    "pod",
    { fact: "deleted", over: "key", to: "key" },
    "podGone",
    ({ time }) => ({ time }),
    ({ time: gone }, { id, until }) => (Date.parse(gone) > Date.parse(until) ? undefined : id),
  ),
  carry("pod", { fact: "node", over: "key", to: "key" }, "podNode", ({ id }) => ({ id })),
  carry("pod", { fact: "name", over: "key", to: "key" }, "podName", ({ namespace, name }) => ({ namespace, name })),
  carry("podDay", { fact: "secrets", over: "key", to: "key" }, "podSecrets", ({ time, what }) => ({ time, what })),
  carry("pod", { fact: "node", over: "token", to: "token" }, "podNode", ({ id }) => ({ id })),
  carry("pod", { fact: "ip", over: "token", to: "token" }, "home", ({ ip }) => ({ ip, whose: "pod" })),
  carry("pod", { fact: "hostIp", over: "token", to: "token" }, "home", ({ ip }) => ({ ip, whose: "node" })),
  carry("token", { fact: "home", over: "origin", to: "origin" }, "tokenHome", (home, token) => ({ ...home, token })),
  carry("token", { fact: "minted", over: "origin", to: "origin" }, "tokenMinted", (_, token) => ({ token })),
  carry("token", { fact: "podNode", over: "origin", to: "origin" }, "tokenNode", ({ id }, token) => ({
    token,
    node: id,
  })),
  carry("token", { fact: "used", over: "origin", to: "origin" }, "tokenUsed", ({ ip }, token) => ({ token, ip })),
  // What a node is, its days have from it.
  carry("node", { fact: "launched", over: "day", to: "nodeDay" }, "launched", (launched) => launched),
  carry("node", { fact: "terminated", over: "day", to: "nodeDay" }, "terminated", (terminated) => terminated),
  carry("node", { fact: "ip", over: "day", to: "nodeDay" }, "ip", ({ ip }) => ({ ip })),
  carry("nodeDay", { fact: "ip", over: "origin", to: "origin" }, "nodeIp", ({ ip }, day) => ({
    ip,
    node: withoutLast(day),
  })),
  carry("nodeDay", { fact: "spoke", over: "origin", to: "origin" }, "nodeSpoke", (spoke, day) => ({
    ...spoke,
    node: withoutLast(day),
  })),
  carry("node", { fact: "launched", over: "fleet", to: "fleet" }, "launched", ({ time }, node) => ({ time, node })),
  carry("pod", { fact: "host", over: "node", to: "node" }, "hostPod", (host, pod) => ({ ...host, pod })),
  // Then, and in the hour after it.
  ...[0, HOUR_MS].map((ahead) =>
    carry(
      "pod",
      { fact: "host", over: "node", to: "nodeHour" },
      "hostPod",
      (host, pod) => ({ ...host, pod }),
      ({ time }, { id }) => (time === "" ? undefined : nodeHourId(id, { time: Date.parse(time) + ahead })),
    ),
  ),
  carry("pod", { fact: "node", over: "exchange", to: "exchange" }, "podNode", ({ id }, pod) => ({ pod, node: id })),
  carry("podName", { fact: "entered", over: "pod", to: "pod" }, "entered", ({ time, by, how }) => ({ time, by, how })),
  carry("nameDay", { fact: "entered", over: "pod", to: "podDay" }, "entered", (entered) => entered),
  carry("podDay", { fact: "entered", over: "key", to: "key" }, "podEntered", (entered, day) => ({
    ...entered,
    pod: withoutLast(day),
  })),
  // Who enters a pod of a service account puts its role to use, too.
  carry(
    "pod",
    { fact: "entered", over: "account", to: "assignment" },
    "put",
    ({ time, by, how }) => ({ time, by, key: "", kind: "", how: `entered a pod of it by ${how}` }),
    ({ time }, { namespace, serviceAccount }, pod) => {
      const [account = "", region = "", cluster = ""] = pod.split("/");
      return assignmentId({ account, region, cluster }, namespace, serviceAccount, time);
    },
  ),
  // A pod's keys change every few hours, and pods with every release; what their role usually calls does not.
  carry("key", { fact: "pod", over: "habit", to: "habit" }, "caller", ({ id: pod }) => ({ pod })),
  carry("use", { fact: "pod", over: "habit", to: "habit" }, "caller", ({ id: pod }) => ({ pod })),
  carry("key", { fact: "podEntered", over: "habit", to: "habit" }, "entered", ({ pod }) => ({ pod })),
  ...spanRelays,
  carry("resource", { fact: "managed", over: "day", to: "resourceDay" }, "managed", (managed) => managed),
  carry("resource", { fact: "copyOf", over: "day", to: "resourceDay" }, "copyOf", (copyOf) => copyOf),
  carry("role", { fact: "podRole", over: "day", to: "roleDay" }, "podRole", (podRole) => podRole),
  // What lasts, in every week in which it is used.
  carry("serviceAccount", { fact: "associated", over: "week", to: "accountWeek" }, "associated", (told) => told),
  carry("podRole", { fact: "associated", over: "week", to: "roleWeek" }, "associated", (told) => told),
  carry("staff", { fact: "entitled", over: "week", to: "staffWeek" }, "entitled", (told) => told),
  carry("staff", { fact: "born", over: "week", to: "staffWeek" }, "born", (told) => told),
  // The role that a launch does not show, its node comes with.
  carry("node", { fact: "role", over: "built", to: "classWeek" }, "role", ({ role }, _, { time }) => ({ time, role })),
  // What a token opens that no kubelet minted.
  carry(
    "serviceAccount",
    { fact: "associated", over: "mint", to: "mintDay" },
    "opens",
    ({ time, action, role, target }, account) => ({
      ...{ time, how: action, ip: "", cluster: account.split("/")[2] ?? "", pod: "", role: target || role },
    }),
  ),
  carry("pod", { fact: "served", over: "mint", to: "mintDay" }, "opens", ({ time }, pod) => ({
    ...{ time, how: SESSION, ip: "", cluster: pod.split("/")[2] ?? "", pod, role: "" },
  })),
  // A volume that a pod claimed is somebody's data, and so are its copies.
  carry(
    "resource",
    { fact: "managed", over: "copied", to: "resource" },
    "copyOf",
    ({ cluster }, id) => ({ id, cluster }),
    ({ how }, { id }) => (how === "made by CreateVolume" ? undefined : id),
  ),
  ...nodeRelays,
  ...revocationRelays,
];

/** What an entity passes on. `changed`: what was written just now; undefined: all of it. A pair of which neither half is new was passed on when the later
 * of the two was written. What a relay throws is given to `failed`, and the others pass on what they have. */
export type Relaying = (
  state: State,
  changed?: readonly Pick<Fact, "attribute" | "value">[],
  failed?: (relay: Relay, source: string, cause: unknown) => void,
) => readonly Fact[];

export function relayingOver(all: readonly Relay[]): Relaying {
  const byKind = Map.groupBy(all, ({ from }) => from);
  return (state, changed, failed) => {
    const written = changed && Map.groupBy(changed, ({ attribute }) => attribute);
    const isNew = (attribute: string): ((value: string) => boolean) => {
      const values = new Set(written?.get(attribute)?.map(({ value }) => value));
      return (value) => written === undefined || values.has(value);
    };
    return (byKind.get(state.kind) ?? [])
      .filter(({ fact, over }) => written === undefined || written.has(fact) || written.has(over))
      .flatMap((relay) => carried(relay, state, [isNew(relay.fact), isNew(relay.over)], failed));
  };
}

export const relayed: Relaying = relayingOver(relays);

function carried(
  relay: Relay,
  state: State,
  [isNewFact, isNewLink]: readonly [(value: string) => boolean, (value: string) => boolean],
  failed: Parameters<Relaying>[2],
): readonly Fact[] {
  const { fact, over, to, as, give } = relay;
  const links = [...(state.sets.get(over) ?? [])];
  const news = links.filter(([link]) => isNewLink(link));
  const facts: Fact[] = [];
  for (const [encoded, source] of state.sets.get(fact) ?? []) {
    const value = decode(state.kind, fact, encoded);
    for (const [link, linked] of isNewFact(encoded) ? links : news) {
      // It is known over there when both are known here.
      const since = later(source, linked);
      try {
        const told = { fact: knownSince(source), link: knownSince(linked) };
        const given = give(value, state.id, decode(state.kind, over, link), told);
        if (given !== undefined) facts.push({ kind: to, attribute: as, source: since, ...given });
      } catch (cause) {
        if (failed === undefined) throw cause;
        failed(relay, since, cause);
      }
    }
  }
  return facts;
}

/** The longest chain of relays; Infinity when there is a cycle. */
export function depthOf(all: readonly Relay[]): number {
  const depth = (relay: Relay, seen: ReadonlySet<Relay>): number => {
    if (seen.has(relay)) return Number.POSITIVE_INFINITY;
    const next = all.filter((other) => other.from === relay.to && (other.fact === relay.as || other.over === relay.as));
    return 1 + Math.max(0, ...next.map((other) => depth(other, new Set([...seen, relay]))));
  };
  return Math.max(0, ...all.map((relay) => depth(relay, new Set())));
}

/** What an epoch is a part of. */
function partOf(kind: Kind): string | undefined {
  const { of }: Readonly<Record<string, Attribute>> = entities[kind].attributes;
  return of?.link;
}

/** Relays over a link to another kind than they say. */
export const wrongLinks = (all: readonly Relay[]): readonly string[] =>
  all
    .filter(({ from, over, to }) => {
      const { link } = attributeOf(from, over);
      return link !== undefined && link !== to && link !== partOf(to);
    })
    .map(({ from, over, to }) => `${from}.${over} is no link to ${to}`);

export const kinds = Object.keys(entities) as readonly Kind[];

/** Kinds, each before those that it passes facts on to, as far as that goes: some pass one back. */
export const relayOrder: readonly Kind[] = orderOf(kinds, relays);

function orderOf(left: readonly Kind[], all: readonly Relay[]): readonly Kind[] {
  const waits = (kind: Kind): number =>
    all.filter(({ from, to }) => to === kind && from !== kind && left.includes(from)).length;
  const [next] = left.toSorted((a, b) => waits(a) - waits(b));
  if (next === undefined) return [];
  const others = left.filter((kind) => kind !== next);
  return [next, ...orderOf(others, all)];
}
