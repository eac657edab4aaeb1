import { INSTANCE_ID } from "../../../schemas/events/event.ts";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector } from "../../core/contracts.ts";
import { autoNodeRole } from "../../core/site.ts";
import { attempted } from "../../core/weight.ts";
import { completed } from "../../ledger/contracts.ts";
import { callEvidence, roleReasons, worthOf } from "../operator-role.ts";
import { learned, params } from "./known.ts";

/** B-24 without a ledger: the access entry of a node role makes `system:node:{{SessionName}}` of any session (eks-auto-mode.md §2.4). */
const ofEvents = defineEventDetector({
  meta: {
    id: "managed-instances/node-role-assumed",
    version: 2,
    title: "Auto Mode node role assumed by somebody else than EC2",
    description:
      "EC2 hands a node's role to the instance, under the instance's id. Whoever else may assume that role chooses the session's name, and EKS takes them for the node of that name: with a victim's id they are that node, its pods' tokens and secrets included.",
    severity: "critical",
    confidence: "high",
    status: "stable",
    attack: [
      { tactic: "TA0005", technique: "T1036" },
      { tactic: "TA0004", technique: "T1078.004" },
    ],
    reads: [
      "eventName",
      "requestParameters.roleArn",
      "requestParameters.roleSessionName",
      "userIdentity",
      "errorMessage",
    ],
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/auto-create-node-role.html",
      "https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html",
    ],
    gaps: [
      "While no node roles are declared, a role that is neither learned nor named as EKS proposes is low, and only under an instance's id.",
      "sts:AssumeRole is a read event: a trail that drops read events never shows it. What the session does afterwards is imds/assumed-session.",
      "A denied call's record does not say under which name the session was to run.",
    ],
    triage: [
      {
        do: "See what was done in the cluster under the name that was chosen.",
        audit:
          'fields requestReceivedTimestamp, user.username, verb, requestURI, responseStatus.code, sourceIPs.0, sourceIPs.1 | filter user.extra.canonicalArn.0 = "{target}" | sort requestReceivedTimestamp desc',
      },
      {
        do: "Read the trust policy: only ec2.amazonaws.com belongs there. Find who put the rest there.",
        cloudtrail:
          'fields eventTime, userIdentity.arn, sourceIPAddress, requestParameters.policyDocument | filter eventName in ["UpdateAssumeRolePolicy", "CreateRole"] | sort eventTime desc',
      },
      {
        do: "Revoke the sessions that the caller opened, and see what else the caller did.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, errorCode, sourceIPAddress | filter userIdentity.accessKeyId = "{actor.key}" or userIdentity.arn = "{actor.arn}" | sort eventTime asc',
      },
    ],
    syntheticShape: true,
  },
  on: "stsIssue",
  params,
  detect(call, _params, site) {
    const { actor, facets } = call;
    const { roleArn, roleName, sessionName, invokedBy, issuedKey } = facets.stsIssue;
    const known = autoNodeRole(site, roleArn);
    const asNode = INSTANCE_ID.test(sessionName);
    if (invokedBy === "ec2.amazonaws.com") return undefined;
    // Of a role that nobody declared the name alone is odd, but for an instance under its own and for AWS's services.
    const own = actor.instanceId === sessionName || actor.kind === "aws-service";
    const odd = asNode && site.nodeRoles.size === 0 && !own;
    if (known === undefined && !odd) return undefined;
    const session = sessionName === "" ? "" : ` as ${asNode ? `node ${sessionName}` : `session ${sessionName}`}`;
    return {
      sentence: `${nameOf(actor)} ${attempted(call) ? "tried to assume" : "assumed"} ${known ? "the node role" : "role"} ${roleName || "?"}${session}`,
      // Without the session's name, which the record of a denied call lacks.
      on: `role/${roleName}`,
      // Nobody but EC2 has a reason to name a session after an instance, so that the role's name is proof enough.
      severity: known ? worthOf(asNode ? "declared" : known, call, asNode ? "critical" : "high") : "low",
      confidence: known ? CONFIDENCE[known] : "low",
      evidence: [
        { field: "requestParameters.roleArn", value: roleArn },
        { field: "requestParameters.roleSessionName", value: sessionName },
        { field: "responseElements.credentials.accessKeyId", value: issuedKey ?? "" },
        ...callEvidence(call),
      ].filter(({ value }) => value !== ""),
      reasons: known
        ? roleReasons(known, roleName, "nodeRoles")
        : [`if ${roleName || "the role"} is a node role, declare it in auto.nodeRoles: then this is critical`],
    };
  },
});

export const detector = completed(ofEvents, [learned]);

const CONFIDENCE = { declared: "high", "default name": "medium" } as const;
