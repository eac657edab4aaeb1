import Type from "typebox";
import { defineSettledDetector } from "../../ledger/contracts.ts";
import { firstOfEach, inOrder, usesMissing } from "../aws-use.ts";
import { podKey } from "../pod-key.ts";
import { looksAround, OPERATORS } from "../reconnaissance.ts";
import { habitsAt } from "../role-habits.ts";

const MINUTE_MS = 60_000;
const WITHIN_MS = 60 * MINUTE_MS;
/** Reads are known to ten minutes. */
const READ_MS = 10 * MINUTE_MS;
/** Three kinds of calls that look around are no mistake and no start of an application. */
const QUORUM = 3;

/** B-55: a pod's service account reads secrets of the cluster, and its AWS key looks around in the account: two credentials of one pod in one hand. */
export const detector = defineSettledDetector({
  meta: {
    id: "access/secrets-then-aws",
    version: 1,
    title: "Pod read secrets of the cluster, and its AWS key looked around",
    description:
      "A pod's service account listed or read secrets, and within an hour the AWS key of the same pod called several APIs that tell what it may do or give further credentials, none of which it had called before. A pod has both identities; whoever got into one tries both. The audit log shows the one half and CloudTrail the other.",
    severity: "critical",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0006", technique: "T1552.007" },
      { tactic: "TA0007", technique: "T1580" },
      { tactic: "TA0008", technique: "T1550.001" },
    ],
    reads: [
      "objectRef.resource",
      "user.extra.pod-uid",
      "requestParameters.tags",
      "responseElements.credentials.accessKeyId",
      "userIdentity.accessKeyId",
      "eventName",
    ],
    auditLevel: { needs: "Metadata" },
    references: ["https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html"],
    gaps: [
      "A token that is bound to no pod tells no pod, and IRSA's credentials tell none either.",
      "What the pod called on an earlier day, with any key, is not counted.",
      "Looking around more slowly than three kinds of calls in an hour stays below.",
    ],
    triage: [
      {
        do: "See all that the key did, and from where: an address that is not the cluster's means that it was taken away.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, errorCode, sourceIPAddress, userAgent | filter userIdentity.accessKeyId = "{actor.key}" | sort eventTime asc',
      },
      {
        do: "See which secrets its service account read, and from where.",
        audit:
          'fields requestReceivedTimestamp, user.username, verb, objectRef.namespace, objectRef.name, sourceIPs.0 | filter @message like "{target}" and objectRef.resource = "secrets" | sort requestReceivedTimestamp asc',
      },
      {
        do: "Delete the pod, revoke the sessions of its role that are older than now, and change the secrets that were read.",
      },
    ],
    syntheticShape: true,
  },
  watch: "key",
  anchor: "podSecrets",
  settleMs: READ_MS + WITHIN_MS,
  epochs: [
    { kind: "use", over: "hour" },
    { kind: "habit", over: "habit" },
    { kind: "habit", over: "formerly" },
    { kind: "habit", over: "habit", of: "use" },
    { kind: "habit", over: "formerly", of: "use" },
  ],
  params: Type.Object({
    operators: Type.Array(
      Type.Object({ account: Type.String(), services: Type.Array(Type.String()) }, { additionalProperties: false }),
      {
        default: OPERATORS,
        description: "Service accounts that read secrets and look into these services of AWS by right: not counted.",
      },
    ),
    baselineMinutes: Type.Integer({
      default: 60,
      minimum: 0,
      description: "A pod whose credentials were in use for less when it read secrets is only starting: medium.",
    }),
  }),
  detect(entity, { params, id, epochs }) {
    const [account] = entity.all("podAccount");
    const name = account === undefined ? "?" : `${account.namespace}/${account.serviceAccount}`;
    const byRight = new Set(
      params.operators.filter((entry) => entry.account === name).flatMap(({ services }) => services),
    );
    const hours = epochs("use");
    const uses = inOrder(hours.flatMap((hour) => hour.all("used")).filter(({ trail }) => trail === "CloudTrail"));
    const [own] = entity.all("pod");
    const known = { podName: entity.all("podName"), issued: entity.all("issued"), cluster: entity.all("cluster") };
    const { pod, shown } = podKey({ id, ...known });
    return (read) => {
      const at = Date.parse(read.time);
      const before = uses.filter((use) => use.at < at);
      const habits = habitsAt(read.time, own?.id, epochs("habit"));
      const earlier = new Set(before.map(({ api }) => api));
      const looked = uses.filter((use) => {
        const isNew = !earlier.has(use.api) && !habits.usual(use.api);
        const counts = looksAround(use) && isNew && !byRight.has(use.api.replace(/:.*$/, ""));
        return counts && use.at <= at + READ_MS + WITHIN_MS;
      });
      const apis = firstOfEach(looked).slice(0, QUORUM);
      const last = apis.at(-1);
      if (apis.length < QUORUM || last === undefined) return [];
      const [first] = before;
      const inUse = first === undefined ? 0 : at - first.at;
      const starting = !habits.knownPod && inUse < params.baselineMinutes * MINUTE_MS;
      const reasons = [...(starting ? ["the pod was only starting"] : []), ...usesMissing(hours)];
      const called = apis.map(({ api }) => api).join(", ");
      return [
        {
          sentence: `Pod ${pod} (service account ${name}) read ${read.what}, and then its AWS key ${id} called ${called}`,
          on: "after secrets",
          at: last.since,
          ...shown,
          action: last.api,
          sourceIP: last.ip,
          ...(reasons.length > 0 && { severity: "medium" as const, confidence: "low" as const }),
          evidence: [
            { field: "key.podSecrets", value: `${read.time} ${read.what}`, event: read.source },
            ...apis.map(({ since, api, ip, outcome, source }) => ({
              ...{ field: "key.used", value: `${since} ${api} from ${ip} (${outcome})`, event: source },
            })),
          ],
          reasons,
        },
      ];
    };
  },
});
