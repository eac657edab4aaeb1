import { nameOf } from "../../core/actors.ts";
import { defineEventDetector } from "../../core/contracts.ts";
import { changeOf, isDressing } from "../../core/role-changes.ts";
import { autoClusterRole, autoNodeRole } from "../../core/site.ts";
import { attempted } from "../../core/weight.ts";
import { completed } from "../../ledger/contracts.ts";
import { callEvidence, EKS, forwarderOf, roleReasons, worthOf } from "../operator-role.ts";
import { ofCluster, ofNodes, params } from "./known.ts";

/** B-49, the preparation: who may be Auto Mode's cluster or node role, or what these may do, changed. */
const ofEvents = defineEventDetector({
  meta: {
    id: "managed-instances/role-changed",
    version: 2,
    title: "Trust or rights of an Auto Mode role changed",
    description:
      "The cluster role trusts EKS, the node role trusts EC2, and both have the few policies that the documentation names. Whoever adds a principal may become Auto Mode or any node; whoever adds rights to the node role gives them to every pod that reaches the node's credentials.",
    severity: "critical",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0003", technique: "T1098.003" },
      { tactic: "TA0005", technique: "T1036" },
    ],
    reads: [
      "eventName",
      "requestParameters.roleName",
      "requestParameters.policyArn",
      "requestParameters.policyDocument",
      "errorMessage",
    ],
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/auto-cluster-iam-role.html",
      "https://docs.aws.amazon.com/eks/latest/userguide/auto-create-node-role.html",
    ],
    gaps: [
      "Roles that are neither declared nor named as EKS proposes are not judged.",
      "New versions of a customer's policy (CreatePolicyVersion) name no role.",
      "What was there before is not in the record, and what a denied call wanted is not either.",
    ],
    triage: [
      {
        do: "Read who may assume the role now: eks.amazonaws.com for the cluster, ec2.amazonaws.com for nodes, nobody else.",
        cli: "aws iam get-role --role-name '{target}' --query Role.AssumeRolePolicyDocument && aws iam list-attached-role-policies --role-name '{target}'",
      },
      {
        do: "See whether somebody used it since.",
        cloudtrail:
          'fields eventTime, userIdentity.arn, userIdentity.invokedBy, sourceIPAddress, requestParameters.roleSessionName | filter eventName like "AssumeRole" and requestParameters.roleArn like "{target}" and not (userIdentity.invokedBy in ["eks.amazonaws.com", "ec2.amazonaws.com"]) | sort eventTime desc',
      },
      {
        do: "Ask who changed it; see what else that key did.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, errorCode, sourceIPAddress | filter userIdentity.accessKeyId = "{actor.key}" or userIdentity.arn = "{actor.arn}" | sort eventTime asc',
      },
    ],
    syntheticShape: true,
  },
  on: "iamWrite",
  params,
  detect(call, { deployers }, site) {
    const { actor, action, facets } = call;
    const { roleName, policyArn, document } = facets.iamWrite;
    const node = autoNodeRole(site, roleName);
    const known = node ?? autoClusterRole(site, roleName) ?? (isDressing(call) ? "declared" : undefined);
    // EKS puts a NodeClass's role into an instance profile of its own.
    if (known === undefined || (action === "AddRoleToInstanceProfile" && forwarderOf(call) === EKS)) return undefined;
    const change = changeOf(call, node ? "node" : "cluster");
    if (change === undefined) return undefined;
    const deployed = forwarderOf(call) === "cloudformation.amazonaws.com" && deployers.includes(actor.roleName ?? "");
    const did = attempted(call) ? "tried" : "did";
    return {
      sentence: `${nameOf(actor)} ${did} iam:${action} on ${node ? "node" : "cluster"} role ${roleName}: ${change.what}`,
      on: `${action} role/${roleName}`,
      severity: deployed ? "low" : worthOf(known, call, change.worth),
      confidence: known === "declared" ? "high" : "medium",
      evidence: [
        { field: "requestParameters.policyArn", value: policyArn ?? "" },
        { field: "requestParameters.policyDocument", value: document },
        ...callEvidence(call),
      ].filter(({ value }) => value !== ""),
      reasons: roleReasons(known, roleName, node ? "nodeRoles" : "clusterRoles"),
      notExempted: deployed ? [`${actor.roleName} deploys by CloudFormation`] : [],
    };
  },
});

export const detector = completed(ofEvents, [ofCluster, ofNodes]);
