import { nameOf } from "../../core/actors.ts";
import { componentOf, foreignRole, oddities } from "../../core/component-shape.ts";
import { defineEventDetector, type Hit } from "../../core/contracts.ts";
import { lowered } from "../../core/weight.ts";
import { completed } from "../../ledger/contracts.ts";
import { deed, evidenceOf, type Impersonating, isInquiry, ROLES_THAT_IMPERSONATE, rebuffed } from "../acting-as.ts";
import { isPrivilegedGroup } from "../privilege.ts";
import { learned, params } from "./known.ts";

/** B-21 (a to d): a component identity of Auto Mode taken by whoever is no Auto node, or in a shape that no component has.
 * Refusals by anybody else than a node are impersonation/denied's. */
const ofEvents = defineEventDetector({
  meta: {
    id: "impersonation/eks-auto-component",
    version: 2,
    title: "EKS Auto Mode component impersonated",
    description:
      "EKS Auto Mode's node components act under eks-auto:* names, which the node's own identity impersonates. Anybody else who takes such a name borrows rights that no person was given.",
    severity: "critical",
    confidence: "high",
    status: "stable",
    attack: [
      { tactic: "TA0004", technique: "T1134" },
      { tactic: "TA0005", technique: "T1078.004" },
    ],
    reads: ["user", "impersonatedUser", "responseStatus", "authenticationMetadata.impersonationConstraint"],
    auditLevel: { needs: "Metadata" },
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/auto-learn-iam.html",
      "https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation",
    ],
    gaps: [
      "Component names are inferred: an unlisted name used by a real node is low until it is listed in `components`, medium when one node alone uses it for a day.",
      "A node's stolen credentials that keep to the components' shape look like the node; see impersonation/component-envelope.",
      "Kubernetes 1.36 does not name the target of an impersonation refused outright; impersonation/denied reports the attempt.",
    ],
    triage: [
      {
        do: "Ask the owner of the key whether they meant to act as a node component: nobody needs to. Without a key (a service account, a certificate) go on to step 2.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, sourceIPAddress, userAgent | filter userIdentity.accessKeyId = "{actor.key}" | sort eventTime asc',
      },
      {
        do: "See everything that this identity did under impersonation around that time. Writes, secrets and exec: treat the cluster's credentials as stolen.",
        audit:
          'fields requestReceivedTimestamp, impersonatedUser.username, verb, requestURI, responseStatus.code | filter user.username = "{actor.name}" and ispresent(impersonatedUser.username) | sort requestReceivedTimestamp asc',
      },
      {
        do: "Find the role that gave the right to impersonate, and take it away. Cluster administrators by access policy hold it without one: then disassociate the policy.",
        cli: ROLES_THAT_IMPERSONATE,
      },
    ],
    syntheticShape: true,
  },
  on: "impersonation",
  params,
  detect(request, { components }, site): Hit | undefined {
    const { actor, facets } = request;
    const { granted, target, targetClass } = facets.impersonation;
    if (targetClass !== "component" || target === undefined) return undefined;
    const odd = oddities(request);
    // Case variants are one attack: they are tried one after the other.
    const hit = { on: `as ${target.toLowerCase()}`, evidence: evidenceOf(request), reasons: odd };
    const sentence = granted
      ? `${nameOf(actor)} acted as ${target} ${deed(request)}`
      : `${nameOf(actor)} was refused the component name ${target}`;
    if (granted && odd.length > 0) return { ...hit, sentence, severity: severityOf(request) };
    if (!granted && actor.kind !== "node") return undefined;
    if (odd.length > 0) return { ...hit, sentence, severity: "medium" };
    const role = foreignRole(request, site);
    if (role !== undefined) {
      // One finding a role: its nodes' components are at work all day.
      const reasons = [`the node's role ${role} is none of auto.nodeRoles`];
      return { ...hit, sentence, by: `role/${role}`, on: "as components", severity: "medium", reasons };
    }
    if (granted && components.includes(componentOf(target) ?? "")) return undefined;
    // B-21 d: new components come with platform updates; the name proves nothing by itself (audit-recorded.md, corrections). One finding a
    // node and name, as the node's keys change every few hours.
    const why = granted
      ? "a component name that is not listed"
      : "a refused component name, of a node of the expected shape";
    const ordinary = {
      by: `instance/${actor.instanceId}`,
      severity: "low",
      confidence: "low",
      reasons: [why],
    } as const;
    return { ...hit, sentence, ...ordinary };
  },
});

export const detector = completed(ofEvents, [learned]);

/** High for a node in an odd shape, which may be a new agent; critical for anybody else, and for a node that takes a privileged group. */
function severityOf(request: Impersonating): NonNullable<Hit["severity"]> {
  if (isInquiry(request)) return "low";
  const { actor, facets } = request;
  const node = actor.instanceId !== undefined && !facets.impersonation.groups.some(isPrivilegedGroup);
  const severity = node ? "high" : "critical";
  return rebuffed(request) ? lowered(severity) : severity;
}
