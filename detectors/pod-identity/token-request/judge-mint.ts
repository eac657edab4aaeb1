import type { Severity } from "../../../schemas/findings/finding.ts";
import type { EventOn, Hit } from "../../core/contracts.ts";
import type { TokenMinters } from "../../core/token-minters.ts";
import { attempted, lowered, stepped } from "../../core/weight.ts";
import { isForeign } from "../token-audiences.ts";
import { kinshipOf, listed, mintsByDesign, namesakes } from "../token-minters.ts";

interface Params {
  readonly minters: TokenMinters;
  readonly privileged: readonly string[];
  readonly longSeconds: number;
}

type Verdict = Required<Pick<Hit, "severity" | "reasons">> & Pick<Hit, "confidence">;

/** Life that a secret store or a controller asks for, at most. */
const HOUR_S = 3_600;

const WHOSE = {
  "same namespace": "a neighbour in its own namespace",
  "other namespace": "a service account of another namespace",
} as const;

const unsure = (reason: string): Verdict => ({ severity: "low", confidence: "low", reasons: [reason] });

/** How much a mint weighs, by who asked; undefined for what is routine. */
export function judgeMint(request: EventOn<"token">, params: Params): Verdict | undefined {
  const { actor, actingAs } = request;
  // A 401 names nobody: it is an anonymous request like any other.
  if (request.outcome === "unauthenticated") return undefined;
  if (actor.name === "system:kube-controller-manager" && actingAs === undefined) return byControllerManager(request);
  if (actor.kind === "control-plane" && !actor.name.startsWith("system:"))
    return unsure("AWS' own components do not mint tokens as a routine");
  return kinshipOf(request) === undefined ? byPerson(request, params) : byWorkload(request, params);
}

/** It mints for its own controllers, which all live in kube-system, without audience or binding, for an hour (seen). */
function byControllerManager(request: EventOn<"token">): Verdict | undefined {
  const { token } = request.facets;
  const routine =
    token.namespace === "kube-system" && token.audiences.length === 0 && (token.expirationSeconds ?? 0) <= HOUR_S;
  const reason = "the controller manager mints in kube-system only, for the API server, for an hour";
  return routine ? undefined : { severity: lowered("medium", attempted(request) ? 1 : 0), reasons: [reason] };
}

function byWorkload(request: EventOn<"token">, { minters, privileged }: Params): Verdict | undefined {
  const entries = listed(request, minters);
  if (mintsByDesign(request, entries, privileged)) return undefined;
  const { token } = request.facets;
  const kinship = kinshipOf(request);
  if (mintsByDesign(request, namesakes(request, minters), privileged))
    return unsure("named like a listed minter, in another namespace: list it if it is yours");
  const elsewhere = token.audiences.length > 0 && token.audiences.every(isForeign);
  if (kinship === "own" && elsewhere) return unsure("its own token, for an audience outside of cluster and account");
  const ordinary = kinship === "own" || !privileged.includes(token.namespace);
  if (entries.length > 0 && ordinary && (token.expirationSeconds ?? 0) <= HOUR_S) {
    // Vault's Kubernetes login takes tokens for the API server, and without a body the audience is unknown.
    return unsure(`a listed minter, but ${token.body ? "not for this audience" : "for an unknown audience"}`);
  }
  const down = (attempted(request) ? 1 : 0) + (elsewhere ? 1 : 0);
  const own = token.body ? "its own successor: life past the rotation" : "its own token, for an unknown audience";
  return {
    severity: lowered(kinship === "other namespace" ? "high" : "medium", down),
    reasons: [kinship === "own" ? own : WHOSE[kinship ?? "other namespace"]],
  };
}

function byPerson(request: EventOn<"token">, { privileged, longSeconds }: Params): Verdict {
  const { token } = request.facets;
  const { actingAs, actor } = request;
  if (actor.kind === "anonymous")
    return { severity: attempted(request) ? "low" : "high", reasons: ["without any identity"] };
  const inPrivileged = privileged.includes(token.namespace);
  const raises = [
    ...(actingAs === undefined ? [] : [`under impersonation of ${actingAs.name}`]),
    ...((token.expirationSeconds ?? 0) > longSeconds ? [`asked to live ${token.expirationSeconds} s`] : []),
    ...(actor.kind === "node" ? ["by a node's identity"] : []),
  ];
  const base: Severity = inPrivileged ? "medium" : "low";
  return {
    severity: lowered(stepped(base, raises.length, "high"), attempted(request) ? 1 : 0),
    reasons: [...(inPrivileged ? [`${token.namespace} is a privileged namespace`] : []), ...raises],
  };
}
