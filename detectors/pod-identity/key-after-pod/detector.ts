import Type from "typebox";
import { defineSettledDetector } from "../../ledger/contracts.ts";
import { lateUse } from "../late-use.ts";
import { didCall, podActor, REVOKE } from "../pod-keys.ts";

/** B-04: the AWS key of a pod at work two minutes and more after the pod's final delete. EKS hands out no new one, and takes none back
 * (detections.md 0.3.5). From where and for what, pod-identity/key-after-pod-elsewhere judges. */
export const detector = defineSettledDetector({
  meta: {
    id: "pod-identity/key-after-pod",
    version: 1,
    title: "AWS key of a pod used after the pod was gone",
    description:
      "The cluster removed a pod for good, and minutes later its AWS key was still at work. The key lives up to six hours; the containers that had it do not. Either somebody took it, or a node was lost with its containers still running.",
    severity: "low",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0008", technique: "T1550.001" },
      { tactic: "TA0004", technique: "T1078.004" },
    ],
    reads: [
      "responseElements.credentials.accessKeyId",
      "requestParameters.tags",
      "responseObject.metadata.uid",
      "requestObject.gracePeriodSeconds",
      "userIdentity.accessKeyId",
      "eventName",
      "sourceIPAddress",
    ],
    auditLevel: { needs: "Metadata", better: "RequestResponse" },
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html",
      "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html",
    ],
    gaps: [
      "The final delete names its pod in a body: at level Metadata the end of a pod is not known.",
      "Calls that AWS's services make for the pod come from no place, and are left out.",
      "A pod whose association switches session tags off has no key that leads to it.",
      "A call is known by its first time in three hours: what the pod called in those of its end, from the same address, is not told apart until the next three.",
      "400 uses of a key are kept for three hours, by API, address and outcome: of a busier pod's key later ones are not known.",
    ],
    triage: [
      {
        do: "See where the key was used from before and since. The same address means a container that outlived its pod, another one a thief.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, errorCode, sourceIPAddress, vpcEndpointId, userAgent | filter userIdentity.accessKeyId = "{actor.key}" | sort eventTime asc',
      },
      {
        do: "See who removed the pod. The pod garbage collector means that its node was lost, and may still run the containers.",
        audit:
          'fields requestReceivedTimestamp, user.username, verb, requestURI, sourceIPs.0 | filter objectRef.resource = "pods" and verb = "delete" and concat(objectRef.namespace, "/", objectRef.name) = "{actor.name}" | sort requestReceivedTimestamp asc',
      },
      {
        do: "Revoke the role's sessions older than now, and restart the pods that have the role: theirs are older, too.",
        cli: REVOKE,
      },
    ],
  },
  watch: "key",
  anchor: "late",
  settleMs: 10 * 60_000,
  coldness: { birth: "issued" },
  epochs: [{ kind: "use", over: "hour" }],
  params: Type.Object({}),
  detect(key, { id, epochs }) {
    const [issued] = key.all("issued");
    const [cluster] = key.all("cluster");
    if (issued === undefined || cluster === undefined) return undefined;
    const uses = epochs("use").flatMap((hour) => hour.all("used"));
    return (told) => {
      const late = lateUse(told, uses);
      if (late === undefined) return [];
      const minutes = Math.floor((Date.parse(late.since) - Date.parse(told.gone)) / 60_000);
      return [
        {
          sentence: `The key of pod ${issued.whom} ${didCall(late.api, late.outcome)} from ${late.ip}, ${minutes} minutes after the pod was gone`,
          on: "after its pod",
          at: late.since,
          actor: podActor(issued.whom, id, issued.role),
          action: late.api,
          target: issued.whom,
          scope: { account: cluster.account, region: cluster.region, cluster: cluster.cluster },
          sourceIP: late.ip,
          evidence: [
            { field: "key.issued", value: `${issued.whom} ${issued.role} ${issued.time}`, event: issued.source },
            { field: "pod.deleted", value: told.gone, event: late.source },
            { field: "key.used", value: `${late.api} ${late.outcome} ${late.ip} ${late.since}`, event: late.source },
          ],
        },
      ];
    };
  },
});
