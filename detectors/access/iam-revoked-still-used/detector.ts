import Type from "typebox";
import { defineSettledDetector } from "../../ledger/contracts.ts";
import { principalName } from "../principal-name.ts";

/** Uses are known to ten minutes. */
const USE_MS = 10 * 60_000;
/** Time for what takes a revocation back to be told. */
const SETTLE_MS = 30 * 60_000;

/** B-38: a key, user or role that was put out of use in IAM, and whose requests a cluster still allows. */
export const detector = defineSettledDetector({
  meta: {
    id: "access/iam-revoked-still-used",
    version: 1,
    title: "Cluster still lets in a credential that was deleted or revoked in IAM",
    description:
      "An access key was deleted or deactivated, its user or role was deleted, or the older sessions of a role were revoked, and more than twenty minutes later a cluster still allows requests with them. A token for EKS lives fifteen minutes. Either somebody keeps on being let in, or the revocation does not bite: the authenticator asks STS who somebody is, and that answer needs no permission, so a session that is denied everything still gets it.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0005", technique: "T1550.001" },
      { tactic: "TA0003", technique: "T1078.004" },
    ],
    reads: [
      "eventName",
      "requestParameters.roleName",
      "requestParameters.accessKeyId",
      "requestParameters.policyDocument",
      "user.extra.principalId",
      "user.extra.accessKeyId",
      "authorization.k8s.io/decision",
    ],
    auditLevel: { needs: "Metadata" },
    references: [
      "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html",
      "https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html",
    ],
    gaps: [
      "A deletion names no unique id: who bore the name is learned from sessions seen on that day and the two before it, ten minutes before the deletion at the latest.",
      "Of revoked sessions only those count whose issue either trail shows, half an hour before the revocation at the latest.",
      "Temporary keys that were got with a lasting key outlive it, and are not followed from it.",
      "Nodes are not looked at: a node role is deleted while its last nodes still speak.",
      "What is asked later than two days after the revocation is not seen.",
    ],
    triage: [
      {
        do: "Take its way in away: the access entry and the mappings of aws-auth. IAM alone did not.",
        cli: "aws eks delete-access-entry --region '{region}' --cluster-name '{cluster}' --principal-arn '{target}'; kubectl get configmap aws-auth --namespace kube-system -o yaml",
      },
      {
        do: "See what it did since.",
        audit:
          'fields requestReceivedTimestamp, user.username, verb, requestURI, responseStatus.code, sourceIPs.0, user.extra.accessKeyId.0, user.extra.principalId.0 | filter user.extra.canonicalArn.0 = "{actor.arn}" | sort requestReceivedTimestamp asc',
      },
      {
        do: "See who revoked it, and whether somebody took that back.",
        cloudtrail:
          'fields eventTime, eventName, userIdentity.arn, requestParameters.roleName, requestParameters.userName, requestParameters.accessKeyId, requestParameters.policyName | filter eventSource = "iam.amazonaws.com" and eventName like /AccessKey|RolePolicy|UserPolicy|DeleteRole|DeleteUser/ | sort eventTime asc',
      },
    ],
    syntheticShape: true,
  },
  watch: "credentialHour",
  anchor: "after",
  settleMs: SETTLE_MS,
  params: Type.Object({}),
  detect(entity) {
    const lifted = entity.all("lifted");
    const credential = entity.id.slice(0, entity.id.lastIndexOf("/"));
    return (after) => {
      const revocation = entity
        .all("revoked")
        .find((one) => one.time === after.revoked && one.action === after.action && one.what === after.what);
      if (revocation === undefined) return [];
      const takenBack = lifted.some(({ what, time, who }) => {
        const between = time > after.revoked && Date.parse(time) < Date.parse(after.time) + USE_MS;
        // Whoever was revoked by somebody else cannot clear himself.
        return after.what !== "" && what === after.what && between && (who !== after.id || revocation.who === after.id);
      });
      if (takenBack) return [];
      const key = credential.startsWith("AKIA") ? credential : undefined;
      const whose = principalName(after.principal);
      const use = entity.all("used").find(({ time, cluster }) => time === after.time && cluster === after.cluster);
      return [
        {
          sentence: `${revocation.by} ${deed(after.action, whose, key)}, and cluster ${after.cluster} still lets it in`,
          ...{ by: `credential/${credential}`, on: after.action, at: after.time },
          actor: {
            ...{ kind: "human", name: after.principal, groups: [], arn: after.principal, principalId: after.id },
            ...(key !== undefined && { accessKeyId: key }),
          },
          action: `iam:${after.action}`,
          target: after.principal,
          scope: { account: after.account, region: after.region, cluster: after.cluster },
          evidence: [
            {
              field: "credential.revoked",
              value: `${after.revoked} ${after.action} ${after.what}`.trim(),
              event: revocation.source,
            },
            {
              field: "credential.used",
              value: `${after.time} ${credential} in ${after.cluster}`,
              event: use?.source ?? after.source,
            },
          ],
          reasons: [`${after.action} at ${after.revoked}`],
        },
      ];
    };
  },
});

function deed(action: string, whose: string, key: string | undefined): string {
  if (key !== undefined) return `${action === "DeleteAccessKey" ? "deleted" : "deactivated"} key ${key} of ${whose}`;
  return action.startsWith("Delete") ? `deleted ${whose}` : `revoked the older sessions of ${whose}`;
}
