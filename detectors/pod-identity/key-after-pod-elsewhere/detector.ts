import Type from "typebox";
import { inRanges } from "../../../schemas/address.ts";
import { defineSettledDetector, type LedgerHit } from "../../ledger/contracts.ts";
import { lateUse } from "../late-use.ts";
import { didCall, podActor, REVOKE } from "../pod-keys.ts";

/** B-04, when all is known: a pod's key that, after the pod, is used from where or for what the pod never used it. */
export const detector = defineSettledDetector({
  meta: {
    id: "pod-identity/key-after-pod-elsewhere",
    version: 1,
    title: "AWS key of a pod used after the pod was gone, in another way than by the pod",
    description:
      "A pod was removed for good, and its AWS key went on working: from an address that the pod never called from, or for an API that it never called. A container that outlives its pod does what it did before; this is somebody else.",
    severity: "high",
    confidence: "high",
    status: "stable",
    attack: [
      { tactic: "TA0008", technique: "T1550.001" },
      { tactic: "TA0004", technique: "T1078.004" },
      { tactic: "TA0006", technique: "T1528" },
    ],
    reads: [
      "responseElements.credentials.accessKeyId",
      "requestParameters.tags",
      "responseObject.metadata.uid",
      "requestObject.gracePeriodSeconds",
      "userIdentity.accessKeyId",
      "eventName",
      "sourceIPAddress",
      "errorCode",
    ],
    auditLevel: { needs: "Metadata", better: "RequestResponse" },
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html",
      "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html",
    ],
    gaps: [
      "The final delete names its pod in a body: at level Metadata the end of a pod is not known.",
      "A thief who used the key from the same address while the pod lived, for the same APIs, looks like the pod here; pod-identity/key-from-elsewhere judges the address.",
      "Data events count as the pod's ways only where the trail records them.",
      "400 uses of a key are kept for three hours, by API, address and outcome: of a busier pod's key later ones are not known, and what is found is medium.",
    ],
    triage: [
      {
        do: "Revoke the role's sessions older than now, and restart the pods that have the role: theirs are older, too.",
        cli: REVOKE,
      },
      {
        do: "See all that the key did, and from where, while the pod lived and since.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, errorCode, sourceIPAddress, vpcEndpointId, userAgent | filter userIdentity.accessKeyId = "{actor.key}" | sort eventTime asc',
      },
      {
        do: "Find out how the key left the pod: who entered it, and what ran in it.",
        audit:
          'fields requestReceivedTimestamp, user.username, verb, requestURI, sourceIPs.0 | filter objectRef.resource = "pods" and concat(objectRef.namespace, "/", objectRef.name) = "{actor.name}" | sort requestReceivedTimestamp asc',
      },
    ],
  },
  watch: "key",
  anchor: "late",
  settleMs: 10 * 60_000,
  coldness: { birth: "issued" },
  epochs: [{ kind: "use", over: "hour" }],
  params: Type.Object({}),
  detect(key, { id, site, epochs }) {
    const [issued] = key.all("issued").filter(({ to }) => to === "pod");
    const [cluster] = key.all("cluster");
    const gone = key.all("podGone").at(-1)?.time;
    if (issued === undefined || cluster === undefined || gone === undefined) return undefined;
    const hours = epochs("use");
    const uses = hours.flatMap((hour) => hour.all("used")).filter(({ trail }) => trail === "CloudTrail");
    const before = uses.filter(({ since }) => since < gone);
    const ways = {
      places: new Set(before.map(({ ip }) => ip)),
      apis: new Set(before.map(({ api }) => api)),
      complete: !hours.some((hour) => hour.overflowed("used")),
    };
    return (told) => {
      const late = told.gone === gone && lateUse(told, uses);
      if (!late) return [];
      const verdict = worthOf(late, ways, inRanges(late.ip, site.egress));
      if (verdict === undefined) return [];
      const { what, ...worth } = verdict;
      return [
        {
          ...worth,
          sentence: `The key of pod ${issued.whom} ${didCall(late.api, late.outcome)} from ${late.ip} after the pod was gone: an ${what} before`,
          on: "after its pod, in another way",
          at: late.since,
          actor: podActor(issued.whom, id, issued.role),
          action: late.api,
          target: issued.whom,
          scope: { account: cluster.account, region: cluster.region, cluster: cluster.cluster },
          sourceIP: late.ip,
          evidence: [
            { field: "key.issued", value: `${issued.whom} ${issued.role} ${issued.time}`, event: issued.source },
            { field: "pod.deleted", value: gone, event: late.source },
            { field: "key.used", value: `${late.api} ${late.outcome} ${late.ip} ${late.since}`, event: late.source },
          ],
        },
      ];
    };
  },
});

/** What the key was used from and for while the pod lived. */
interface Ways {
  readonly places: ReadonlySet<string>;
  readonly apis: ReadonlySet<string>;
  /** All of it is known. */
  readonly complete: boolean;
}

type Verdict = Pick<LedgerHit, "severity" | "confidence" | "reasons"> & { readonly what: string };

/** A new address is theft whatever came of the call: it was made with the key. A new API from the pod's own address may be its last attempt. */
function worthOf(
  { ip, api, outcome }: { readonly ip: string; readonly api: string; readonly outcome: string },
  { places, apis, complete }: Ways,
  egress: boolean,
): Verdict | undefined {
  const lived = places.size > 0;
  const elsewhere = !places.has(ip) && !egress;
  const otherwise = lived && !apis.has(api);
  if (!elsewhere && !otherwise) return undefined;
  const unsure = [
    ...(lived ? [] : ["the pod itself made no call to compare with"]),
    ...(complete ? [] : ["more uses than are kept: earlier ones may be missing"]),
  ];
  const lesser = unsure.length > 0 || (!elsewhere && outcome !== "success");
  return {
    what: elsewhere ? "address that it was not used from" : "API that it was not used for",
    ...(lesser && { severity: "medium" }),
    ...(unsure.length > 0 && { confidence: "low" }),
    reasons: [
      ...(elsewhere ? [`${ip} is no address that the key was used from before`] : []),
      ...(otherwise ? [`${api} is no API that the key was used for before`] : []),
      ...unsure,
    ],
  };
}
