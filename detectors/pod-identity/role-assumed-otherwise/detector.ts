import Type from "typebox";
import { parseArn, roleOf } from "../../../schemas/arn.ts";
import { UNKNOWN } from "../../../schemas/events/event.ts";
import type { Severity } from "../../../schemas/findings/finding.ts";
import { withoutLast } from "../../core/epoch.ts";
import { defineJoinDetector } from "../../ledger/contracts.ts";

const HOUR_MS = 3_600_000;

/** B-12: pods get their roles from EKS alone. Who assumes one directly has the pod's rights without being the pod. */
export const detector = defineJoinDetector({
  meta: {
    id: "pod-identity/role-assumed-otherwise",
    version: 1,
    title: "Role of pods assumed by somebody else than EKS",
    description:
      "A role that EKS Pod Identity gives to pods was assumed by somebody else. EKS does that for pods as pods.eks.amazonaws.com, and for nobody else: whoever comes another way has the pods' rights in AWS, and leaves no pod behind.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0004", technique: "T1078.004" },
      { tactic: "TA0008", technique: "T1550.001" },
    ],
    reads: ["requestParameters.roleArn", "requestParameters.roleSessionName", "userIdentity", "sourceIPAddress"],
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html",
      "https://docs.aws.amazon.com/eks/latest/userguide/pod-id-assign-target-role.html",
    ],
    gaps: [
      "Roles are known from the associations that were made and the sessions that EKS opened since the ledger began.",
      "An association that was removed is not forgotten: the role counts as one of pods for 400 days.",
      "Refused attempts, and EC2 instances with the role as their profile, are not reported.",
      "A role is known by the day, its being assumed by the hour: on the day on which it became one of pods the order is not told.",
    ],
    triage: [
      {
        do: "Ask whoever assumed the role why. Nobody knows: revoke the role's sessions, and take the caller out of its trust policy.",
        cli: "aws iam get-role --role-name '{target}'",
      },
      {
        do: "Find the sessions that were handed out.",
        cloudtrail:
          'fields eventTime, eventName, userIdentity.arn, sourceIPAddress, requestParameters.roleSessionName, responseElements.credentials.accessKeyId | filter eventSource = "sts.amazonaws.com" and requestParameters.roleArn like "{target}" and not (userIdentity.invokedBy = "pods.eks.amazonaws.com") | sort eventTime asc',
      },
      {
        do: "See what was done with the role beside what its pods did: their sessions are named eks-….",
        cloudtrail:
          'fields eventTime, eventSource, eventName, errorCode, sourceIPAddress, userIdentity.arn | filter userIdentity.sessionContext.sessionIssuer.userName = "{target}" and not (userIdentity.principalId like ":eks-") | sort eventTime asc',
      },
    ],
    syntheticShape: true,
  },
  watch: "roleDay",
  match: ["podRole", "assumed"],
  params: Type.Object({
    callers: Type.Array(
      Type.Object(
        { role: Type.String({ minLength: 1 }), by: Type.String({ minLength: 1 }) },
        { additionalProperties: false },
      ),
      {
        default: [],
        description:
          "Who may assume which role of pods: `role` its name or ARN, `by` the name or ARN of a role or user of the same account, the ARN of one elsewhere, or an AWS service.",
      },
    ),
  }),
  detect([podRole, assumed], { id: day, params }) {
    const id = withoutLast(day);
    const { caller, kind, by, session } = assumed;
    // Known by the hour, and the role by the day.
    if (Date.parse(assumed.time) + HOUR_MS <= Date.parse(podRole.time)) return undefined;
    // EKS goes on from the association's role to its target with the session of the first.
    if (kind === "pod" && sameRole(caller, podRole.through)) return undefined;
    if (params.callers.some((entry) => named(entry.role, id, id) && named(entry.by, caller, id))) return undefined;
    const { severity, reasons } = worthOf(assumed, id);
    const name = roleOf(id)?.name ?? id;
    return {
      of: { kind: "role", id },
      sentence: `${by} assumed role ${name} as ${session || "?"}, which EKS gives to pods of ${podRole.account} in cluster ${podRole.cluster}`,
      on: `by ${caller}`,
      at: assumed.time,
      actor: { kind, name: caller, groups: [], ...(caller.startsWith("arn:") && { arn: caller }) },
      action: "sts:AssumeRole",
      target: name,
      // No cluster: clusters share roles, and this is one deed.
      scope: { account: parseArn(id)?.account ?? UNKNOWN },
      severity,
      ...(severity === "low" && { confidence: "low" }),
      evidence: [
        { field: "role.podRole", value: `${podRole.cluster} ${podRole.account}`, event: podRole.source },
        { field: "role.assumed", value: `${caller} ${session} ${assumed.time}`, event: assumed.source },
      ],
      reasons,
    };
  },
});

const sameRole = (one: string, other: string): boolean => {
  const [a, b] = [roleOf(one), roleOf(other)];
  return a !== undefined && a.name === b?.name && a.account === b.account;
};

/** A bare name is one of the account that the role of pods is in: anybody may call a role of theirs the same. */
function named(entry: string, arn: string, role: string): boolean {
  if (entry === arn || sameRole(entry, arn)) return true;
  const user = /^arn:[^:]+:iam::\d+:user\/(?:.*\/)?([^/]+)$/.exec(arn)?.[1];
  return entry === (roleOf(arn)?.name ?? user) && parseArn(arn)?.account === parseArn(role)?.account;
}

interface Assumed {
  readonly kind: string;
  readonly by: string;
  readonly caller: string;
}

function worthOf(
  { kind, by, caller }: Assumed,
  id: string,
): { readonly severity: Severity; readonly reasons: readonly string[] } {
  if (kind === "web-identity" && by.startsWith("service account "))
    return { severity: "low", reasons: ["a service account's own way to a role before Pod Identity (IRSA)"] };
  if (sameRole(caller, id)) return { severity: "low", reasons: ["the role assumed itself: no rights were gained"] };
  if (kind === "pod") return { severity: "medium", reasons: ["a pod's session went on to the role of other pods"] };
  if (kind === "aws-service") return { severity: "medium", reasons: [`${by} has the role, too`] };
  const account = parseArn(caller)?.account;
  const foreign = account !== undefined && account !== parseArn(id)?.account;
  return { severity: "high", reasons: foreign ? [`the caller is of another account, ${account}`] : [] };
}
