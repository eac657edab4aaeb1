import Type from "typebox";
import type { Severity } from "../../../schemas/findings/finding.ts";
import { nameOf } from "../../core/actors.ts";
import { oddities } from "../../core/component-shape.ts";
import { defineEventDetector } from "../../core/contracts.ts";
import { deed, evidenceOf, type Impersonating, isInquiry, rebuffed, wanted } from "../acting-as.ts";
import { privilegesOf } from "../privilege.ts";

/** B-22: a node that acts, or tries to act, as anything but a component of Auto Mode. */
export const detector = defineEventDetector({
  meta: {
    id: "impersonation/node-impersonates",
    version: 1,
    title: "Node identity impersonated somebody else",
    description:
      "A node of EKS Auto Mode impersonates its own components and nobody else. A node that asks for another name, allowed or not, is in somebody else's hands, or its credentials are.",
    severity: "critical",
    confidence: "high",
    status: "stable",
    attack: [
      { tactic: "TA0004", technique: "T1134" },
      { tactic: "TA0008", technique: "T1550.001" },
    ],
    reads: ["user", "impersonatedUser", "responseStatus"],
    auditLevel: { needs: "Metadata" },
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/auto-security.html",
      "https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation",
    ],
    gaps: [
      "Reads of nodes by a node are not logged, under impersonation neither (rule 4 of the audit policy of EKS).",
      "On 1.33 a group or uid without a user is answered with a bare 500 and cannot be told.",
      "On 1.36 the refusal of a node without any right names no target: low, as its components look the same.",
    ],
    triage: [
      {
        do: "See everything that the node's identity tried, and from which addresses. Components run at a steady pace from the node's own address; what stands out is the thief.",
        audit:
          'fields requestReceivedTimestamp, verb, requestURI, impersonatedUser.username, responseStatus.code, responseStatus.message, sourceIPs.0, sourceIPs.1 | filter user.username = "{actor.name}" | sort requestReceivedTimestamp desc',
      },
      {
        do: "See what the same key did in AWS: use outside of the instance means that it was stolen.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, sourceIPAddress, userAgent, errorCode | filter userIdentity.accessKeyId = "{actor.key}" | sort eventTime asc',
      },
      {
        do: "List what runs on the node: one of these pods is the way in, if the key was not stolen elsewhere. Keep their specs, then delete the node.",
        cli: "kubectl get pods -A -o wide --field-selector spec.nodeName='{actor.instance}'",
      },
    ],
  },
  on: "impersonation",
  params: Type.Object({}),
  detect(request) {
    const { actor, facets } = request;
    const { granted, targetClass } = facets.impersonation;
    if (actor.kind !== "node" || targetClass === "component") return undefined;
    const name = wanted(facets.impersonation);
    const privileges = privilegesOf(facets.impersonation);
    const hit = { on: `as ${name}`, evidence: evidenceOf(request), reasons: privileges };
    if (granted) {
      const sentence = `${nameOf(actor)} acted as ${name} ${deed(request)}`;
      return { ...hit, sentence, severity: severityOf(request, privileges.length > 0) };
    }
    const sentence = `${nameOf(actor)} tried to act as ${name} and was refused`;
    if (!maybeComponent(request)) return { ...hit, sentence, severity: severityOf(request, privileges.length > 0) };
    // One finding a node, whose components try again for ever with keys that change every few hours.
    const ordinary = { by: `instance/${actor.instanceId}`, severity: "low", confidence: "low" } as const;
    return {
      ...hit,
      ...ordinary,
      sentence,
      reasons: ["a component looks the same when the node lacks its access policy"],
    };
  },
});

/** A node of the expected shape, refused a name that the record does not tell (1.36), or the one group that components have. */
function maybeComponent(request: Impersonating): boolean {
  const { refusedPart, groups } = request.facets.impersonation;
  const own = refusedPart === "unnamed" || (groups.length === 1 && groups[0] === "system:authenticated");
  return own && oddities(request).length === 0;
}

function severityOf(request: Impersonating, privileged: boolean): Severity {
  // Not low as for people: nobody tests rights with a node's identity.
  if (isInquiry(request)) return "medium";
  if (request.facets.impersonation.granted) return privileged && !rebuffed(request) ? "critical" : "high";
  return privileged ? "high" : "medium";
}
