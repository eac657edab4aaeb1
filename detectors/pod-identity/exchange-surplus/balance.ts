import { APART_MS } from "../../core/exchange-time.ts";

interface Ask {
  readonly at: number;
  readonly time: string;
  readonly node: string;
  readonly event: string;
}

export interface Session {
  readonly at: number;
  readonly time: string;
  readonly pod: string;
  readonly key: string;
  /** `namespace/name`; empty where it was told before names were. */
  readonly name: string;
  readonly source: string;
  /** Where the pod runs; none: not known. */
  readonly nodes: readonly string[];
}

/** What one node asked for and what its pods were given, between two quiet gaps: both halves of every exchange are in it. */
export interface Balance {
  readonly node: string;
  readonly from: number;
  readonly to: number;
  readonly asks: readonly Ask[];
  readonly sessions: readonly Session[];
  /** Asked at least so often more than its pods were given sessions. */
  readonly surplus: number;
  /** At least so many of its pods were given a session that it did not ask for. */
  readonly deficit: number;
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** Whether two spans can hold the two halves of one exchange, which lie `apart` (ms) at most. */
export const near = (a: Span, b: Span, apart = APART_MS): boolean => a.from - b.to <= apart && b.from - a.to <= apart;

/** Node by node, cut wherever the node and its pods are quiet for longer than the halves of an exchange lie apart. */
export function balanced(asks: readonly Ask[], sessions: readonly Session[]): readonly Balance[] {
  const nodes = new Set([...asks.map(({ node }) => node), ...sessions.flatMap((session) => session.nodes)]);
  return [...nodes].sort().flatMap((node) => {
    const own = [
      ...asks.filter((ask) => ask.node === node),
      ...sessions.filter((session) => session.nodes.includes(node)),
    ].sort((a, b) => a.at - b.at);
    const groups: (typeof own)[] = [];
    for (const half of own) {
      const group = groups.at(-1);
      if (group === undefined || half.at - (group.at(-1)?.at ?? 0) > APART_MS) groups.push([half]);
      else group.push(half);
    }
    return groups.map((group) => balanceOf(node, group));
  });
}

function balanceOf(node: string, group: readonly (Ask | Session)[]): Balance {
  const asks = group.filter((half) => "event" in half);
  const sessions = group.filter((half) => "pod" in half);
  // A pod that two nodes claim is a debt of neither.
  const certain = new Set(sessions.filter(({ nodes }) => nodes.length === 1).map(({ pod }) => pod));
  return {
    ...{ node, asks, sessions },
    from: group[0]?.at ?? 0,
    to: group.at(-1)?.at ?? 0,
    surplus: Math.max(0, asks.length - sessions.length),
    deficit: Math.max(0, certain.size - asks.length),
  };
}
