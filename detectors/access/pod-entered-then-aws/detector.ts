import Type from "typebox";
import { defineSettledDetector } from "../../ledger/contracts.ts";
import { firstOfEach, inOrder, usesMissing, wasDenied } from "../aws-use.ts";
import { podKey } from "../pod-key.ts";
import { habitsAt } from "../role-habits.ts";
import { LOW, worthOf, worthOfRefusal } from "./worth.ts";

const MINUTE_MS = 60_000;
const WITHIN_MS = 30 * MINUTE_MS;
/** Entries are known to ten minutes. */
const ENTRY_MS = 10 * MINUTE_MS;

/** B-54: somebody got into a pod, and its AWS key does what it never did. What is typed into a shell is in no log; what is done with the pod's
 * credentials is, in the other trail. */
export const detector = defineSettledDetector({
  meta: {
    id: "access/pod-entered-then-aws",
    version: 1,
    title: "Pod entered, and then its AWS credentials used in a new way",
    description:
      "Somebody got into a running pod by exec, attach, port-forward or a debug container, and within half an hour the pod's own AWS key called an API that it had not called before, or was refused. An application does not change what it calls while it runs; whoever stands in its container with its credentials does.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0002", technique: "T1609" },
      { tactic: "TA0006", technique: "T1552.005" },
      { tactic: "TA0005", technique: "T1078.004" },
    ],
    reads: [
      "objectRef.subresource",
      "requestURI",
      "requestParameters.tags",
      "userIdentity.accessKeyId",
      "eventName",
      "errorCode",
    ],
    auditLevel: { needs: "Metadata" },
    references: ["https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html"],
    gaps: [
      "What an application calls seldom is new to a pod that was started today.",
      "Within the first hour of a pod's credentials, only calls that are refused are told from its start.",
      "Data events (S3 objects, DynamoDB items) are seen only where the trail records them.",
      "Credentials of the node (a privileged pod) and of IRSA are not the pod's own key.",
    ],
    triage: [
      {
        do: "See all that the key did since the entry, and from where.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, errorCode, sourceIPAddress, userAgent | filter userIdentity.accessKeyId = "{actor.key}" | sort eventTime asc',
      },
      {
        do: "Ask whoever entered the pod. See what they ran, and where else.",
        audit:
          'fields requestReceivedTimestamp, user.username, verb, requestURI, sourceIPs.0 | filter requestURI like "/{target}/" and objectRef.subresource in ["exec", "attach", "portforward", "ephemeralcontainers", "proxy"] | sort requestReceivedTimestamp asc',
      },
      { do: "If nobody can explain it, delete the pod and revoke the sessions of its role that are older than now." },
    ],
    syntheticShape: true,
  },
  watch: "key",
  anchor: "podEntered",
  settleMs: ENTRY_MS + WITHIN_MS,
  epochs: [
    { kind: "use", over: "hour" },
    { kind: "habit", over: "habit" },
    { kind: "habit", over: "formerly" },
    { kind: "habit", over: "habit", of: "use" },
    { kind: "habit", over: "formerly", of: "use" },
  ],
  params: Type.Object({
    baselineMinutes: Type.Integer({
      default: 60,
      minimum: 0,
      description: "How long a pod's credentials must have been in use before an allowed call counts as new.",
    }),
    operators: Type.Array(Type.String(), {
      default: [],
      description: "Who enters pods by right, as in the finding (`service account db/operator`): low.",
    }),
  }),
  detect(entity, { params, id, epochs }) {
    const hours = epochs("use");
    const uses = inOrder(hours.flatMap((hour) => hour.all("used")).filter(({ trail }) => trail === "CloudTrail"));
    const known = { podName: entity.all("podName"), issued: entity.all("issued"), cluster: entity.all("cluster") };
    const { pod, shown } = podKey({ id, ...known });
    const missing = usesMissing(hours);
    return (entry) => {
      const entered = Date.parse(entry.time);
      const habits = habitsAt(entry.time, entry.pod, epochs("habit"));
      const before = uses.filter(({ at }) => at < entered);
      const earlier = new Set(before.map(({ api }) => api));
      const isNew = (api: string): boolean => !earlier.has(api) && !habits.usual(api);
      const [first] = before;
      const warm =
        habits.knownRole || (first !== undefined && entered - first.at >= params.baselineMinutes * MINUTE_MS);
      const after = uses.filter(({ at }) => at < entered + ENTRY_MS + WITHIN_MS);
      const refusedBefore = new Set(before.filter(wasDenied).map(({ api }) => api));
      const refused = firstOfEach(after.filter((use) => wasDenied(use) && !refusedBefore.has(use.api)));
      const allowed = firstOfEach(after.filter((use) => warm && !wasDenied(use) && isNew(use.api)));
      return [...refused, ...allowed].map((use) => {
        const what = wasDenied(use) ? `was refused ${use.api}` : `called ${use.api}, which it had not before`;
        const worth = wasDenied(use)
          ? worthOfRefusal(use, entry.how, isNew, { refused, missing })
          : worthOf(use, entry.how, habits, missing);
        return {
          sentence: `${entry.by} entered pod ${pod} by ${entry.how}, and then its key ${id} ${what}`,
          on: "entered",
          at: use.since,
          ...shown,
          action: use.api,
          sourceIP: use.ip,
          severity: params.operators.includes(entry.by) ? LOW : worth.severity,
          ...(worth.reasons.length > 0 && { confidence: "low" as const }),
          evidence: [
            { field: "key.podEntered", value: `${entry.time} ${entry.by} ${entry.how}`, event: entry.source },
            { field: "key.used", value: `${use.since} ${use.api} from ${use.ip} (${use.outcome})`, event: use.source },
          ],
          reasons: [`${use.since.slice(0, 16)} ${what} from ${use.ip}`, ...worth.reasons],
        };
      });
    };
  },
});
