import { isPublic } from "../../../schemas/address.ts";
import type { Severity } from "../../../schemas/findings/finding.ts";
import type { DetectorMeta } from "../../core/contracts.ts";

interface OfToken {
  readonly token: string;
}
interface OfNode {
  readonly node: string;
}
interface At {
  readonly ip: string;
}

/** What is told of one address on one day. */
export interface Told {
  readonly ip: string;
  readonly day: string;
  readonly heard: readonly OfNode[];
  /** More nodes spoke from here than are kept. */
  readonly crowded: boolean;
  readonly nodeIps: readonly (OfNode & At)[];
  readonly spoke: readonly (OfNode & At & { readonly time: string })[];
  readonly used: readonly OfToken[];
  readonly homes: readonly (OfToken & At & { readonly whose: string })[];
  readonly nodes: readonly (OfToken & OfNode)[];
  readonly alsoUsed: readonly (OfToken & At)[];
}

export interface Elsewhere {
  readonly severity: Severity;
  readonly confidence: DetectorMeta["confidence"];
  readonly reason: string;
  readonly node: string;
  /** Addresses that are the pod's. */
  readonly homes: readonly string[];
}

/** What a token's use at this address is worth; undefined where it belongs there, or where nobody can tell. */
export function judgeAt(told: Told): (token: string) => Elsewhere | undefined {
  const { ip } = told;
  const nodeOf = new Map(told.nodes.map(({ token, node }) => [token, node]));
  const rightsOf = Map.groupBy(told.homes, ({ token }) => token);
  const usesOf = Map.groupBy(told.alsoUsed, ({ token }) => token);
  const heard = new Set(told.heard.map(({ node }) => node));
  const ofAnotherPod = told.homes.some((home) => home.whose === "pod" && home.ip === ip);
  /** Where a token is used and belongs: its pod lives and uses it. */
  const useAtHome = (token: string): string | undefined =>
    usesOf.get(token)?.find((use) => rightsOf.get(token)?.some((right) => right.ip === use.ip))?.ip;
  // Pods may leave by a way of their own, and then never come from their own address. The tokens of a thief do both, as long as their pods use them.
  const strangers = new Set(told.used.map(({ token }) => token).filter((token) => useAtHome(token) === undefined));
  const strangeNodes = new Set([...strangers].flatMap((token) => nodeOf.get(token) ?? []));

  return (token) => {
    const node = nodeOf.get(token);
    const rights = rightsOf.get(token) ?? [];
    const homes = rights.filter(({ whose }) => whose === "pod").map((home) => home.ip);
    if (node === undefined || homes.length === 0 || rights.some((right) => right.ip === ip)) return undefined;
    if (told.crowded || othersThan(node, heard) >= 2 || speaksHere(node, told)) return undefined;
    const found = { node, homes, severity: "high", confidence: "high" } as const;
    const own = useAtHome(token);
    if (own !== undefined) return { ...found, reason: `it was used from ${own} as well, where it belongs` };
    if (ofAnotherPod) return { ...found, reason: `${ip} is the address of another pod` };
    if (othersThan(node, strangeNodes) >= 2) return undefined;
    if (isPublic(ip)) return { ...found, confidence: "medium", reason: `nothing else of the cluster comes from ${ip}` };
    const reason = `${ip} may be a second interface of the pod, which itself never used the token`;
    return { ...found, severity: "low", confidence: "low", reason };
  };
}

const othersThan = (node: string, nodes: ReadonlySet<string>): number => nodes.size - (nodes.has(node) ? 1 : 0);

/** The pod's node speaks from here, as it always does. Whoever stole its identity together with the token speaks from here, too, but then the node still
 * speaks from elsewhere. */
function speaksHere(node: string, { ip, day, heard, nodeIps, spoke }: Told): boolean {
  if (!heard.some((entry) => entry.node === node)) return false;
  if (nodeIps.some((entry) => entry.node === node && entry.ip === ip)) return true;
  return spoke.every((entry) => entry.node !== node || entry.ip === ip || !entry.time.startsWith(day));
}
