import Type from "typebox";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector } from "../../core/contracts.ts";
import { isProxy } from "../../core/site.ts";
import { quoted } from "../quoted.ts";

/** An auditID that no API server makes: the client sent it (audit-recorded.md 12). */
export const detector = defineEventDetector({
  meta: {
    id: "trail/odd-audit-id",
    version: 1,
    title: "Client chose the auditID of its request",
    description:
      "The API server makes a random UUID (version 4) for every request, unless the client brings an id of its own. No common client does. A chosen id is a test of what the log takes, or an attempt to confuse whoever tells requests apart by it.",
    severity: "medium",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0005", technique: "T1562.008" },
      { tactic: "TA0005", technique: "T1036" },
    ],
    reads: ["auditID"],
    auditLevel: { needs: "Metadata" },
    references: ["https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/"],
    gaps: [
      "A client that brings a random UUID of version 4 looks like the server; used twice, trail/reused-audit-id sees it.",
    ],
    triage: [
      {
        do: "Ask the owner of the identity which client sends an Audit-ID header. A proxy that does belongs in `proxies`.",
        audit:
          'fields requestReceivedTimestamp, auditID, userAgent, sourceIPs.0, sourceIPs.1, verb, requestURI | filter user.username = "{actor.name}" | sort requestReceivedTimestamp asc',
      },
      {
        do: "See whether the same id stands on other requests.",
        audit:
          'fields requestReceivedTimestamp, user.username, verb, requestURI, responseStatus.code | filter auditID = "{event}" | sort requestReceivedTimestamp asc',
      },
    ],
  },
  on: "oddAuditId",
  params: Type.Object({}),
  detect(request, _params, site) {
    const { actor, facets, sourceIP, userAgent, verb, path } = request;
    const { auditID, why } = facets.oddAuditId;
    const proxied = isProxy(site, sourceIP);
    return {
      sentence: `${nameOf(actor)} sent ${verb} ${path} with an auditID of its own, ${quoted(auditID)}: ${why}`,
      // Ids may hide different requests, so each is told; a proxy that marks every request would make a finding of
      // each.
      on: proxied ? "auditIDs through a proxy" : `audit-id/${auditID}`,
      severity: why === "not a UUID" && !proxied ? "medium" : "low",
      evidence: [
        { field: "auditID", value: auditID },
        { field: "userAgent", value: userAgent },
        { field: "sourceIPs", value: sourceIP ?? "" },
      ].filter(({ value }) => value !== ""),
      notExempted: proxied ? [`came through the proxy ${sourceIP ?? ""}, which may mark its requests`] : [],
    };
  },
});
