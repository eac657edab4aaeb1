import Type from "typebox";
import { defineJoinDetector } from "../../ledger/contracts.ts";
import { lastIn, scopeIn } from "../pod-keys.ts";

/** B-03: the tags of a pod's AWS session are what its token says; the audit log says what the pod of that uid is. */
export const detector = defineJoinDetector({
  meta: {
    id: "pod-identity/tags-contradict-pod",
    version: 1,
    title: "AWS session of a pod with tags that the pod does not have",
    description:
      "EKS tags a pod's AWS session with the namespace, name and service account that stand in the pod's token. The cluster knows the pod of that uid under others: the token was not made by this cluster for this pod, or EKS was told otherwise.",
    severity: "high",
    confidence: "high",
    status: "stable",
    attack: [
      { tactic: "TA0008", technique: "T1550.001" },
      { tactic: "TA0005", technique: "T1036" },
    ],
    reads: [
      "requestParameters.tags",
      "requestParameters.roleArn",
      "requestObject.metadata.uid",
      "responseObject.metadata",
      "responseObject.spec.serviceAccountName",
      "requestObject.spec.boundObjectRef",
    ],
    auditLevel: { needs: "Metadata", better: "RequestResponse" },
    references: ["https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html"],
    gaps: [
      "What a pod is called stands in bodies and in its own requests: at level Metadata only pods that call the API server are known.",
      "An association with session tags switched off tells nothing of the pod.",
      "The role is compared with the association by pod-identity/role-not-associated.",
    ],
    triage: [
      {
        do: "Find the session and its key: its tags are what the token claimed. Revoke the role's sessions older than now (AWSRevokeOlderSessions).",
        cloudtrail:
          'fields eventTime, requestParameters.roleArn, requestParameters.roleSessionName, responseElements.credentials.accessKeyId | filter eventName = "AssumeRole" and userIdentity.invokedBy = "pods.eks.amazonaws.com" and @message like "{target}" | sort eventTime asc',
      },
      {
        do: "See what the cluster knows of that uid: who made the pod, and who minted tokens for it. No token in the log means that the signing key is in other hands.",
        audit:
          'fields requestReceivedTimestamp, user.username, verb, requestURI, sourceIPs.0 | filter @message like "{target}" | sort requestReceivedTimestamp asc',
      },
      {
        do: "See what was done with the role since.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, errorCode, sourceIPAddress, userIdentity.accessKeyId | filter userIdentity.sessionContext.sessionIssuer.userName = "{actor.role}" | sort eventTime asc',
      },
    ],
  },
  watch: "pod",
  match: ["tagged", "name", "account"],
  params: Type.Object({}),
  detect([tagged, name, account], { id }) {
    // A tag that is missing contradicts nothing.
    const differs = (tag: string, known: string): boolean => tag !== "" && tag !== known;
    const contradicted = [
      ...(differs(tagged.namespace, name.namespace) ? ["namespace"] : []),
      ...(differs(tagged.name, name.name) ? ["name"] : []),
      ...(differs(tagged.serviceAccount, account.serviceAccount) ? ["service account"] : []),
    ];
    if (contradicted.length === 0) return undefined;
    const claimed = `${tagged.namespace}/${tagged.name}`;
    const own = `${name.namespace}/${name.name}`;
    return {
      sentence: `AWS opened a session of role ${tagged.role} for pod ${claimed} of service account ${tagged.serviceAccount}, but the pod of that uid is ${own} of service account ${account.serviceAccount}`,
      on: `tagged ${claimed} ${tagged.serviceAccount}`,
      at: tagged.time,
      actor: { kind: "pod", name: claimed, groups: [], pod: claimed, role: tagged.role },
      action: "sts:AssumeRole",
      target: lastIn(id),
      scope: scopeIn(id),
      evidence: [
        {
          field: "pod.tagged",
          value: `${claimed} ${tagged.serviceAccount} with role ${tagged.role} at ${tagged.time}`,
          event: tagged.source,
        },
        { field: "pod.name", value: own, event: name.source },
        { field: "pod.account", value: `${account.namespace}/${account.serviceAccount}`, event: account.source },
      ],
      reasons: [`another ${contradicted.join(", another ")}`],
    };
  },
});
