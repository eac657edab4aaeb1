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

/** Values, sorted by time, of one node, that lie in a window with so many different objects. */
export function dense<R extends Refused>(values: readonly R[], objects: number, windowMs: number): readonly R[] {
  const times = values.map(({ time }) => Date.parse(time));
  const kept = new Set<R>();
  let end = 0;
  for (const [start, time] of times.entries()) {
    while (end < times.length && (times[end] ?? 0) - time <= windowMs) end += 1;
    const within = values.slice(start, end);
    if (new Set(within.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`)).size < objects) continue;
    for (const value of within) kept.add(value);
  }
  return [...kept];
}

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
    (theirs) => new Set(theirs.map((other) => `${other.kind} ${other.namespace}/${other.name}`)).size >= objects,
  ).length;
  const peers = new Set(atWork.filter((peer) => peer.time.slice(0, 10) === time.slice(0, 10)).map((peer) => peer.node));
  peers.delete(node);
  return troubled >= others || (troubled > 0 && troubled * 2 >= peers.size);
}
