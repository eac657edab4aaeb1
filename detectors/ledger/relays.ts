import { assignmentId } from "./assignment.ts";
import { carry, type Relay } from "./carry.ts";
import { egressId } from "./egress.ts";
import { entities, type Kind, type ValueOf } from "./entities.ts";
import { attributeOf, decode, type Fact, idOf, later, type State } from "./facts.ts";
import { nodeRelays } from "./node-relays.ts";

/** A pod that ended may finish a last request (detections.md B-04). */
const LATE_MS = 120_000;

/** How a token that is bound to a pod opens AWS. */
export const SESSION = "AssumeRoleForPodIdentity";

/** Every relay. They form no cycle and are at most three deep; links to many (role, cluster, node to its pods) are never crossed
 * towards the many (tested). */
export const relays: readonly Relay[] = [
  carry("pod", { fact: "deleted", over: "key", to: "key" }, "podGone", ({ time }) => ({ time })),
  carry("pod", { fact: "node", over: "key", to: "key" }, "podNode", ({ id }) => ({ id })),
  carry("pod", { fact: "name", over: "key", to: "key" }, "podName", ({ namespace, name }) => ({ namespace, name })),
  carry("pod", { fact: "secrets", over: "key", to: "key" }, "podSecrets", ({ time, what }) => ({ time, what })),
  carry("pod", { fact: "node", over: "token", to: "token" }, "podNode", ({ id }) => ({ id })),
  carry("pod", { fact: "ip", over: "token", to: "token" }, "home", ({ ip }) => ({ ip, whose: "pod" })),
  carry("pod", { fact: "hostIp", over: "token", to: "token" }, "home", ({ ip }) => ({ ip, whose: "node" })),
  carry("token", { fact: "home", over: "origin", to: "origin" }, "tokenHome", (home, token) => ({ ...home, token })),
  carry("token", { fact: "podNode", over: "origin", to: "origin" }, "tokenNode", ({ id }, token) => ({
    token,
    node: id,
  })),
  carry("token", { fact: "used", over: "origin", to: "origin" }, "tokenUsed", ({ ip }, token) => ({ token, ip })),
  carry("node", { fact: "ip", over: "origin", to: "origin" }, "nodeIp", ({ ip }, node) => ({ node, ip })),
  carry("node", { fact: "spoke", over: "origin", to: "origin" }, "nodeSpoke", (spoke, node) => ({ ...spoke, node })),
  carry("node", { fact: "launched", over: "fleet", to: "fleet" }, "launched", ({ time }, node) => ({ time, node })),
  carry("pod", { fact: "host", over: "node", to: "node" }, "hostPod", (host, pod) => ({ ...host, pod })),
  carry("pod", { fact: "node", over: "exchange", to: "exchange" }, "podNode", ({ id }, pod) => ({ pod, node: id })),
  carry("podName", { fact: "entered", over: "pod", to: "pod" }, "entered", ({ time, by, how }) => ({ time, by, how })),
  carry("pod", { fact: "entered", over: "key", to: "key" }, "podEntered", ({ time, by, how }) => ({ time, by, how })),
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
  // A pod's keys change every few hours; what it usually calls does not.
  carry(
    "key",
    { fact: "used", over: "pod", to: "pod" },
    "called",
    ({ time, api }) => ({ time, api }),
    ({ trail }, { id }) => (trail === "CloudTrail" ? id : undefined),
  ),
  carry("pod", { fact: "called", over: "key", to: "key" }, "podCalled", ({ time, api }) => ({ time, api })),
  // Where a pod's key was used from: one address of one cluster, beside those that its nodes ask from.
  carry(
    "key",
    { fact: "out", over: "cluster", to: "place" },
    "used",
    ({ time, api }, key) => ({ time, api, key }),
    placeOf,
  ),
  carry(
    "key",
    { fact: "out", over: "cluster", to: "key" },
    "place",
    (out, _, cluster) => ({ id: placeOf(out, cluster) }),
    (_out, _cluster, key) => key,
  ),
  carry("key", { fact: "issued", over: "place", to: "place" }, "whose", ({ whom, role }, key) => ({ key, whom, role })),
  carry("key", { fact: "podNode", over: "place", to: "place" }, "keyNode", ({ id }, key) => ({ key, node: id })),
  // That its cluster's way out is known at all, an address learns from the day that it was used on: addresses are few.
  carry(
    "key",
    { fact: "out", over: "cluster", to: "egress" },
    "place",
    (out, _, cluster) => ({ id: placeOf(out, cluster) }),
    (out, cluster) => egressId(cluster, out),
  ),
  carry("egress", { fact: "asked", over: "place", to: "place" }, "known", ({ node, ip }) => ({ node, ip })),
  // Within one key: what it was used for when its pod was gone.
  carry(
    "key",
    { fact: "used", over: "podGone", to: "key" },
    "late",
    ({ time, api, ip, outcome }, _, gone) => ({ time, api, ip, outcome, gone: gone.time }),
    ({ trail, time }, gone, key) =>
      trail === "CloudTrail" && Date.parse(time) - Date.parse(gone.time) >= LATE_MS ? key : undefined,
  ),
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
  // That the audit log of a cluster is read, the pods learn that were served in that hour.
  carry("pulse", { fact: "audited", over: "exchange", to: "exchange" }, "audited", ({ time }) => ({ time })),
  carry(
    "exchange",
    { fact: "audited", over: "served", to: "pod" },
    "audited",
    ({ time }) => ({ time }),
    (_, { pod }) => pod,
  ),
  ...nodeRelays,
];

