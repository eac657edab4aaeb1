import Type from "typebox";
import { parseArn, roleOf } from "../../../schemas/arn.ts";
import { defineJoinDetector } from "../../ledger/contracts.ts";
import { principalName } from "../principal-name.ts";

const DAY_MS = 24 * 60 * 60_000;
/** Uses are known to ten minutes. */
const USE_MS = 10 * 60_000;

/** B-35: access to a cluster granted, used and taken back within a day. */
export const detector = defineJoinDetector({
  meta: {
    id: "access/grant-use-revoke",
    version: 1,
    title: "Access to a cluster granted, used and taken back within a day",
    description:
      "Somebody gave a principal an access entry or an access policy, the principal came into the cluster with it, and then it was taken back. Afterwards the cluster's configuration shows nothing. An intruder who may manage access entries works so; access that is granted for a task by right goes through a tool whose role can be named.",
    severity: "critical",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0003", technique: "T1098.006" },
      { tactic: "TA0004", technique: "T1098.006" },
      { tactic: "TA0005", technique: "T1078.004" },
    ],
    reads: [
      "eventName",
      "requestParameters.principalArn",
      "requestParameters.policyArn",
      "userIdentity.accessKeyId",
      "user.extra.canonicalArn",
      "user.extra.accessKeyId",
    ],
    auditLevel: { needs: "Metadata" },
    references: ["https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html"],
    gaps: [
      "Uses are known to ten minutes: what the principal was allowed before the grant counts when it is that near.",
      "A mapping in aws-auth that is added and removed is not seen here.",
      "Groups of an entry that are changed and changed back (UpdateAccessEntry) are grants without an end.",
    ],
    triage: [
      {
        do: "See everything that was done with it in the cluster.",
        audit:
          'fields requestReceivedTimestamp, user.username, verb, requestURI, responseStatus.code, sourceIPs.0 | filter user.extra.canonicalArn.0 like "/{actor.role}" | sort requestReceivedTimestamp asc',
      },
      {
        do: "Ask whoever granted it, and see what else they granted.",
        cloudtrail:
          'fields eventTime, eventName, userIdentity.arn, sourceIPAddress, requestParameters.name, requestParameters.principalArn, requestParameters.policyArn | filter eventSource = "eks.amazonaws.com" and eventName like /AccessEntry|AccessPolicy/ | sort eventTime asc',
      },
      {
        do: "See whether something was left behind that needs no access entry: bindings, tokens, certificates, workloads.",
        audit:
          'fields requestReceivedTimestamp, verb, objectRef.resource, objectRef.namespace, objectRef.name | filter user.extra.canonicalArn.0 like "/{actor.role}" and verb in ["create", "update", "patch"] | sort requestReceivedTimestamp asc',
      },
    ],
  },
  watch: "grant",
  match: ["entry", "granted", "used", "revoked"],
  params: Type.Object({
    granters: Type.Array(Type.String(), {
      default: [],
      description: "Names or ARNs of the roles of tools that grant access for a while by right: low.",
    }),
  }),
  detect([entry, granted, used, revoked], { params }) {
    const [from, use, to] = [granted.time, used.time, revoked.time].map((time) => Date.parse(time)) as [
      number,
      number,
      number,
    ];
    const inOrder = from < to && to - from <= DAY_MS && use + USE_MS > from && use <= to;
    // An entry takes its policies along.
    const same = revoked.action === "DeleteAccessEntry" || revoked.what === granted.what;
    if (!inOrder || !same || revoked.time.slice(0, 10) !== entry.day) return undefined;
    const role = roleOf(granted.role)?.name ?? granted.role;
    const byRight = params.granters.some((name) => name === granted.role || (roleOf(name)?.name ?? name) === role);
    const toSelf = granted.key !== "" && granted.key === used.key;
    const foreign = parseArn(entry.principal)?.account !== entry.account;
    const minutes = Math.ceil((to - from) / 60_000);
    return {
      sentence: `${granted.by} let ${principalName(entry.principal)} into cluster ${entry.cluster} (${granted.what}), it was used, and ${revoked.by} took it back ${minutes} minutes later`,
      on: "for a while",
      at: revoked.time,
      actor: {
        ...{ kind: "human", name: entry.principal, groups: [], arn: entry.principal },
        ...(used.key !== "" && { accessKeyId: used.key }),
      },
      action: "eks:CreateAccessEntry",
      target: entry.principal,
      scope: { account: entry.account, region: entry.region, cluster: entry.cluster },
      ...(byRight && { severity: toSelf ? ("high" as const) : ("low" as const) }),
      ...(toSelf && { confidence: "high" as const }),
      evidence: [
        { field: "grant.granted", value: `${granted.time} ${granted.by}: ${granted.what}`, event: granted.source },
        { field: "grant.used", value: `${used.time} ${used.key}`, event: used.source },
        { field: "grant.revoked", value: `${revoked.time} ${revoked.by}: ${revoked.what}`, event: revoked.source },
      ],
      reasons: [
        ...(toSelf ? ["whoever granted it used it: the same key"] : []),
        ...(foreign ? ["the principal is of another account"] : []),
      ],
      notExempted: byRight && toSelf ? ["granted by a role of `granters`, to itself"] : [],
    };
  },
});
