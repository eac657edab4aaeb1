import { roleOf } from "../../../schemas/arn.ts";
import { UNKNOWN } from "../../../schemas/events/event.ts";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector, type EventOn } from "../../core/contracts.ts";
import { attempted } from "../../core/weight.ts";
import { completed } from "../../ledger/contracts.ts";
import { isPipeline, learned, params } from "./known.ts";

type Call = EventOn<"podIdentityAssociation">;

/** B-10 alone: which role a service account has in AWS was set or changed: a note. With a pod that uses it afterwards it is the attack. */
const ofEvents = defineEventDetector({
  meta: {
    id: "pod-identity/association-change",
    version: 2,
    title: "Pod Identity association created or re-pointed",
    description:
      "An association hands an IAM role to every pod of a service account. Whoever may write one and start a pod has that role: high when the same person does both. A role in a foreign account, session tags switched off, or a service account that many pods share are what an attacker would choose.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0003", technique: "T1098.003" },
      { tactic: "TA0003", technique: "T1098.006" },
    ],
    reads: ["userIdentity", "requestParameters", "responseElements.association", "errorCode"],
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/pod-id-association.html",
      "https://docs.aws.amazon.com/eks/latest/userguide/pod-id-assign-target-role.html",
    ],
    gaps: [
      "What the role may do is not in the record: an association with an administrator's role looks like any other.",
      "An add-on that brings its association along (CreateAddon) is made by EKS and not reported unless it is out of the ordinary.",
      "The shape of these records is known from the API model; no real one was seen.",
      "A pod that uses the role is seen in bodies of its write only; another session of the same person under another name and key is not joined.",
    ],
    triage: [
      {
        do: "Ask whoever made the change whether it was theirs, and see what they did before and after.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, sourceIPAddress, userAgent | filter userIdentity.accessKeyId = "{actor.key}" | sort eventTime asc',
      },
      {
        do: "See which roles the cluster's associations hand out now, and what the one in question may do.",
        cli: "aws eks list-pod-identity-associations --cluster-name '{cluster}' --region '{region}' --query 'associations[].associationId' --output text | xargs -n 1 aws eks describe-pod-identity-association --cluster-name '{cluster}' --region '{region}' --association-id",
      },
      {
        do: "See whether a pod got a session of that role since.",
        cloudtrail:
          'fields eventTime, requestParameters.roleArn, requestParameters.roleSessionName | filter eventName = "AssumeRole" and userIdentity.invokedBy = "pods.eks.amazonaws.com" | sort eventTime desc',
      },
    ],
    syntheticShape: true,
  },
  on: "podIdentityAssociation",
  params,
  detect(call, { pipelines, accounts }) {
    const { actor, facets, action } = call;
    const { namespace, serviceAccount, roleArn, targetRoleArn, associationId, cluster } = facets.podIdentityAssociation;
    if (action === "DeletePodIdentityAssociation") return undefined;
    const pipeline = isPipeline(actor, pipelines);
    // EKS itself, for an add-on. Add-ons and stacks serve kube-system as a matter of course.
    const via = call.viaService ?? actor.invokedBy;
    const routine = pipeline || via === "eks.amazonaws.com";
    const stack = via === "cloudformation.amazonaws.com";
    const raises = [...raisesOf(call, accounts), ...(routine || stack ? [] : sharedIdentity(call))];
    if (raises.length === 0 && (routine || call.outcome === "failed")) return undefined;
    const whom = serviceAccount === "" ? `association ${associationId}` : `${namespace}/${serviceAccount}`;
    const role = targetRoleArn || roleArn;
    return {
      sentence: `${nameOf(actor)} ${did(call)} the Pod Identity association of ${whom}${role && ` with role ${role}`}`,
      // An update names its association by id whatever becomes of it, a create by service account.
      on: `associations/${cluster}/${action.startsWith("Create") ? `${namespace}/${serviceAccount}` : associationId}`,
      severity: raises.length > 0 && !attempted(call) ? "medium" : "low",
      evidence: [
        { field: "requestParameters.namespace", value: namespace },
        { field: "requestParameters.serviceAccount", value: serviceAccount },
        { field: "requestParameters.roleArn", value: roleArn },
        { field: "requestParameters.targetRoleArn", value: targetRoleArn },
        {
          field: "requestParameters.disableSessionTags",
          value: facets.podIdentityAssociation.sessionTagsOff ? "true" : "",
        },
        { field: "errorCode", value: call.errorCode },
      ].filter(({ value }) => value !== ""),
      reasons: raises,
      notExempted: routine
        ? [pipeline ? "a listed pipeline, but out of the ordinary" : "made by EKS, but out of the ordinary"]
        : [],
    };
  },
});

export const detector = completed(ofEvents, [learned]);

function did(call: Call): string {
  const create = call.action === "CreatePodIdentityAssociation";
  if (attempted(call)) return create ? "tried to create" : "tried to change";
  return create ? "created" : "changed";
}

/** What neither a pipeline nor an add-on does as a matter of course. */
function raisesOf(call: Call, accounts: readonly string[]): string[] {
  const { roleArn, targetRoleArn, sessionTagsOff } = call.facets.podIdentityAssociation;
  const { account } = call.scope;
  const own = account === UNKNOWN ? roleOf(roleArn)?.account : account;
  const target = roleOf(targetRoleArn)?.account;
  const foreign = target !== undefined && own !== undefined && target !== own && !accounts.includes(target);
  return [
    ...(foreign ? [`the target role is in account ${target}`] : []),
    ...(sessionTagsOff ? ["session tags switched off: sessions name no pod any more"] : []),
    ...(call.actor.kind === "node" || call.actor.kind === "root" ? [`by a ${call.actor.kind} identity`] : []),
  ];
}

/** Service accounts that more than one workload runs under, or that serve the cluster itself. */
function sharedIdentity({
  facets: {
    podIdentityAssociation: { namespace, serviceAccount },
  },
}: Call): string[] {
  return [
    ...(namespace === "kube-system" ? ["for a service account of kube-system"] : []),
    ...(serviceAccount === "default" ? ["for a default service account: every pod of the namespace"] : []),
  ];
}
