import { egressId } from "./egress.ts";
import { type AttributeName, entities, type Kind, type ValueOf } from "./entities.ts";
import { attributeOf, decode, encode, type Fact, idOf, later, type State } from "./facts.ts";

/** A fact that is carried across a link, as an ordinary fact of the entity at its other end. Link and fact meet in one item: whichever
 * is written later sees both, so it does not matter which came first. */
export interface Relay {
  readonly from: Kind;
  readonly fact: string;
  /** The linking attribute of `from`. */
  readonly over: string;
  readonly to: Kind;
  readonly as: string;
  /** What arrives where; undefined: nothing does. `from` is the id of the entity that it comes from. */
  readonly give: (
    value: Readonly<Record<string, string>>,
    from: string,
    link: Readonly<Record<string, string>>,
  ) => { readonly id: string; readonly value: string } | undefined;
}

interface Carrying<
  From extends Kind,
  Of extends AttributeName<From>,
  Over extends AttributeName<From>,
  To extends Kind,
> {
  readonly fact: Of;
  readonly over: Over;
  readonly to: To;
}

/** A relay with its types inferred from the entities' declaration. `target`: the id of the entity at the other end, where the link does not
 * hold it whole. */
function carry<
  From extends Kind,
  Of extends AttributeName<From>,
  Over extends AttributeName<From>,
  To extends Kind,
  As extends AttributeName<To>,
>(
  from: From,
  { fact, over, to }: Carrying<From, Of, Over, To>,
  as: As,
  give: (value: ValueOf<From, Of>, from: string, link: ValueOf<From, Over>) => ValueOf<To, As>,
  target?: (value: ValueOf<From, Of>, link: ValueOf<From, Over>, from: string) => string | undefined,
): Relay {
  return {
    ...{ from, fact, over, to, as },
    give: (parts, own, linked) => {
      const value = parts as ValueOf<From, Of>;
      const link = linked as ValueOf<From, Over>;
      const id = target === undefined ? linked.id : target(value, link, own);
      return id ? { id, value: encode(to, as, give(value, own, link)) } : undefined;
    },
  };
}

/** A pod that ended may finish a last request (detections.md B-04). */
const LATE_MS = 120_000;

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
  // That the audit log of a cluster is read, the pods learn that were served in that hour.
  carry("pulse", { fact: "audited", over: "exchange", to: "exchange" }, "audited", ({ time }) => ({ time })),
  carry(
    "exchange",
    { fact: "audited", over: "served", to: "pod" },
    "audited",
    ({ time }) => ({ time }),
    (_, { pod }) => pod,
  ),
];

/** The address that a key was used from, as one of its cluster or not. */
function placeOf({ ip }: ValueOf<"key", "out">, { account, region, cluster }: ValueOf<"key", "cluster">): string {
  return idOf("place", [account, region, cluster, ip]);
}

/** What an entity passes on. `changed`: attributes that were written just now; undefined: all of it. What a relay throws is given to `failed`, and the
 * others pass on what they have. */
export type Relaying = (
  state: State,
  changed?: ReadonlySet<string>,
  failed?: (relay: Relay, source: string, cause: unknown) => void,
) => readonly Fact[];

export function relayingOver(all: readonly Relay[]): Relaying {
  const byKind = Map.groupBy(all, ({ from }) => from);
  return (state, changed, failed) =>
    (byKind.get(state.kind) ?? []).flatMap((relay) => carried(relay, state, changed, failed));
}

export const relayed: Relaying = relayingOver(relays);

function carried(...[relay, state, changed, failed]: [Relay, ...Parameters<Relaying>]): readonly Fact[] {
  const { fact, over, to, as, give } = relay;
  const links = state.sets.get(over);
  if (links === undefined || (changed !== undefined && !changed.has(fact) && !changed.has(over))) return [];
  const facts: Fact[] = [];
  for (const [encoded, source] of state.sets.get(fact) ?? []) {
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
