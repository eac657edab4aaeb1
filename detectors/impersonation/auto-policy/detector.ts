import Type from "typebox";
import { roleOf } from "../../../schemas/arn.ts";
import type { Severity } from "../../../schemas/findings/finding.ts";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector, type EventOn } from "../../core/contracts.ts";
import { autoNodeRole, type Site } from "../../core/site.ts";
import { attempted, lowered } from "../../core/weight.ts";
import { isByLinkedRole, isLinkedRole } from "../linked-role.ts";

type Entry = EventOn<"accessEntry">;

/** B-34, in CloudTrail: a principal that nobody declared becomes a node of Auto Mode, or gets a policy that is for EKS itself. */
export const detector = defineEventDetector({
  meta: {
    id: "impersonation/auto-policy",
    version: 1,
    title: "Node entry or access policy of Auto Mode given to somebody else",
    description:
      "An access entry of type EC2 makes an IAM role a node of EKS Auto Mode, which may act as every node component. Eleven other access policies are for the managed controllers of EKS, which bind them to their own role and to no other.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0003", technique: "T1098.006" },
      { tactic: "TA0004", technique: "T1078.004" },
    ],
    reads: ["eventName", "requestParameters", "errorCode", "userIdentity"],
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html",
      "https://docs.aws.amazon.com/eks/latest/userguide/auto-create-node-role.html",
    ],
    gaps: [
      "A role whose name is as EKS proposes for node roles counts as one, unless the site declares its own.",
      "Whether a NodeClass asks for the role is not in any log: its body is not recorded.",
      "A node that logs in with another role than the others is node-identity/another-role's, an entry with which no node comes node-identity/entry-without-node's.",
    ],
    triage: [
      {
        do: "See whether a NodeClass asks for the role: a new one comes with its NodeClass within the day.",
        cli: "kubectl get nodeclasses -o custom-columns=NAME:.metadata.name,ROLE:.spec.role,PROFILE:.spec.instanceProfile",
      },
      {
        do: "See what else was done with the key that wrote it.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, errorCode, sourceIPAddress, userAgent | filter userIdentity.accessKeyId = "{actor.key}" or userIdentity.arn = "{actor.arn}" | sort eventTime asc',
      },
      {
        do: "See which nodes came with which role. Not a node role of this cluster: delete the entry, and the nodes that used it.",
        audit: "filter user.username like /^system:node:/ | stats count(*) by user.extra.canonicalArn.0, user.username",
      },
    ],
    syntheticShape: true,
  },
  on: "accessEntry",
  params: Type.Object({}),
  detect(call, _params, site) {
    const { actor, facets } = call;
    const { principalArn, policyArn, type, scope } = facets.accessEntry;
    const grant = grantOf(call, site);
    if (grant === undefined) return undefined;
    return {
      sentence: `${nameOf(actor)} ${attempted(call) ? "tried to make" : "made"} ${principalArn || "a principal"} ${grant.what}`,
      on: `access of ${principalArn}`,
      severity: attempted(call) ? lowered(grant.severity) : grant.severity,
      evidence: [
        { field: "principalArn", value: principalArn },
        { field: "policyArn", value: policyArn },
        { field: "accessScope.type", value: scope },
        { field: "type", value: type },
        { field: "errorCode", value: call.errorCode },
        { field: "errorMessage", value: call.message },
      ].filter(({ value }) => value !== ""),
      reasons: [grant.why],
      notExempted: grant.severity === "low" ? ["a node role of one's own comes so; declare it in auto.nodeRoles"] : [],
    };
  },
});

/** Policies that the service-linked role may bind, and to itself alone (eks-auto-mode.md §2.2). */
const CONTROLLER_POLICY =
  /^AmazonEKS(?:(?:Compute|Networking|LoadBalancing|BlockStorage)(?:Cluster)?|Hybrid|Event|PodIdentity)Policy$/;
const NODE_POLICY = "AmazonEKSAutoNodePolicy";

interface Grant {
  readonly severity: Severity;
  readonly what: string;
  readonly why: string;
}

function grantOf(call: Entry, site: Site): Grant | undefined {
  const { principalArn, policyArn, type } = call.facets.accessEntry;
  const policy = call.action === "AssociateAccessPolicy" ? (policyArn.split("/").at(-1) ?? "") : "";
  if (isLinkedRole(principalArn)) {
    if (policy === "" || CONTROLLER_POLICY.test(policy)) return undefined;
    const why = "the managed controllers have policies of their own, and this is none of them";
    return { severity: "medium", what: `hold ${policy}`, why };
  }
  if (CONTROLLER_POLICY.test(policy))
    return { severity: "high", what: `hold ${policy}`, why: "this policy is for the managed controllers of EKS alone" };
  const entry = call.action === "CreateAccessEntry" && type === "EC2";
  if (!entry && policy !== NODE_POLICY) return undefined;
  // EKS makes the entry of the built-in pools' role itself.
  if (isByLinkedRole(call) || isKnown(site, principalArn)) return undefined;
  const what = entry ? "a node of Auto Mode" : `hold ${policy}`;
  if (roleOf(principalArn) === undefined)
    return { severity: "high", what, why: "nodes log in with a role, and this is none" };
  return {
    severity: site.nodeRoles.size > 0 ? "medium" : "low",
    what,
    why: "no node role that is declared or named so",
  };
}

/** With roles declared, the name that EKS proposes counts no more. */
function isKnown(site: Site, role: string): boolean {
  const known = autoNodeRole(site, role);
  return known === "declared" || (known === "default name" && site.nodeRoles.size === 0);
}
