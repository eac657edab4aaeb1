import Type from "typebox";
import { defineSettledDetector } from "../../ledger/contracts.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** B-13: a pod's session is opened where its node asks for it, and the tag names the cluster. A cluster that nobody asked for, while others are asked for
 * in the same place, is none that is seen here. */
export const detector = defineSettledDetector({
  meta: {
    id: "pod-identity/foreign-cluster",
    version: 1,
    title: "AWS session for a pod of a cluster that is not among those seen",
    description:
      "EKS opened an AWS session of a role for a pod of a cluster of which neither trail knows anything: no node of it asked EKS Auth, no call names it, no audit log of it is read. Other clusters in the same account and region show all that. Or the cluster is of another account. The role's rights are used where nobody looks.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0008", technique: "T1550.001" },
      { tactic: "TA0004", technique: "T1078.004" },
    ],
    reads: [
      "requestParameters.tags",
      "requestParameters.roleArn",
      "requestParameters.clusterName",
      "recipientAccountId",
      "awsRegion",
    ],
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html",
      "https://docs.aws.amazon.com/eks/latest/userguide/pod-id-assign-target-role.html",
    ],
    gaps: [
      "A cluster that somebody creates in the same account and region is seen from its creation on, and is not foreign: CreateCluster and the association are in CloudTrail.",
      "Silent unless another cluster of the same account and region was served and had its nodes ask in the trail that day: a trail without read events shows neither.",
      "A session without tags names no cluster.",
      "Whether a role of another account's cluster comes as such a session is not known: sessions of target roles are opened by the first role, as far as is known.",
    ],
    triage: [
      {
        do: "See whether the cluster exists, and whose it is.",
        cli: "aws eks describe-cluster --name '{cluster}' --region '{region}' --query 'cluster.[arn,createdAt,status]'",
      },
      {
        do: "See which of your roles were given to its pods, and since when.",
        cloudtrail:
          'fields eventTime, awsRegion, requestParameters.roleArn, requestParameters.roleSessionName, responseElements.credentials.accessKeyId | filter eventName = "AssumeRole" and userIdentity.invokedBy = "pods.eks.amazonaws.com" and @message like "{target}" | sort eventTime asc',
      },
      {
        do: "See what the role's trust lets in: bind it to your clusters by aws:SourceArn or the request tag eks-cluster-arn, and revoke its sessions.",
        cli: "aws iam get-role --role-name '{actor.role}' --query 'Role.AssumeRolePolicyDocument'",
      },
    ],
  },
  watch: "clusterDay",
  anchor: "served",
  settleMs: HOUR_MS + 30 * MINUTE_MS,
  coldness: { warm: { trail: "cloudtrail", ms: 24 * HOUR_MS } },
  params: Type.Object({
    accounts: Type.Array(Type.String({ pattern: "^[0-9]{12}$" }), {
      default: [],
      description: "Accounts of your own whose trail is not read: their clusters are not foreign.",
    }),
  }),
  detect(day, { id, params }) {
    if (day.overflowed("asked") || day.overflowed("known")) return undefined;
    const [account = "", region = ""] = id.split("/");
    const asked = new Set(day.all("asked").map(({ cluster }) => cluster));
    const known = new Set([...asked, ...day.all("known").map(({ cluster }) => cluster)]);
    const served = day.all("served");
    const here = `${account} ${region}`;
    const compared = served.find(({ cluster, within }) => within === here && asked.has(cluster));
    return ({ time, cluster, within, source }) => {
      if (known.has(cluster)) return [];
      const [given = ""] = within.split(" ");
      const foreign = given !== account;
      if (foreign ? params.accounts.includes(account) : compared === undefined) return [];
      const roles = day.all("role").filter((told) => told.cluster === cluster);
      const [first] = roles;
      const where = foreign ? `account ${account}, which is not that of the role` : "nobody asked for or spoke of";
      return [
        {
          sentence: `Pods of cluster ${cluster} were given AWS sessions of ${roles.length === 1 ? `role ${first?.role}` : `${roles.length} roles`}: a cluster ${foreign ? "of " : "that "}${where}`,
          by: `cluster/${account}/${region}/${cluster}`,
          on: "sessions",
          at: time,
          actor: { kind: "pod" as const, name: first?.whom ?? cluster, groups: [], role: first?.role ?? "" },
          action: "sts:AssumeRole",
          target: cluster,
          scope: { account, region, cluster },
          ...(foreign && { severity: "medium" as const, confidence: "low" as const }),
          evidence: [
            { field: "cluster.served", value: `${cluster} within ${within} in the hour of ${time}`, event: source },
            ...roles.map((told) => ({
              field: "cluster.role",
              value: `${told.role} for ${told.whom}`,
              event: told.source,
            })),
          ],
          reasons: foreign
            ? [`the cluster is of account ${account}, the session was opened in ${given}`]
            : [`nodes of ${compared?.cluster} asked EKS Auth in the same place that day, and none of ${cluster}`],
        },
      ];
    };
  },
});
