import Type from "typebox";
import { canonicalAddress, inRanges, isPublic } from "../../../schemas/address.ts";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector, type EventOn } from "../../core/contracts.ts";
import { isProxy, type Site } from "../../core/site.ts";

/** B-53: a request that says it comes from somewhere else. All of sourceIPs but the last is the client's word
 * (audit-recorded.md 22). */
export const detector = defineEventDetector({
  meta: {
    id: "trail/forwarded-address",
    version: 1,
    title: "Client claimed another source address",
    description:
      "The API server logs what a client says in X-Forwarded-For before the address it really came from. Tools that read the first address believe the claim. Behind a known proxy that is how it should be; from anywhere else somebody covers where he is.",
    severity: "medium",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0005", technique: "T1036" },
      { tactic: "TA0011", technique: "T1090" },
    ],
    reads: ["sourceIPs", "user"],
    auditLevel: { needs: "Metadata" },
    references: ["https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/"],
    gaps: [
      "A proxy that is not declared in `proxies` (Teleport, Rancher, a cloud load balancer) is reported, at low, for each of its users.",
      "Values that are no addresses are dropped by the server and never logged.",
    ],
    triage: [
      {
        do: "Find who owns the peer, the last of sourceIPs. A layer 7 proxy of yours belongs in `proxies`.",
        audit:
          'fields requestReceivedTimestamp, user.username, verb, requestURI, userAgent | filter @message like "{source.ip}" | sort requestReceivedTimestamp asc',
      },
      {
        do: "See everything that identity did, and treat the peer as where it really was.",
        audit:
          'fields requestReceivedTimestamp, sourceIPs.0, sourceIPs.1, verb, requestURI, responseStatus.code | filter user.username = "{actor.name}" | sort requestReceivedTimestamp asc',
      },
    ],
  },
  on: "forwarded",
  params: Type.Object({}),
  detect(request, _params, site) {
    const { actor, facets } = request;
    const { peer, claimed } = facets.forwarded;
    if (isProxy(site, peer)) return undefined;
    // The aggregator and AWS's own components pass requests on inside the control plane.
    if (actor.kind === "control-plane" && !isPublic(peer)) return undefined;
    const inside = claimsInside(request, site);
    // Scanners of the internet send such headers with every request, and get nothing.
    const nobody = actor.kind === "anonymous";
    return {
      sentence: `${nameOf(actor)} came from ${peer} and claimed to come from ${claimed.join(", ")}`,
      on: `peer/${canonicalAddress(peer) ?? peer}`,
      severity: inside && !nobody ? "medium" : "low",
      evidence: [
        { field: "sourceIPs", value: [...claimed, peer].join(", ") },
        { field: "userAgent", value: request.userAgent },
      ].filter(({ value }) => value !== ""),
      reasons: inside ? ["the claim imitates the inside: a private or a known address, from a public peer"] : [],
      notExempted: nobody && inside ? ["without credentials: low"] : [],
    };
  },
});

/** A public peer that claims an address of the cluster: private, loopback, or what the site calls its own. */
function claimsInside({ facets }: EventOn<"forwarded">, { proxies, egress }: Site): boolean {
  const { peer, claimed } = facets.forwarded;
  const [first = ""] = claimed;
  return isPublic(peer) && (!isPublic(first) || inRanges(first, [...proxies, ...egress]));
}
