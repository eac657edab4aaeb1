import Type from "typebox";
import { parseArn, roleOf } from "../../../schemas/arn.ts";
import { autoNodeRole } from "../../core/site.ts";
import { defineSettledDetector } from "../../ledger/contracts.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** B-34, in CloudTrail: who makes a role a node's wants nodes of it, and they come within the day. */
export const detector = defineSettledDetector({
  meta: {
    id: "node-identity/entry-without-node",
    version: 1,
    title: "Role let into the cluster as a node's, and no node came with it for a day",
    description:
      "An access entry of type EC2, or the access policy of nodes, was given to a role, and no node of the cluster came with that role within the day. Whoever may assume the role can come as any node: an entry that nobody needs is a door, or what is left of a plan.",
    severity: "low",
    confidence: "low",
    status: "stable",
    attack: [
      { tactic: "TA0003", technique: "T1098.006" },
      { tactic: "TA0004", technique: "T1078.004" },
    ],
    reads: [
      "requestParameters.principalArn",
      "requestParameters.type",
      "requestParameters.policyArn",
      "userIdentity",
      "user.extra.canonicalArn",
    ],
    auditLevel: { needs: "Metadata" },
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/auto-create-node-role.html",
      "https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html",
    ],
    gaps: [
      "A role that has had nodes in this cluster before is not reported, whatever comes of its new entry.",
      "Entries for a pool without nodes, made ahead by infrastructure code, look the same: declare their roles in auto.nodeRoles.",
      "Silent on clusters of which no node was heard: their audit log is not read.",
      "Nodes of self-managed groups (entry types EC2_LINUX, EC2_WINDOWS) are not named after instances, and their entries are not judged.",
    ],
    triage: [
      {
        do: "Ask whoever made the entry what it is for; see what else they did.",
        cloudtrail:
          'fields eventTime, eventName, userIdentity.arn, sourceIPAddress, requestParameters.principalArn, requestParameters.type | filter eventName in ["CreateAccessEntry", "AssociateAccessPolicy"] | sort eventTime asc',
      },
      {
        do: "See who may assume the role: anybody but EC2 is a way in.",
        cli: "aws iam get-role --role-name '{actor.role}' --query 'Role.AssumeRolePolicyDocument'",
      },
      {
        do: "Nobody needs it: delete the entry.",
        cli: "aws eks delete-access-entry --cluster-name '{cluster}' --region '{region}' --principal-arn '{target}'",
      },
    ],
    syntheticShape: true,
  },
  watch: "staff",
  anchor: "entitled",
  settleMs: DAY_MS + 30 * MINUTE_MS,
  coldness: { birth: "worked", warm: { trail: "k8s-audit", ms: 0 } },
  params: Type.Object({}),
  detect(staff, { id, site }) {
    const [account = "", region = "", cluster = ""] = id.split("/");
    if (staff.overflowed("worked")) return undefined;
    const worked = new Set(staff.all("worked").map(({ role }) => role));
    return ({ time, role, how, by, kind, source }) => {
      if (worked.has(role) || autoNodeRole(site, role) === "declared") return [];
      // EKS lets in the role of its own pools; whoever configures them has said so.
      if (kind === "aws-service" || kind === "control-plane" || how === "computeConfig") return [];
      const elsewhere = parseArn(role)?.account;
      const foreign = elsewhere !== undefined && elsewhere !== account;
      const name = roleOf(role)?.name ?? role;
      return [
        {
          sentence: `${by} let role ${name} into cluster ${cluster} as a node's (${how}), and no node came with it within a day`,
          by: `cluster/${account}/${region}/${cluster}`,
          on: `node role ${role}`,
          at: time,
          actor: { kind, name: by, groups: [], role },
          action: how.startsWith("access entry") ? "eks:CreateAccessEntry" : "eks:AssociateAccessPolicy",
          target: role,
          scope: { account, region, cluster },
          ...(foreign && { severity: "medium" as const, confidence: "medium" as const }),
          evidence: [{ field: "staff.entitled", value: `${role} by ${by} at ${time} (${how})`, event: source }],
          reasons: foreign ? [`the role is of account ${elsewhere}: nodes have roles of their own account`] : [how],
        },
      ];
    };
  },
});
