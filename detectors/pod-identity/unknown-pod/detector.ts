import Type from "typebox";
import { defineSettledDetector } from "../../ledger/contracts.ts";
import { lastIn, scopeIn } from "../pod-keys.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What the audit log tells of a pod, one way or another; the rest is CloudTrail's. */
const AUDITED = ["name", "account", "created", "node", "ip", "host", "deleted", "token", "entered"] as const;

/** B-02: a session for a pod that the cluster's audit log never named. Every pod has a token minted by the hour, so that a day is enough to know
 * them all. */
export const detector = defineSettledDetector({
  meta: {
    id: "pod-identity/unknown-pod",
    version: 1,
    title: "AWS session for a pod that the cluster's audit log never named",
    description:
      "EKS opened an AWS session for a pod whose uid stands nowhere in the cluster's audit log: nobody made it, bound it, reported it or minted a token for it. Its token was not minted by this cluster's API server, or the audit log has a hole.",
    severity: "medium",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0008", technique: "T1550.001" },
      { tactic: "TA0005", technique: "T1036" },
    ],
    reads: [
      "requestParameters.tags",
      "requestObject.spec.boundObjectRef.uid",
      "requestObject.metadata.uid",
      "responseObject.metadata.uid",
    ],
    auditLevel: { needs: "Metadata", better: "Request" },
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html",
      "https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html",
    ],
    gaps: [
      "Judged only while the cluster's audit log tells of tokens minted for pods, in that hour and a day before: a log without their bodies tells nothing, and nothing is reported.",
      "A pod that the audit log names for the first time more than an hour after its session is reported.",
      "A hole in the audit log between these hours makes old pods look unknown.",
      "An association with session tags switched off tells of no pod.",
    ],
    triage: [
      {
        do: "Find the session: role, key and what its tags claim. Revoke the role's sessions older than now (AWSRevokeOlderSessions) unless the pod is found.",
        cloudtrail:
          'fields eventTime, requestParameters.roleArn, requestParameters.roleSessionName, responseElements.credentials.accessKeyId | filter eventName = "AssumeRole" and userIdentity.invokedBy = "pods.eks.amazonaws.com" and @message like "{target}" | sort eventTime asc',
      },
      {
        do: "Look for the uid among the pods that run. Found: the audit log has a hole; see whether events of that pod's node are missing.",
        cli: "kubectl get pods --all-namespaces -o custom-columns=UID:.metadata.uid,NS:.metadata.namespace,POD:.metadata.name,NODE:.spec.nodeName",
      },
      {
        do: "Look for it in the whole audit log. Not there at all: somebody signs tokens; see which node asked for the session in that second.",
        audit: 'fields requestReceivedTimestamp, user.username, verb, requestURI | filter @message like "{target}"',
      },
    ],
  },
  watch: "pod",
  anchor: "served",
  // The rest of the hour, in which the audit log has to show itself, and ten minutes.
  settleMs: HOUR_MS + 10 * 60_000,
  coldness: { warm: { trail: "k8s-audit", ms: DAY_MS } },
  epochs: [{ kind: "pulse", over: "pulse" }],
  params: Type.Object({}),
  detect(pod, { id, epochs }) {
    if (AUDITED.some((attribute) => pod.all(attribute).length > 0)) return undefined;
    const audited = new Set(epochs("pulse").flatMap((hour) => hour.all("audited").map(({ time }) => Date.parse(time))));
    const tags = pod.all("tagged").at(-1);
    return ({ time, source }) => {
      const hour = Math.floor(Date.parse(time) / HOUR_MS) * HOUR_MS;
      if (tags === undefined || !audited.has(hour) || !audited.has(hour - DAY_MS)) return [];
      const name = `${tags.namespace}/${tags.name}`;
      return [
        {
          sentence: `AWS opened a session of role ${tags.role} for pod ${name}, of whose uid ${lastIn(id)} the audit log of cluster ${scopeIn(id).cluster} knows nothing`,
          on: "never named",
          at: time,
          actor: { kind: "pod", name, groups: [], pod: name, role: tags.role },
          action: "sts:AssumeRole",
          target: lastIn(id),
          scope: scopeIn(id),
          evidence: [
            { field: "pod.served", value: time, event: source },
            { field: "pod.tagged", value: `${name} ${tags.serviceAccount} with role ${tags.role}`, event: tags.source },
          ],
        },
      ];
    };
  },
});
