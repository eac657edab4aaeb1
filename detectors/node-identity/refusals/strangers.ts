import { TROUBLE_MS } from "../../core/settle-times.ts";

interface Refused {
  readonly time: string;
  readonly node: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** Refusals of objects that are no business of the node's. Of a pod: it is known, and was on other nodes only. Of anything else: the node had no pod of its
 * namespace, and had some that are known, so that the log tells of them. */
export function strangers<R extends Refused>(
  all: readonly R[],
  ran: readonly { readonly node: string; readonly namespace: string }[],
  boundTo: readonly { readonly node: string; readonly namespace: string; readonly name: string }[],
): readonly R[] {
  const namespaces = Map.groupBy(ran, ({ node }) => node);
  const nodes = Map.groupBy(boundTo, ({ namespace, name }) => `${namespace}/${name}`);
  return all.filter(({ node, kind, namespace, name }) => {
    const known = kind === "pod" ? nodes.get(`${namespace}/${name}`) : namespaces.get(node);
    if (known === undefined) return false;
    return !known.some((one) => (kind === "pod" ? one.node === node : one.namespace === namespace));
  });
}

/** The refusals of one node, sorted by time, that lie together with `due` in a window of so many different objects. */
export function around<R extends Refused>(
  due: Refused,
  values: readonly R[],
  objects: number,
  windowMs: number,
): readonly R[] {
  const kept = new Set<R>();
  // Minutes, not values: a flood of refusals has few of them.
  for (const start of new Set(values.map(({ time }) => Date.parse(time)))) {
    if (Math.abs(start - Date.parse(due.time)) > windowMs) continue;
    const within = values.filter(({ time }) => Date.parse(time) >= start && Date.parse(time) <= start + windowMs);
    if (!within.some((value) => nameIn(value) === nameIn(due) && value.time === due.time)) continue;
    if (new Set(within.map(nameIn)).size < objects) continue;
    for (const value of within) kept.add(value);
  }
  return [...kept];
}

const nameIn = ({ kind, namespace, name }: Refused): string => `${kind} ${namespace}/${name}`;

/** Others are in the same trouble around that time: a fault, or a change of policy. Each has to be refused as much as the accused would be. */
export function isShared(
  { node, time }: Refused,
  all: readonly Refused[],
  atWork: readonly { readonly time: string; readonly node: string }[],
  { objects, others }: { readonly objects: number; readonly others: number },
): boolean {
  const near = all.filter(
    (other) => other.node !== node && Math.abs(Date.parse(other.time) - Date.parse(time)) <= TROUBLE_MS,
  );
  const troubled = [...Map.groupBy(near, (other) => other.node).values()].filter(
    (theirs) => new Set(theirs.map(nameIn)).size >= objects,
  ).length;
  const peers = new Set(atWork.filter((peer) => peer.time.slice(0, 10) === time.slice(0, 10)).map((peer) => peer.node));
  peers.delete(node);
  return troubled >= others || (troubled > 0 && troubled * 2 >= peers.size);
}
