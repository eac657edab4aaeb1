import { nameOf } from "../core/actors.ts";
import type { EventOn, Evidence } from "../core/contracts.ts";

/** Longest life that a kubelet or EKS asks for by itself: a day (EKS caps every token there). */
export const DAY_S = 86_400;

/** A TokenRequest in words: who, what became of it, whose token, and the fields that say so. */
export interface Minting {
  readonly sentence: string;
  readonly on: string;
  readonly evidence: readonly Evidence[];
}

const DID = {
  success: "minted a token",
  started: "minted a token",
  denied: "was refused a token",
  refused: "was refused a token",
  unauthenticated: "was refused a token",
  failed: "failed to mint a token",
  unknown: "asked for a token",
} as const;

/** A kubelet acting as itself: a node's identity that impersonates nobody, nor was refused to (then nobody is named). */
export const byKubelet = ({ actor, facets }: EventOn<"token">): boolean =>
  actor.kind === "node" && facets.impersonation === undefined;

export function mintingOf(request: EventOn<"token">): Minting {
  const { actor, actingAs, facets, outcome } = request;
  const { namespace, serviceAccount, body, audiences, expirationSeconds, boundTo, credentialId } = facets.token;
  const who = actingAs === undefined ? nameOf(actor) : `${nameOf(actor)}, as ${nameOf(actingAs)},`;
  const whom = audiences.length > 0 ? ` for ${audiences.join(", ")}` : "";
  return {
    sentence: `${who} ${DID[outcome]} of service account ${namespace}/${serviceAccount}${whom}`,
    on: `serviceaccounts/${namespace}/${serviceAccount}`,
    evidence: [
      { field: "user.username", value: actor.name },
      { field: "impersonatedUser.username", value: actingAs?.name ?? "" },
      { field: "objectRef", value: `${namespace}/${serviceAccount}` },
      { field: "requestObject.spec.audiences", value: audiences.join(", ") },
      { field: "requestObject.spec.expirationSeconds", value: expirationSeconds?.toString() ?? "" },
      { field: "requestObject.spec.boundObjectRef", value: bindingText(body, boundTo) },
      { field: "annotations.authentication.kubernetes.io/issued-credential-id", value: credentialId ?? "" },
      { field: "responseStatus.message", value: request.message },
    ].filter(({ value }) => value !== ""),
  };
}

/** Only a body can tell that there is no binding. */
function bindingText(body: boolean, boundTo: { readonly kind: string; readonly name: string } | undefined): string {
  if (boundTo !== undefined) return `${boundTo.kind}/${boundTo.name}`;
  return body ? "none" : "";
}
