import { defineEventDetector, type Hit } from "../../core/contracts.ts";
import { autoClusterRole } from "../../core/site.ts";
import { attempted } from "../../core/weight.ts";
import { completed } from "../../ledger/contracts.ts";
import { callEvidence, forwarderOf, linkedRole, roleReasons, worthOf } from "../operator-role.ts";
import { learned, params } from "./known.ts";

/** B-49: the identity under which Auto Mode acts, used by somebody else than EKS (eks-auto-mode.md §4.1). */
const ofEvents = defineEventDetector({
  meta: {
    id: "managed-instances/operator-role",
    version: 2,
    title: "Auto Mode's own role used by somebody else than EKS",
    description:
      "EKS alone acts as the cluster role and as its service-linked role, and AWS then names a service as the caller. A call of such a session from an address was made by somebody who got hold of the role: it may launch instances with any role of the account, and change whatever Auto Mode manages.",
    severity: "critical",
    confidence: "high",
    status: "stable",
    attack: [
      { tactic: "TA0004", technique: "T1078.004" },
      { tactic: "TA0005", technique: "T1036" },
    ],
    reads: ["userIdentity", "userIdentity.invokedBy", "sourceIPAddress", "eventName", "errorCode"],
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/auto-cluster-iam-role.html",
      "https://docs.aws.amazon.com/eks/latest/userguide/using-service-linked-roles-eks.html",
    ],
    gaps: [
      "A role is known to be a cluster's around the days that EKS works with it; else by auto.clusterRoles and by the name that EKS proposes.",
      "Calls that a service makes for the session are left out; what set the service to work is a call of its own.",
      "A record without the role's ARN does not tell the service-linked role from one that only bears its name.",
    ],
    triage: [
      {
        do: "Find who assumed the role: the caller must be eks.amazonaws.com.",
        cloudtrail:
          'fields eventTime, userIdentity.arn, userIdentity.invokedBy, sourceIPAddress, requestParameters.roleSessionName, errorCode | filter eventName = "AssumeRole" and requestParameters.roleArn like "{actor.role}" | sort eventTime desc',
      },
      {
        do: "See everything that the key did: instances, passed roles, templates.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, errorCode, sourceIPAddress, userAgent | filter userIdentity.accessKeyId = "{actor.key}" | sort eventTime asc',
      },
      {
        do: "Read the trust policy, take out whoever is not eks.amazonaws.com, and revoke the role's older sessions. EKS opens new ones.",
        cli: "aws iam get-role --role-name '{actor.role}' --query Role.AssumeRolePolicyDocument",
      },
    ],
    syntheticShape: true,
  },
  on: "roleSession",
  params,
  detect(call, _params, site): Hit | undefined {
    const { service, action, facets, sourceIP } = call;
    const { roleName, roleArn, sessionName } = facets.roleSession;
    // Not by what the name makes of it: whoever assumes a role may call the session after a node or a pod.
    const session = `Session ${sessionName || "?"} of ${roleName}`;
    const said = `${attempted(call) ? "tried" : "called"} ${service}:${action} from ${sourceIP ?? "?"}`;
    const shared = { on: `role/${roleName}`, evidence: callEvidence(call) };
    const linked = linkedRole(call);
    if (linked === "dressed up") {
      const sentence = `${session}, a role that only bears the name of EKS's service-linked role, ${said}`;
      return { ...shared, sentence, severity: worthOf("declared", call, "high") };
    }
    if (forwarderOf(call) !== undefined || sourceIP === undefined) return undefined;
    if (linked !== undefined) {
      const sentence = `${session}, the service-linked role that nobody but EKS can assume, ${said}`;
      // Without its ARN it may be a role of the same name.
      const severity = worthOf(linked === "linked" ? "declared" : "default name", call, "critical");
      return { ...shared, sentence, severity, confidence: linked === "linked" ? "high" : "low" };
    }
    const known = autoClusterRole(site, roleArn ?? roleName);
    if (known === undefined) return undefined;
    return {
      ...shared,
      sentence: `${session}, Auto Mode's cluster role, ${said}`,
      severity: worthOf(known, call, "critical"),
      confidence: known === "declared" ? "high" : "medium",
      reasons: roleReasons(known, roleName, "clusterRoles"),
    };
  },
});

export const detector = completed(ofEvents, [learned]);
