import Type from "typebox";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector } from "../../core/contracts.ts";
import { isProxy } from "../../core/site.ts";
import { quoted } from "../quoted.ts";

/** One auditID on two requests: the client chose it, by the Audit-ID header (audit-recorded.md 12). */
export const detector = defineEventDetector({
  meta: {
    id: "trail/reused-audit-id",
    version: 1,
    title: "One auditID on two different requests",
    description:
      "The API server gives every request a random auditID, unless the client brings its own. Most tools take the auditID for the request's identity and drop the second event that has it: whoever uses one twice hides the second request from them.",
    severity: "medium",
    confidence: "high",
    status: "stable",
    attack: [
      { tactic: "TA0005", technique: "T1562.008" },
      { tactic: "TA0005", technique: "T1036" },
    ],
    reads: ["auditID", "requestReceivedTimestamp", "verb", "requestURI"],
    auditLevel: { needs: "Metadata" },
    references: ["https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/"],
    gaps: [
      "The two requests must stand within the memory of recent ids, and be read by the same worker.",
      "The finding quotes the request that was read second, and is reckoned to its caller; the query shows both.",
    ],
    triage: [
      {
        do: "Read every request with this id; the one with the lesser name may be the cover.",
        audit:
          'fields requestReceivedTimestamp, user.username, sourceIPs.0, sourceIPs.1, verb, requestURI, responseStatus.code | filter auditID = "{event}" | sort requestReceivedTimestamp asc',
      },
      {
        do: "See what else that identity did around that time, and check that other tools kept both requests.",
        audit:
          'fields requestReceivedTimestamp, auditID, verb, requestURI, responseStatus.code | filter user.username = "{actor.name}" | sort requestReceivedTimestamp asc',
      },
    ],
  },
  on: "reusedAuditId",
  params: Type.Object({}),
  detect(request, _params, site) {
    const { actor, facets, verb, path, sourceIP } = request;
    const { auditID } = facets.reusedAuditId;
    const proxied = isProxy(site, sourceIP);
    return {
      sentence: `${nameOf(actor)} sent ${verb} ${path} with auditID ${quoted(auditID)}, which another request has as well`,
      // Not about who came second: either order of the two requests is one finding.
      by: `audit-id/${auditID}`,
      on: "audit log",
      severity: proxied ? "low" : "medium",
      evidence: [
        { field: "auditID", value: auditID },
        { field: "requestReceivedTimestamp", value: request.receivedAt },
        { field: "requestURI", value: request.uri },
        { field: "user.username", value: actor.name },
        { field: "sourceIPs", value: sourceIP ?? "" },
      ],
      notExempted: proxied ? [`came through the proxy ${sourceIP ?? ""}, which may pass its clients' ids on`] : [],
    };
  },
});
