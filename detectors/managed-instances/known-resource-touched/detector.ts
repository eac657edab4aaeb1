import Type from "typebox";
import type { Severity } from "../../../schemas/findings/finding.ts";
import { CLOSES } from "../../core/ec2-changes.ts";
import { withoutLast } from "../../core/epoch.ts";
import { defineJoinDetector } from "../../ledger/contracts.ts";

/** B-29 by the ledger: EC2 refuses customers, root included, every change to a managed resource but that of its tags
 * (eks-auto-mode.md §4.3), and which resources are managed is known from their making. */
export const detector = defineJoinDetector({
  meta: {
    id: "managed-instances/known-resource-touched",
    version: 1,
    title: "Change tried on what EKS Auto Mode was seen to create",
    description:
      "EKS was seen to create this instance, volume, network interface or launch template for a cluster, and somebody else tried to change or end it. EC2 refuses that to everybody, the root user included: a try is a tool that goes over everything, somebody who does not know the cluster, or an attacker. One that got through should not be possible.",
    severity: "critical",
    confidence: "high",
    status: "stable",
    attack: [{ tactic: "TA0005", technique: "T1578" }],
    reads: [
      "eventName",
      "errorCode",
      "requestParameters",
      "responseElements",
      "userIdentity",
      "requestParameters.tagSpecificationSet",
    ],
    references: [
      "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/amazon-ec2-managed-instances.html",
      "https://docs.aws.amazon.com/eks/latest/userguide/automode-learn-instances.html",
    ],
    gaps: [
      "What EKS created before the ledger began is not known: managed-instances/tampering judges by configuration and by EC2's refusal.",
      "Launches are known in the shape of self-managed Karpenter; none of Auto Mode's own was published.",
      "A launch template that is named instead of numbered is told by managed-instances/tampering.",
    ],
    triage: [
      {
        do: "See everything that this caller did to EC2: one kind of call on all instances is a tool, several kinds on one are a person.",
        cloudtrail:
          'fields eventTime, eventName, errorCode, sourceIPAddress, userAgent, requestParameters.instanceId | filter eventSource = "ec2.amazonaws.com" and not (eventName like /^(Describe|Get|List)/) and userIdentity.arn = "{actor.arn}" | sort eventTime asc',
      },
      {
        do: "Ask by id who operates the resource, and how it is set now: managed resources are hidden from lists.",
        cli: "aws ec2 describe-instances --region '{region}' --instance-ids '{target}' --query 'Reservations[].Instances[].[InstanceId,Operator,State.Name,MetadataOptions,IamInstanceProfile]'",
      },
      {
        do: "If it got through, replace the node and end the caller's sessions. A tool: list its role in `sweepers`, and let it leave out what has an operator.",
        cli: "kubectl get nodes -o custom-columns=NAME:.metadata.name,ID:.spec.providerID",
      },
    ],
    syntheticShape: true,
  },
  watch: "resourceDay",
  match: ["managed", "touched"],
  params: Type.Object({
    sweepers: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      description: "Role names or ARNs of tools that go over all instances: low while they are refused.",
    }),
    manyInstances: Type.Integer({
      minimum: 2,
      default: 5,
      description: "Instances in one call from which on it is a tool's.",
    }),
  }),
  detect([managed, touched], { params, id: day }) {
    const id = withoutLast(day);
    const { by, role, key, api, what, outcome } = touched;
    const failed = ["denied", "refused", "failed", "unauthenticated"].includes(outcome);
    const sweep = sweepOf(touched, params);
    const excuses = [...(sweep === undefined ? [] : [sweep]), ...(what === CLOSES ? [CLOSES] : [])];
    const did = `${api}${what === "" ? "" : ` (${what})`} on ${id}`;
    return {
      of: { kind: "resource", id },
      sentence: `${nameIn(by)} ${failed ? "tried" : "got through with"} ${did}, which EKS Auto Mode of ${managed.cluster} created`,
      // A tool's sessions have other names each time.
      by: `principal/${sweep === undefined || role === "" ? by : role}`,
      on: `resources of ${managed.cluster}`,
      at: touched.time,
      actor: {
        ...{ kind: touched.kind, name: by, groups: [] },
        ...(by.startsWith("arn:") && { arn: by }),
        ...(role !== "" && { role }),
        ...(key !== "" && { accessKeyId: key.replace(/@.*$/, "") }),
      },
      action: api,
      target: id,
      scope: { account: touched.account, region: touched.region, cluster: managed.cluster },
      ...(touched.ip !== "" && { sourceIP: touched.ip }),
      outcome: failed ? "attempt" : "success",
      severity: failed && excuses.length > 0 ? "low" : severityOf(touched, failed),
      evidence: [
        { field: "resource.managed", value: `${id} of ${managed.cluster}`, event: managed.source },
        { field: "resource.touched", value: `${touched.time} ${api} ${what} (${outcome})`, event: touched.source },
      ],
      reasons: [`${did}: ${outcome}`],
      notExempted: excuses,
    };
  },
});

interface Touch {
  readonly by: string;
  readonly kind: string;
  readonly role: string;
  readonly api: string;
  readonly instances: string;
}

/** Robots by what they are; those with a role of their own look like people. */
const AUTOMATION: ReadonlySet<string> = new Set(["pod", "web-identity", "control-plane", "aws-service"]);

function severityOf({ api, kind }: Touch, failed: boolean): Severity {
  // Tags may be changed by whoever IAM lets: taking EKS's own away breaks no rule of EC2's.
  if (api === "ec2:DeleteTags") return failed ? "medium" : "high";
  if (!failed) return "critical";
  return AUTOMATION.has(kind) ? "medium" : "high";
}

/** Why a call is a tool's that goes over everything. The root user is nobody's tool. */
function sweepOf(
  { by, kind, role, instances }: Touch,
  { sweepers, manyInstances }: { readonly sweepers: readonly string[]; readonly manyInstances: number },
): string | undefined {
  if (kind === "root") return undefined;
  if ([by, role, nameIn(role)].some((name) => name !== "" && sweepers.includes(name)))
    return `${nameIn(role || by)} is listed in sweepers`;
  return Number(instances) >= manyInstances ? `${instances} instances in one call` : undefined;
}

const nameIn = (arn: string): string => (arn.endsWith(":root") ? "the root user" : (arn.split("/").at(-1) ?? arn));
