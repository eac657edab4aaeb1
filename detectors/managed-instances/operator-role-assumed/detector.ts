import { nameOf } from "../../core/actors.ts";
import { defineEventDetector } from "../../core/contracts.ts";
import { autoClusterRole } from "../../core/site.ts";
import { attempted, lowered } from "../../core/weight.ts";
import { completed } from "../../ledger/contracts.ts";
import { callEvidence, EKS, roleReasons, worthOf } from "../operator-role.ts";
import { learned, params } from "./known.ts";

/** The session tag that Auto Mode's policies compare with the tags of what they may touch (eks-auto-mode.md §4.1). */
const SESSION_TAG = "eks:eks-cluster-name";

/** B-49, the issuance: a cluster role trusts EKS and nobody else. */
const ofEvents = defineEventDetector({
  meta: {
    id: "managed-instances/operator-role-assumed",
    version: 2,
    title: "Auto Mode's cluster role assumed by somebody else than EKS",
    description:
      "EKS assumes the cluster role to launch and end nodes. Anybody else who does gets its rights: to launch instances with any role of the account. The same holds for a session that is given the cluster's tag, which the policies of that role ask for.",
    severity: "critical",
    confidence: "high",
    status: "stable",
    attack: [{ tactic: "TA0004", technique: "T1078.004" }],
    reads: ["eventName", "requestParameters.roleArn", "requestParameters.tags", "userIdentity", "errorMessage"],
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/auto-cluster-iam-role.html",
      "https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEKSComputePolicy.html",
    ],
    gaps: [
      "A role is known to be a cluster's around the days that EKS works with it; others, neither declared nor named as EKS proposes, are judged only when the session gets the cluster's tag.",
      "sts:AssumeRole is a read event: a trail that drops read events never shows it.",
    ],
    triage: [
      {
        do: "See what the issued key did.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, errorCode, sourceIPAddress, userAgent | filter userIdentity.sessionContext.sessionIssuer.arn = "{target}" and not ispresent(userIdentity.invokedBy) | sort eventTime asc',
      },
      {
        do: "Read the trust policy: only eks.amazonaws.com belongs there. Find who put the rest there.",
        cloudtrail:
          'fields eventTime, userIdentity.arn, sourceIPAddress, requestParameters.policyDocument | filter eventName in ["UpdateAssumeRolePolicy", "CreateRole"] | sort eventTime desc',
      },
      {
        do: "See what else the caller tried.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, errorCode, sourceIPAddress | filter userIdentity.accessKeyId = "{actor.key}" or userIdentity.arn = "{actor.arn}" | sort eventTime asc',
      },
    ],
    syntheticShape: true,
  },
  on: "stsIssue",
  params,
  detect(call, _params, site) {
    const { actor, action, facets } = call;
    const { roleArn, roleName, sessionName, invokedBy, tags, issuedKey } = facets.stsIssue;
    const known = autoClusterRole(site, roleArn);
    const tag = tags.find(({ key }) => key === SESSION_TAG);
    if (invokedBy === EKS || (known === undefined && tag === undefined)) return undefined;
    const tagged = tag ? ` with session tag ${SESSION_TAG}=${tag.value}` : "";
    const session = sessionName ? ` as session ${sessionName}` : "";
    return {
      sentence: `${nameOf(actor)} ${attempted(call) ? "tried to assume" : "assumed"} ${known ? "Auto Mode's cluster role" : "role"} ${roleName || "?"}${session}${tagged} (sts:${action})`,
      on: `role/${roleName}`,
      severity: known ? worthOf(known, call, "critical") : lowered("medium", attempted(call) ? 1 : 0),
      confidence: known === "declared" ? "high" : "medium",
      evidence: [
        { field: "requestParameters.roleArn", value: roleArn },
        { field: "responseElements.credentials.accessKeyId", value: issuedKey ?? "" },
        ...callEvidence(call),
      ].filter(({ value }) => value !== ""),
      reasons: roleReasons(known, roleName, "clusterRoles"),
    };
  },
});

export const detector = completed(ofEvents, [learned]);