/** The address that a key was used from, as one of its cluster or not. */
function placeOf({ ip }: ValueOf<"key", "out">, { account, region, cluster }: ValueOf<"key", "cluster">): string {
  return idOf("place", [account, region, cluster, ip]);
}

/** Values by the attributes that they belong to. */
type Values = ReadonlyMap<string, ReadonlySet<string>>;

/** What an entity passes on: every pair of a fact and a link of which one was told just now. The other pairs were passed on by whoever told the later of
 * the two. `told` undefined: all of it. What a relay throws is given to `failed`, and the others pass on what they have. */
export type Relaying = (
  state: State,
  told?: Values,
  failed?: (relay: Relay, source: string, cause: unknown) => void,
) => readonly Fact[];

export function relayingOver(all: readonly Relay[]): Relaying {
  const byKind = Map.groupBy(all, ({ from }) => from);
  return (state, told, failed) =>
    (byKind.get(state.kind) ?? []).flatMap((relay) => carried(relay, state, told, failed));
}

export const relayed: Relaying = relayingOver(relays);

function carried(...[relay, state, told, failed]: [Relay, ...Parameters<Relaying>]): readonly Fact[] {
  const { fact, over, to, as, give } = relay;
  const facts: Fact[] = [];
  for (const { value: encoded, source, links } of pairs(relay, state, told)) {
    const value = decode(state.kind, fact, encoded);
    for (const [link, linked] of links) {
      // It is known over there when both are known here.
      const since = later(source, linked);
      try {
        const given = give(value, state.id, decode(state.kind, over, link));
        if (given !== undefined) facts.push({ kind: to, attribute: as, source: since, ...given });
      } catch (cause) {
        if (failed === undefined) throw cause;
        failed(relay, since, cause);
      }
    }
  }
  return facts;
}

/** Values of the fact, each with the links that it has to be passed on over. */
function pairs({ fact, over }: Relay, state: State, told: Values | undefined) {
  const [newFacts, newLinks] = [told?.get(fact), told?.get(over)];
  const all = [...(state.sets.get(over) ?? [])];
  const fresh = newLinks === undefined ? [] : all.filter(([link]) => newLinks.has(link));
  if (all.length === 0 || (told !== undefined && newFacts === undefined && fresh.length === 0)) return [];
  return [...(state.sets.get(fact) ?? [])].flatMap(([value, source]) => {
    const links = told === undefined || newFacts?.has(value) === true ? all : fresh;
    return links.length === 0 ? [] : [{ value, source, links }];
  });
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

/** Relays over a link to another kind than they say. */
export const wrongLinks = (all: readonly Relay[]): readonly string[] =>
  all
    .filter(({ from, over, to }) => attributeOf(from, over).link !== undefined && attributeOf(from, over).link !== to)
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
