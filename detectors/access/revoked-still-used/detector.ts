import Type from "typebox";
import { defineSettledDetector } from "../../ledger/contracts.ts";
import { principalName } from "../principal-name.ts";

const MINUTE_MS = 60_000;
/** A token of the AWS CLI lives for fifteen minutes; the rest is what clocks and caches may need. */
const GRACE_MS = 20 * MINUTE_MS;
/** Uses are known to ten minutes. */
const USE_MS = 10 * MINUTE_MS;

/** B-38: a principal whose access entry is gone, and who is still let in. */
export const detector = defineSettledDetector({
  meta: {
    id: "access/revoked-still-used",
    version: 1,
    title: "Principal still let into a cluster after its access entry was deleted",
    description:
      "The access entry of a principal was deleted, and more than twenty minutes later the cluster still answers its requests. Tokens do not live that long: something else lets it in, a mapping in aws-auth or an entry that was made again where no trail shows it. Whoever deleted the entry believes it to be locked out.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0003", technique: "T1098.006" },
      { tactic: "TA0005", technique: "T1078.004" },
    ],
    reads: ["eventName", "requestParameters.principalArn", "user.extra.canonicalArn", "authorization.k8s.io/decision"],
    auditLevel: { needs: "Metadata" },
    references: ["https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html"],
    gaps: [
      "A policy that is taken away (DisassociateAccessPolicy) may leave other rights: only deleted entries count.",
      "Deleted roles and keys, and sessions that were revoked in IAM, are for access/iam-revoked-still-used.",
      "What is asked later than two hours after the deletion is not seen.",
    ],
    triage: [
      {
        do: "See what lets it in: its entry, and the mappings of aws-auth.",
        cli: "aws eks list-access-entries --region '{region}' --cluster-name '{cluster}'; kubectl get configmap aws-auth --namespace kube-system -o yaml",
      },
      {
        do: "See what it did since.",
        audit:
          'fields requestReceivedTimestamp, user.username, verb, requestURI, responseStatus.code, sourceIPs.0, user.extra.principalId.0 | filter user.extra.canonicalArn.0 like "/{actor.role}" | sort requestReceivedTimestamp asc',
      },
      {
        do: "See who deleted the entry, and whether somebody made it again.",
        cloudtrail:
          'fields eventTime, eventName, userIdentity.arn, requestParameters.name, requestParameters.principalArn | filter eventSource = "eks.amazonaws.com" and eventName like /AccessEntry|AccessPolicy/ | sort eventTime asc',
      },
    ],
  },
  watch: "grant",
  anchor: "revoked",
  settleMs: 2 * 60 * MINUTE_MS,
  rests: ["granted"],
  params: Type.Object({}),
  detect(entity) {
    const [entry] = entity.all("entry");
    if (entry === undefined) return undefined;
    const known = entity.all("used");
    // With which key, is not kept of all.
    const unknown = entity.overflowed("used")
      ? entity.all("active").flatMap((use) => (known.some(({ time }) => time === use.time) ? [] : { ...use, key: "" }))
      : [];
    const granted = entity.all("granted").map(({ time }) => Date.parse(time));
    return (revoked) => {
      if (revoked.action !== "DeleteAccessEntry") return [];
      const gone = Date.parse(revoked.time);
      const uses = [...known, ...unknown].filter(({ time }) => {
        const use = Date.parse(time);
        const again = granted.some((grant) => grant > gone && grant < use + USE_MS);
        return time.startsWith(entry.day) && use > gone + GRACE_MS && !again;
      });
      return uses.map((use) => ({
        sentence: `${revoked.by} deleted the access entry of ${principalName(entry.principal)} to cluster ${entry.cluster}, which still lets it in`,
        on: "deleted",
        at: use.time,
        actor: {
          ...{ kind: "human", name: entry.principal, groups: [], arn: entry.principal },
          ...(use.key !== "" && { accessKeyId: use.key }),
        },
        action: "eks:DeleteAccessEntry",
        target: entry.principal,
        scope: { account: entry.account, region: entry.region, cluster: entry.cluster },
        evidence: [
          { field: "grant.revoked", value: `${revoked.time} ${revoked.by}`, event: revoked.source },
          { field: "grant.used", value: `${use.time} ${use.key}`, event: use.source },
        ],
        reasons: [`deleted at ${revoked.time}`],
      }));
    };
  },
});
