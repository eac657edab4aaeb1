import Type from "typebox";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector } from "../../core/contracts.ts";
import { didCall, evidenceOf, roleReasons, worthOf } from "../node-role.ts";

/** Credentials of an Auto node role that IMDSv1 handed out. Auto Mode enforces IMDSv2 and nobody can change that
 * (eks-auto-mode.md §5), so the role is used on an instance that is not Auto's. */
export const detector = defineEventDetector({
  meta: {
    id: "imds/imdsv1-credentials",
    version: 1,
    title: "Auto Mode node role used with credentials from IMDSv1",
    description:
      "EC2 stamps on a credential which version of the metadata service handed it out. Auto Mode nodes answer version 2 only, so version 1 means that the node role is attached to another instance, where it can be taken more easily.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0006", technique: "T1552.005" },
      { tactic: "TA0004", technique: "T1078.004" },
    ],
    reads: ["userIdentity.sessionContext.ec2RoleDelivery", "userIdentity.sessionContext.sessionIssuer"],
    references: [
      "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html",
      "https://docs.aws.amazon.com/eks/latest/userguide/automode-learn-instances.html",
    ],
    gaps: [
      "Roles that are neither declared in auto.nodeRoles nor named as EKS proposes are not judged.",
      "An instance with IMDSv2 that is not Auto's looks like a node here.",
    ],
    triage: [
      {
        do: "Find the instance: who launched it, and with which profile.",
        cli: "aws ec2 describe-instances --region '{region}' --instance-ids '{actor.instance}' --query 'Reservations[].Instances[].[InstanceId,LaunchTime,IamInstanceProfile.Arn,MetadataOptions.HttpTokens,Operator]'",
      },
      {
        do: "See who put the role there.",
        cloudtrail:
          'fields eventTime, userIdentity.arn, eventName, requestParameters.roleName, requestParameters.instanceProfileName | filter eventName in ["AddRoleToInstanceProfile", "AssociateIamInstanceProfile", "ReplaceIamInstanceProfileAssociation", "RunInstances"] and @message like "{actor.role}" | sort eventTime desc',
      },
      {
        do: "See what its credentials did, and take the role off that instance.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, errorCode, sourceIPAddress | filter userIdentity.sessionContext.sessionIssuer.userName = "{actor.role}" and userIdentity.sessionContext.ec2RoleDelivery = "1.0" | sort eventTime asc',
      },
    ],
  },
  on: "instanceSession",
  params: Type.Object({}),
  detect(call, _params, site) {
    const { actor, service, action, facets } = call;
    const { delivery, instanceId } = facets.instanceSession;
    const severity = worthOf(site, call);
    if (delivery !== "1.0" || severity === undefined) return undefined;
    const role = actor.roleName ?? "?";
    return {
      sentence: `${nameOf(actor)} ${didCall(call)} ${service}:${action} with credentials of Auto Mode's role ${role} that IMDSv1 handed out`,
      // About the instance: its keys change every few hours, and each would be a finding. Whatever became of the call,
      // the key was handed out.
      ...(instanceId !== undefined && { by: `instance/${instanceId}` }),
      on: `role/${role}`,
      severity,
      evidence: evidenceOf(call),
      reasons: roleReasons(site, call),
    };
  },
});
