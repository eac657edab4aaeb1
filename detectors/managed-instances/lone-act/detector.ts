import type { Severity } from "../../../schemas/findings/finding.ts";
import { ALONE_MS } from "../../core/settle-times.ts";
import { defineSettledDetector } from "../../ledger/contracts.ts";
import { aloneIn, Crowd, type Did } from "../alone.ts";

const DAY_MS = 24 * 60 * 60_000;

/** B-31 with its baseline: what a node does that no kubelet is known for, and that the other nodes do not do. */
export const detector = defineSettledDetector({
  meta: {
    id: "managed-instances/lone-act",
    version: 1,
    title: "One node did what no kubelet does and no other node did",
    description:
      "Nodes of a cluster are alike: an agent that comes with a new image comes to many of them. This node's identity asked for something that no kubelet or known agent asks for, and that the others do not ask for either. Somebody may be trying out its credentials.",
    severity: "medium",
    confidence: "low",
    status: "stable",
    attack: [
      { tactic: "TA0005", technique: "T1078.004" },
      { tactic: "TA0007", technique: "T1613" },
    ],
    reads: ["user", "verb", "objectRef", "requestURI", "responseStatus.code"],
    auditLevel: { needs: "Metadata", better: "Request" },
    references: [
      "https://kubernetes.io/docs/reference/access-authn-authz/node/",
      "https://docs.aws.amazon.com/eks/latest/userguide/automode-learn-instances.html",
    ],
    gaps: [
      "What kubelets do by right is not looked at, whoever does it: that is most of what a thief of a node's credentials can do.",
      "A cluster with fewer than four nodes at work has nothing to compare with.",
      "A thief with the identities of four nodes, or of half of them, is a crowd.",
      "Requests without a resource (/api, /openapi) are not compared: agents make them when they start, which few nodes do on one day.",
    ],
    triage: [
      {
        do: "See everything that the node's identity did around that time, and from where. A kubelet has one address and one client.",
        audit:
          'fields requestReceivedTimestamp, verb, requestURI, responseStatus.code, sourceIPs.0, sourceIPs.1, userAgent | filter user.username = "{actor.name}" and not (objectRef.resource in ["leases", "events"]) | sort requestReceivedTimestamp desc',
      },
      {
        do: "See which nodes ask for the same: a new agent shows up on more of them, one that belongs to a kind of instance on those.",
        audit:
          'fields user.username, verb, objectRef.apiGroup, objectRef.resource, userAgent | filter user.username like "system:node:" and not ispresent(impersonatedUser.username) | stats count(*), count_distinct(user.username) by verb, objectRef.apiGroup, objectRef.resource, userAgent',
      },
      {
        do: "See what the instance's credentials did in AWS. Anything but images and pod tokens is theft: replace the node.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, errorCode, sourceIPAddress, userAgent | filter userIdentity.principalId like ":{actor.instance}" | sort eventTime asc',
      },
    ],
  },
  watch: "act",
  anchor: "did",
  settleMs: ALONE_MS,
  coldness: { warm: { trail: "k8s-audit", ms: DAY_MS } },
  params: Crowd,
  detect(act, { params }) {
    const [of] = act.all("of");
    const isAlone = aloneIn(act, params);
    const what = of?.act ?? "";
    return (did) => {
      if (did.deed === "pod" || !isAlone(did)) return [];
      return [
        {
          sentence: `Node ${did.node} did what no kubelet does and no other node did`,
          // One thief tries several things.
          by: `node/${did.node}`,
          on: "alone",
          at: did.time,
          actor: {
            ...{ kind: "node", name: `system:node:${did.node}`, groups: [] },
            instanceId: did.node,
          },
          action: what.replace(/ \(.*\)$/, ""),
          target: did.node,
          scope: { cluster: of?.cluster ?? "" },
          outcome: did.outcome === "refused" ? "attempt" : "success",
          severity: worthOf(did, what),
          evidence: [{ field: "act.did", value: `${did.time} ${what}: ${did.outcome}`, event: did.source }],
          reasons: [`${what}: ${did.outcome}`],
        },
      ];
    };
  },
});

const WRITES = /^(?:create|update|patch|delete|deletecollection) /;

/** Deeds that are low by themselves weigh more when nobody else does them. What was refused, or read, of kinds that no rule names, is little. */
function worthOf({ deed, outcome }: Did, act: string): Severity {
  return deed !== "" || (outcome !== "refused" && WRITES.test(act)) ? "medium" : "low";
}
