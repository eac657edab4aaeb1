import Type from "typebox";
import { defineSettledDetector } from "../../ledger/contracts.ts";

const MINUTE_MS = 60_000;
/** Words of a trail are known to five minutes. */
const SLOT_MS = 5 * MINUTE_MS;
/** The anchor is known to half an hour. */
const ANCHOR_MS = 30 * MINUTE_MS;
const ACCOUNT = "*";

/** When one trail may be silent while the other speaks. */
const RULES = {
  /** A cluster's control plane never stops; of its pods and people CloudTrail tells now and then. */
  cluster: { silent: "audit log", other: "CloudTrail", slots: 2, steady: { of: 3, heard: 3 }, share: 0 },
  /** An account may rest; one that hardly ever did does not. */
  account: { silent: "CloudTrail", other: "audit log", slots: 6, steady: { of: 12, heard: 10 }, share: 0.8 },
} as const;

/** B-46: one trail falls silent while the other tells that the cluster is alive, and speaks again later. */
export const detector = defineSettledDetector({
  meta: {
    id: "trail/silence",
    version: 1,
    title: "One trail silent while the other tells of activity",
    description:
      "For ten minutes there is no audit event of a cluster, whose control plane alone writes several every second, while CloudTrail tells of its pods and of calls about it; or for half an hour there is no CloudTrail record of a busy account, while its clusters' audit logs go on. Whoever wants to act unseen turns the log off, or takes away what carries it, and puts it back.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [{ tactic: "TA0005", technique: "T1562.008" }],
    reads: ["requestReceivedTimestamp", "eventTime", "requestParameters.clusterName", "userIdentity.accessKeyId"],
    auditLevel: { needs: "Metadata" },
    references: ["https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html"],
    gaps: [
      "A trail that does not speak again is not reported: it cannot be told from the end of what was given to read.",
      "Silences of less than ten minutes (audit log) and half an hour (CloudTrail), and those that begin within minutes of the first word.",
      "A cluster that CloudTrail says nothing of, and an account that is often quiet.",
      "An audit log that goes on, and leaves out what matters.",
    ],
    triage: [
      {
        do: "See who changed the logs around the beginning of the silence.",
        cloudtrail:
          'fields eventTime, eventName, userIdentity.arn, sourceIPAddress, requestParameters.name, requestParameters.logGroupName | filter eventName in ["UpdateClusterConfig", "PutSubscriptionFilter", "DeleteSubscriptionFilter", "DeleteLogGroup", "DeleteLogStream", "StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors"] | sort eventTime asc',
      },
      {
        do: "See in the log itself whether the events are missing there too, or only here: then it is the pipeline.",
        audit: "stats count(*) by bin(5m)",
      },
      {
        do: "Take what happened in the silence from the other trail: who asked for pods' credentials, and what was done with them.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, userIdentity.arn, sourceIPAddress, errorCode | filter requestParameters.clusterName = "{cluster}" or requestParameters.name = "{cluster}" or eventSource = "sts.amazonaws.com" | sort eventTime asc',
      },
    ],
    syntheticShape: true,
  },
  watch: "heartbeat",
  anchor: "heard",
  // Half an hour that an anchor stands for, and a quarter for what comes late.
  settleMs: 45 * MINUTE_MS,
  epochs: [{ kind: "heartbeat", over: "before" }],
  params: Type.Object({}),
  detect(entity, { epochs }) {
    const [of] = entity.all("of");
    if (of === undefined) return undefined;
    const { account, region, cluster, day } = of;
    const whole = cluster === ACCOUNT;
    const rule = whole ? RULES.account : RULES.cluster;
    const words = [...epochs("heartbeat"), entity].flatMap((one) =>
      one.all("spoke").map((word) => ({ ...word, at: Date.parse(word.time) })),
    );
    const own = words.filter(({ trail }) => trail === rule.silent);
    const others = words.filter(({ trail }) => trail === rule.other);
    const heard = new Set(own.map(({ at }) => at));
    const endsIn = (due: number, at: number): boolean => at >= due && at < due + ANCHOR_MS;
    return (due) =>
      own.flatMap((last, index) => {
        const next = own[index + 1];
        // A silence is reported when it ends, and on the day on which it does.
        if (next === undefined || !endsIn(Date.parse(due.time), next.at) || next.time.slice(0, 10) !== day) return [];
        const slots = (next.at - last.at) / SLOT_MS - 1;
        const meanwhile = others.filter(({ at }) => at > last.at && at < next.at);
        const before = Array.from({ length: rule.steady.of }, (_, back) => last.at - back * SLOT_MS);
        const steady = before.filter((at) => heard.has(at)).length >= rule.steady.heard;
        const [told] = meanwhile;
        if (slots < rule.slots || !steady || told === undefined || meanwhile.length < rule.share * slots) return [];
        const from = new Date(last.at + SLOT_MS).toISOString();
        const other = whole ? "the audit log of its clusters" : "CloudTrail";
        const what = whole ? `CloudTrail of account ${account}` : `The audit log of cluster ${cluster}`;
        return [
          {
            sentence: `${what} was silent from ${minute(from)} to ${minute(next.time)} (${slots * 5} minutes), while ${other} went on`,
            on: `${rule.silent} silent from ${from}`,
            at: from,
            actor: { kind: "unknown", name: "unknown", groups: [] },
            action: "silence",
            target: whole ? account : cluster,
            scope: whole ? { account } : { account, region, cluster },
            evidence: [last, next, told].map(({ time, trail, source }) => ({
              ...{ field: "heartbeat.spoke", value: `${time} ${trail}`, event: source },
            })),
            reasons: [`${other} spoke in ${meanwhile.length} of its intervals of five minutes`],
          },
        ];
      });
  },
});

const minute = (time: string): string => `${time.slice(0, 16)}Z`;
