import { isPublic } from "../../../schemas/address.ts";
import type { Severity } from "../../../schemas/findings/finding.ts";
import { nameOf } from "../../core/actors.ts";
import { componentOf, isDiscovery, needless, oddities } from "../../core/component-shape.ts";
import { defineEventDetector } from "../../core/contracts.ts";
import { lowered } from "../../core/weight.ts";
import { completed } from "../../ledger/contracts.ts";
import { deed, evidenceOf, type Impersonating, isSelfReview, rebuffed } from "../acting-as.ts";
import { learned, params } from "./known.ts";

/** B-21 f: a real node, as one of its components, doing what that component is not known to do. */
const ofEvents = defineEventDetector({
  meta: {
    id: "impersonation/component-envelope",
    version: 2,
    title: "Node component acted outside of what it is known to do",
    description:
      "Each node component of EKS Auto Mode needs a handful of reads and status updates. Whoever holds a node's credentials has every component's name, and will ask for more. What a component may do is not published: until a site confirms a component, this is context and not an alarm.",
    severity: "high",
    confidence: "low",
    status: "stable",
    attack: [
      { tactic: "TA0004", technique: "T1134" },
      { tactic: "TA0007", technique: "T1613" },
    ],
    reads: ["user", "impersonatedUser", "verb", "objectRef", "responseStatus.code", "sourceIPs"],
    auditLevel: { needs: "Metadata" },
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html",
      "https://docs.aws.amazon.com/eks/latest/userguide/auto-security.html",
    ],
    gaps: [
      "Envelopes are inferred from drafts of the components' roles: low until the component is listed in `confirmed`, medium when one node alone goes beyond for a day.",
      "A thief who keeps to a component's envelope is not seen here.",
      "Reads of nodes by a node are not logged, under impersonation neither.",
    ],
    triage: [
      {
        do: "See whether the same component does it on other nodes: on many it is a platform update, on one it is that node. The rarest requests stand on top.",
        audit:
          'filter impersonatedUser.username = "{actingAs.name}" | stats count(*) as requests, count_distinct(user.username) as nodes by objectRef.resource, objectRef.subresource, verb | sort nodes asc',
      },
      {
        do: "See where the node's key was used from and what else it did: another address than the node's own is theft.",
        audit:
          'fields requestReceivedTimestamp, impersonatedUser.username, verb, requestURI, sourceIPs.0, sourceIPs.1, userAgent | filter user.username = "{actor.name}" | sort requestReceivedTimestamp desc',
        cloudtrail:
          'fields eventTime, eventSource, eventName, sourceIPAddress | filter userIdentity.accessKeyId = "{actor.key}" | sort eventTime asc',
      },
      {
        do: "Compare the address in the finding with the node's own. If they differ and no NAT explains it, delete the node: that ends the renewal of its credentials.",
        cli: "kubectl get node '{actor.instance}' -o wide",
      },
    ],
    syntheticShape: true,
  },
  on: "impersonation",
  params,
  detect(request, { envelopes, confirmed }) {
    const { actor, object, path, verb, facets } = request;
    const { granted, target = "" } = facets.impersonation;
    const component = componentOf(target);
    const known = envelopes.filter((envelope) => envelope.component === component);
    // An unlisted name, and another shape than a component's own, are impersonation/eks-auto-component's.
    if (component === undefined || !granted || known.length === 0 || oddities(request).length > 0) return undefined;
    const asked = object.resource === "" ? path : `${object.resource}${object.subresource && `/${object.subresource}`}`;
    if (isDiscovery(request)) return undefined;
    if (known.some(({ verbs, resources }) => verbs.includes(verb) && resources.includes(asked))) return undefined;
    const sure = confirmed.includes(component);
    const severe = needless(request);
    return {
      sentence: `${nameOf(actor)} acted as ${target} ${deed(request)}, which that component is not known to do`,
      // A finding a node and component, not a resource, so that a sweep is one; what no component needs stands apart, as it must not drown in
      // what a platform update changed. By node: its keys change every few hours.
      by: `instance/${actor.instanceId}`,
      on: `${target} ${severe ? "beyond any component" : "outside of its envelope"}`,
      severity: sure ? severityOf(request, severe) : "low",
      confidence: sure ? "high" : "low",
      evidence: [...evidenceOf(request), { field: "verb", value: verb }, { field: "objectRef.resource", value: asked }],
      reasons: [
        severe ? `no component needs to ${verb} ${asked}` : `${component} is not known to ${verb} ${asked}`,
        // Nodes of a cluster with a public endpoint come through NAT: an address alone proves nothing.
        ...(isPublic(request.sourceIP) ? [`from the public address ${request.sourceIP}`] : []),
      ],
      notExempted: sure ? [] : [`the envelope of ${component} is inferred, not confirmed`],
    };
  },
});

function severityOf(request: Impersonating, severe: boolean): Severity {
  if (isSelfReview(request)) return "low";
  const severity = severe ? "high" : "medium";
  return rebuffed(request) ? lowered(severity) : severity;
}

export const detector = completed(ofEvents, [learned]);
