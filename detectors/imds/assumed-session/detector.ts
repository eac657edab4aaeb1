import Type from "typebox";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector } from "../../core/contracts.ts";
import { attempted, lowered } from "../../core/weight.ts";
import { didCall, evidenceOf, forwarderOf, roleReasons, worthOf } from "../node-role.ts";

/** A session of an Auto node role, named like an instance, that EC2 did not hand out: assumed by hand (eks-auto-mode.md
 * §2.4, §5). */
export const detector = defineEventDetector({
  meta: {
    id: "imds/assumed-session",
    version: 1,
    title: "Auto Mode node role assumed by hand under an instance's name",
    description:
      "EKS takes whoever holds a session of the node role for the node that the session is named after. EC2 stamps the credentials it hands to an instance; this session carries the name of an instance but not the stamp, so somebody assumed the role and chose the name.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0005", technique: "T1036" },
      { tactic: "TA0004", technique: "T1078.004" },
    ],
    reads: ["userIdentity.sessionContext.ec2RoleDelivery", "userIdentity.principalId"],
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/auto-learn-iam.html",
      "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html",
    ],
    gaps: [
      "That every record of an instance's credentials carries ec2RoleDelivery is inferred from the records that were seen; records of old event versions lack it.",
      "Roles that are neither declared in auto.nodeRoles nor named as EKS proposes are not judged.",
      "Calls that a service forwards are left out: those records are the service's.",
    ],
    triage: [
      {
        do: "Find who assumed the role under that name: the caller must be ec2.amazonaws.com.",
        cloudtrail:
          'fields eventTime, userIdentity.arn, userIdentity.invokedBy, sourceIPAddress, responseElements.credentials.accessKeyId | filter eventName = "AssumeRole" and requestParameters.roleSessionName = "{actor.session}" | sort eventTime desc',
      },
      {
        do: "See what the key did in the cluster as that node.",
        audit:
          'fields requestReceivedTimestamp, user.username, verb, requestURI, responseStatus.code, sourceIPs.0, sourceIPs.1 | filter user.extra.accessKeyId.0 = "{actor.key}" | sort requestReceivedTimestamp asc',
      },
      {
        do: "Read the role's trust policy: only ec2.amazonaws.com belongs there.",
        cli: "aws iam get-role --role-name '{actor.role}' --query Role.AssumeRolePolicyDocument",
      },
    ],
    syntheticShape: true,
  },
  on: "instanceSession",
  params: Type.Object({}),
  detect(call, _params, site) {
    const { actor, service, action, facets } = call;
    const { delivery, instanceId } = facets.instanceSession;
    const worth = worthOf(site, call);
    if (delivery !== undefined || instanceId === undefined || worth === undefined) return undefined;
    if (forwarderOf(call) !== undefined) return undefined;
    const role = actor.roleName ?? "?";
    return {
      sentence: `A session of Auto Mode's role ${role} named ${instanceId}, which EC2 did not hand out, ${didCall(call)} ${service}:${action}`,
      on: `${role}/${instanceId}`,
      severity: attempted(call) ? lowered(worth, 1) : worth,
      evidence: evidenceOf(call),
      reasons: [`${nameOf(actor)} would carry ec2RoleDelivery if it were the instance`, ...roleReasons(site, call)],
    };
  },
});
