import Type from "typebox";
import { roleOf } from "../../../schemas/arn.ts";
import { defineSettledDetector } from "../../ledger/contracts.ts";
import { standing } from "../associations.ts";
import { REVOKE, scopeIn } from "../pod-keys.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** B-03, the role: what EKS gives to the pods of a service account is what its association says, now and for the next minutes. */
export const detector = defineSettledDetector({
  meta: {
    id: "pod-identity/role-not-associated",
    version: 1,
    title: "Pod given an AWS role that its service account's association does not name",
    description:
      "EKS opened an AWS session for a pod with a role that no association of its service account had at the time, by all changes of the association that CloudTrail shows. Either the association was changed out of sight of the trail, or EKS was told something else than what stands in it.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0008", technique: "T1550.001" },
      { tactic: "TA0003", technique: "T1098.003" },
    ],
    reads: [
      "requestParameters.roleArn",
      "requestParameters.tags",
      "responseElements.association",
      "requestParameters.targetRoleArn",
    ],
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/pod-id-association.html",
      "https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdatePodIdentityAssociation.html",
    ],
    gaps: [
      "Silent on service accounts of which no change of their association was seen: most associations are older than the ledger.",
      "Sessions are known by the hour: a role that was right at any time of that hour, or five minutes before or after, is right.",
      "A session without tags names no service account: pod-identity/session-downgrade looks at those.",
      "Whoever changes an association is reported by pod-identity/association-change; the new role is right from then on.",
      "The shape of these changes is known from the API model; no real record was seen.",
    ],
    triage: [
      {
        do: "See what the association says now, and when it was modified. A time that no record explains means that the trail has a gap.",
        cli: "aws eks list-pod-identity-associations --cluster-name '{cluster}' --region '{region}' --query 'associations[].associationId' --output text | xargs -n 1 aws eks describe-pod-identity-association --cluster-name '{cluster}' --region '{region}' --association-id",
      },
      {
        do: "See every change of associations, and whether the trail was stopped or narrowed.",
        cloudtrail:
          'fields eventTime, eventName, userIdentity.arn, errorCode, requestParameters.associationId | filter eventName in ["CreatePodIdentityAssociation", "UpdatePodIdentityAssociation", "DeletePodIdentityAssociation", "CreateAddon", "UpdateAddon", "StopLogging", "PutEventSelectors"] | sort eventTime asc',
      },
      {
        do: "Nothing explains it: revoke the role's sessions older than now, and see what they did.",
        cli: REVOKE,
      },
    ],
    syntheticShape: true,
  },
  watch: "accountWeek",
  anchor: "given",
  // An hour by which a session is known, and what CloudTrail needs.
  settleMs: HOUR_MS + 30 * MINUTE_MS,
  rests: ["associated"],
  params: Type.Object({}),
  detect(account, { id }) {
    const changes = account.all("associated");
    const [namespace = "", name = ""] = id.split("/").slice(3);
    const whom = `${namespace}/${name}`;
    return ({ time, role, source }) => {
      const from = Date.parse(time);
      const stood = standing(changes, from, from + HOUR_MS);
      // An update that does not tell its role may have set this one.
      if (stood === undefined || stood.some((change) => !change.action.startsWith("Delete") && change.role === ""))
        return [];
      const roles = stood.flatMap((change) => (change.action.startsWith("Delete") ? [] : [change.role, change.target]));
      if (roles.includes(role)) return [];
      const removed = roles.length === 0;
      const rolename = roleOf(role)?.name ?? role;
      const said = removed ? "has none any more" : `names ${[...new Set(roles.filter(Boolean))].join(" and ")}`;
      return [
        {
          sentence: `A pod of service account ${whom} was given role ${rolename}, but the service account's association ${said}`,
          by: `account/${whom}`,
          on: `role ${role}`,
          at: time,
          actor: { kind: "pod" as const, name: whom, groups: [], role },
          action: "sts:AssumeRole",
          target: role,
          scope: scopeIn(id),
          // An add-on makes its association out of sight, as far as is known.
          ...(removed && { severity: "medium" as const, confidence: "low" as const }),
          evidence: [
            { field: "account.given", value: `${role} in the hour of ${time}`, event: source },
            ...changes.map((change) => ({
              field: "account.associated",
              value: `${change.action} ${change.role} ${change.target} at ${change.time} by ${change.by}`,
              event: change.source,
            })),
          ],
          reasons: [removed ? "the association was deleted" : "another role than the association's"],
        },
      ];
    };
  },
});
