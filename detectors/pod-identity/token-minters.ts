import type { EventOn } from "../core/contracts.ts";
import { mintsFor, type TokenMinters } from "../core/token-minters.ts";
import { isForeign } from "./token-audiences.ts";

/** Whose token a service account mints, itself acting under no other name. */
export type Kinship = "own" | "same namespace" | "other namespace";

export function kinshipOf({ actor, facets, actingAs }: EventOn<"token">): Kinship | undefined {
  if (actor.serviceAccount === undefined || actingAs !== undefined) return undefined;
  const { namespace, serviceAccount } = facets.token;
  if (actor.serviceAccount.namespace !== namespace) return "other namespace";
  return actor.serviceAccount.name === serviceAccount ? "own" : "same namespace";
}

const minterOf = ({ actor, actingAs }: EventOn<"token">): string =>
  actor.serviceAccount === undefined || actingAs !== undefined
    ? ""
    : `${actor.serviceAccount.namespace}/${actor.serviceAccount.name}`;

/** The entries of whoever asks, itself acting under no other name. */
export const listed = (request: EventOn<"token">, minters: TokenMinters): TokenMinters =>
  minters.filter(({ serviceAccount }) => serviceAccount === minterOf(request));

/** Entries for a service account of the same name elsewhere: an installation under another namespace, or an imitation. */
export function namesakes(request: EventOn<"token">, minters: TokenMinters): TokenMinters {
  const [namespace, name] = minterOf(request).split("/");
  return minters.filter(({ serviceAccount }) => {
    const [itsNamespace, itsName] = serviceAccount.split("/");
    return itsName === name && itsNamespace !== namespace;
  });
}

/** True for a token that these entries were made for: a configured audience, or the minter's own token for anybody but AWS and the API
 * server; never the token of a privileged namespace that is not its own, unless a pod holds it. */
export function mintsByDesign(
  request: EventOn<"token">,
  entries: TokenMinters,
  privileged: readonly string[],
): boolean {
  const { token } = request.facets;
  if (entries.length === 0 || token.audiences.length === 0) return false;
  const own = kinshipOf(request) === "own";
  const toPod = token.boundTo?.kind === "Pod";
  if (!own && !toPod && privileged.includes(token.namespace)) return false;
  return token.audiences.every(
    (audience) => (own && isForeign(audience)) || entries.some((entry) => mintsFor(entry, audience, toPod)),
  );
}
