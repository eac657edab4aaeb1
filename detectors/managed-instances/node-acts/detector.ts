import Type from "typebox";
import type { Deed } from "../../../schemas/events/k8s-audit/facets/node-deed.ts";
import type { Severity } from "../../../schemas/findings/finding.ts";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector, type EventOn, type Hit } from "../../core/contracts.ts";
import { attempted, lowered } from "../../core/weight.ts";

type Request = EventOn<"nodeDeed">;

/** B-31, without its baseline: a node's own identity at work that is no kubelet's. */
export const detector = defineEventDetector({
  meta: {
    id: "managed-instances/node-acts",
    version: 1,
    title: "Node identity did what no kubelet does",
    description:
      "The identity of a node belongs to its kubelet, which reads what its own pods need and reports on itself. Commands in containers, lists of Secrets, roles, workloads or other nodes are somebody with the node's credentials. Kubernetes refuses most of it: the refusal is the sign.",
    severity: "high",
    confidence: "high",
    status: "stable",
    attack: [
      { tactic: "TA0005", technique: "T1078.004" },
      { tactic: "TA0007", technique: "T1613" },
    ],
    reads: ["user", "verb", "requestURI", "objectRef", "requestObject", "responseStatus"],
    auditLevel: { needs: "Metadata", better: "Request" },
    references: [
      "https://kubernetes.io/docs/reference/access-authn-authz/node/",
      "https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction",
    ],
    gaps: [
      "Reads of what the node's own pods use are a kubelet's work, and what a thief of its credentials gets as well.",
      "Reads of nodes by a node are not logged unless they are lists. Tokens that a node mints are pod-identity/node-token; what it does under impersonation is impersonation/*.",
      "A pod that has just left makes a kubelet ask for what it may no longer have: single refused reads of pods are silent, of Secrets low.",
    ],
    triage: [
      {
        do: "See everything that the node's key did, and from where: a kubelet has one address and one client.",
        audit:
          'fields requestReceivedTimestamp, verb, requestURI, responseStatus.code, sourceIPs.0, sourceIPs.1, userAgent | filter user.username = "{actor.name}" and not (objectRef.resource in ["leases", "events"]) | sort requestReceivedTimestamp desc',
      },
      {
        do: "See what the same key did in AWS: anything but images and pod tokens is theft.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, errorCode, sourceIPAddress, userAgent | filter userIdentity.accessKeyId = "{actor.key}" or userIdentity.principalId like ":{actor.instance}" | sort eventTime asc',
      },
      {
        do: "Compare the address with the node's own, and list what runs there: one of these pods is the way in. Replace the node when the key is out.",
        cli: "kubectl get node '{actor.instance}' -o wide; kubectl get pods -A -o wide --field-selector spec.nodeName='{actor.instance}'",
      },
    ],
  },
  on: "nodeDeed",
  params: Type.Object({}),
  detect(request): Hit | undefined {
    const { actor, object, code, message, facets, userAgent, uri } = request;
    const { deed } = facets.nodeDeed;
    // Pods are mirror-pod's.
    const base = WORTH[deed];
    if (base === undefined) return undefined;
    const auto = actor.instanceId !== undefined;
    const kind = `${object.resource}${object.subresource && `/${object.subresource}`}`;
    const severity = lowered(base, (attempted(request) ? 1 : 0) + (auto ? 0 : 1));
    return {
      sentence: `${nameOf(actor)} ${did(request, kind)}`,
      on: `${deed} ${kind}`,
      severity,
      confidence: base === "low" ? "low" : "high",
      evidence: [
        { field: "user.username", value: actor.name },
        { field: "requestURI", value: uri },
        { field: "responseStatus.code", value: `${code ?? ""}` },
        { field: "responseStatus.message", value: attempted(request) ? message : "" },
      ].filter(({ value }) => value !== ""),
      reasons: [
        ...(auto ? [] : ["the node's name is no instance id, so it is not known to be Auto Mode's"]),
        // The client chooses what it says: a kubelet's name clears nothing.
        ...(userAgent.startsWith("kubelet/")
          ? []
          : [`the client does not call itself a kubelet: ${userAgent || "nothing"}`]),
      ],
    };
  },
});

/** What each is worth when it succeeds. */
const WORTH: Readonly<Partial<Record<Deed, Severity>>> = {
  stream: "high",
  read: "high",
  rights: "high",
  workload: "high",
  "custom-resource": "high",
  "other-node": "high",
  certificate: "high",
  eviction: "medium",
  "own-node": "low",
  "other-pod": "low",
  list: "low",
  guess: "low",
};

function did(request: Request, kind: string): string {
  const { verb, object, code, outcome } = request;
  const where = [object.namespace, object.name].filter(Boolean).join("/");
  const what = `${verb} ${kind}${where && ` ${where}`}`;
  if (attempted(request)) return `asked to ${what} and got ${code ?? "no answer"}`;
  return outcome === "started" ? `started to ${what} (101 does not prove that it ran)` : `was allowed to ${what}`;
}
