import Type from "typebox";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector, type EventOn } from "../../core/contracts.ts";
import { attempted, lowered } from "../../core/weight.ts";
import { isByLinkedRole, isLinkedRole } from "../linked-role.ts";
import { isPrivilegedGroup } from "../privilege.ts";
import { meaningOf, standingOf } from "../standing.ts";

type Entry = EventOn<"accessEntry">;

/** B-23: an access entry that gives an IAM principal a name or a group of Auto Mode, of AWS, of nodes or of the control plane. */
export const detector = defineEventDetector({
  meta: {
    id: "impersonation/component-name",
    version: 1,
    title: "Access entry hands out a name of Auto Mode, AWS or a node",
    description:
      "An access entry says under which name and groups an IAM principal is known in the cluster. EKS refuses names that begin with system:, eks: and the like, but its list does not hold the names of Auto Mode's components. Whoever gets one has that component's rights.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0003", technique: "T1098.006" },
      { tactic: "TA0004", technique: "T1078.004" },
    ],
    reads: ["eventName", "requestParameters", "responseElements", "errorCode", "userIdentity"],
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html",
      "https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAccessEntry.html",
    ],
    gaps: [
      "Whether EKS accepts a component's name in an access entry is not known: the attempt is reported either way.",
      "A name from an OIDC provider of the cluster is not seen here: impersonation/identity-provider tells of the provider.",
      "A call that was denied may leave its parameters out of the record; then there is no name to judge.",
    ],
    triage: [
      {
        do: "See what the cluster's entry says now; delete it unless its author can explain the name.",
        cli: "aws eks list-access-entries --cluster-name '{cluster}' --region '{region}' --query accessEntries --output text | tr '\\t' '\\n' | xargs -n1 aws eks describe-access-entry --cluster-name '{cluster}' --region '{region}' --principal-arn",
      },
      {
        do: "See what else was done with the key that wrote it.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, errorCode, sourceIPAddress, userAgent | filter userIdentity.accessKeyId = "{actor.key}" or userIdentity.arn = "{actor.arn}" | sort eventTime asc',
      },
      {
        do: "See whether anybody came to the cluster under such a name since.",
        audit:
          "fields requestReceivedTimestamp, user.username, user.extra.arn.0, verb, requestURI, responseStatus.code, sourceIPs.0, sourceIPs.1 | filter user.username like /^eks-/ or (user.username like /^system:node:/ and not (user.extra.sessionName.0 like /^i-/)) | sort requestReceivedTimestamp desc",
      },
    ],
    syntheticShape: true,
  },
  on: "accessEntry",
  params: Type.Object({}),
  detect(call) {
    const { actor, facets } = call;
    const { username, groups, type, principalArn } = facets.accessEntry;
    if (!/^(?:Create|Update)AccessEntry$/.test(call.action)) return undefined;
    // EKS makes this one for its managed controllers (eks-auto-mode.md §7).
    if (isByLinkedRole(call) && isLinkedRole(principalArn) && type === "STANDARD") return undefined;
    const names = nameReasons(call);
    const privileged = groups.filter(isPrivilegedGroup);
    if (names.length === 0 && privileged.length === 0) return undefined;
    const what = names.length > 0 ? `the name ${username}` : `the group ${privileged.join(", ")}`;
    return {
      sentence: `${nameOf(actor)} ${attempted(call) ? "tried to give" : "gave"} ${principalArn || "a principal"} ${what} in the cluster`,
      on: `access entry of ${principalArn}`,
      severity: attempted(call) ? lowered("high") : "high",
      evidence: [
        { field: "principalArn", value: principalArn },
        { field: "username", value: username },
        { field: "kubernetesGroups", value: groups.join(", ") },
        { field: "type", value: type },
        { field: "errorCode", value: call.errorCode },
        { field: "errorMessage", value: call.message },
      ].filter(({ value }) => value !== ""),
      reasons: [...names, ...privileged.map(groupReason)],
    };
  },
});

/** Prefixes that EKS refuses in a username (eks-auto-mode.md §2.4). */
const RESERVED = /^(?:system|eks|aws|amazon|iam):/i;

function nameReasons({ facets }: Entry): string[] {
  const { username, type, principalArn } = facets.accessEntry;
  const standing = standingOf("user", username);
  // The default names of node types; an entry whose type is not told is of the standard one.
  if (standing === "node" && type !== "STANDARD" && type !== "") return [];
  // Two roles of one name have one default username; only one of them is AWS's.
  if (standing === "aws" && !RESERVED.test(username))
    return isLinkedRole(principalArn) ? [] : [`${username} is what EKS's own role is called`];
  if (standing !== "plain") return [meaningOf(username, standing)];
  return RESERVED.test(username) ? [`EKS refuses names such as ${username}`] : [];
}

const groupReason = (group: string): string => {
  const standing = standingOf("group", group);
  return `group ${standing === "plain" ? group : meaningOf(group, standing)}`;
};
