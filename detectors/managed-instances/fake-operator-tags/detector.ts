import Type from "typebox";
import type { Severity } from "../../../schemas/findings/finding.ts";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector } from "../../core/contracts.ts";
import { attempted, lowered } from "../../core/weight.ts";
import { type Ec2Event, idsIn, MANAGED, OPERATOR_TAGS } from "../auto-resource.ts";
import { byAutoMode, callEvidence } from "../operator-role.ts";

/** Calls that make something that runs, or is attached to what runs. */
const MAKES: ReadonlySet<string> = new Set([
  "RunInstances",
  "CreateFleet",
  "RequestSpotInstances",
  "RequestSpotFleet",
  "CreateLaunchTemplate",
  "CreateLaunchTemplateVersion",
  "CreateNetworkInterface",
  "CreateVolume",
]);
const LAUNCHES: ReadonlySet<string> = new Set(["RunInstances", "CreateFleet", "RequestSpotFleet"]);

/** The one operator tag that Karpenter sets as well when somebody runs it themselves, and the tags that it sets beside it. */
const SHARED_TAG = "eks:eks-cluster-name";
const KARPENTER_TAGS = ["karpenter.sh/nodepool", "karpenter.k8s.aws/ec2nodeclass"];

/** B-50: something made to look like Auto Mode's own. */
export const detector = defineEventDetector({
  meta: {
    id: "managed-instances/fake-operator-tags",
    version: 1,
    title: "EC2 resource made to look like EKS Auto Mode's by somebody else",
    description:
      "Auto Mode marks what it launches with eks:* tags and launches from templates of its own. Anybody may set those tags: an instance that carries them hides among the nodes, and passes policies that ask for them. Somebody else than EKS set them, or launched from such a template.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0005", technique: "T1036" },
      { tactic: "TA0005", technique: "T1578" },
    ],
    reads: ["eventName", "requestParameters", "userIdentity.invokedBy", "errorCode"],
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/auto-learn-iam.html",
      "https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEKSComputePolicy.html",
    ],
    gaps: [
      "Tags that a launch template sets are seen when the template is made, not at each launch from it.",
      "The launches that EC2 Fleet makes are left out: the CreateFleet behind them is judged.",
      "Whoever adds Karpenter's own tags looks like Karpenter to eks:eks-cluster-name; the other operator tags are Auto Mode's alone.",
    ],
    triage: [
      {
        do: "Look at what carries the tags: an instance without an operator is no node of Auto Mode.",
        cli: "aws ec2 describe-instances --region '{region}' --filters 'Name=tag-key,Values=eks:kubernetes-node-pool-name,eks:eks-cluster-name' --query 'Reservations[].Instances[].[InstanceId,Operator.Principal,ImageId,IamInstanceProfile.Arn,LaunchTime]' --include-managed-resources",
      },
      {
        do: "See what else the caller made, and from where.",
        cloudtrail:
          'fields eventTime, eventName, errorCode, sourceIPAddress, userAgent | filter eventSource = "ec2.amazonaws.com" and (userIdentity.accessKeyId = "{actor.key}" or userIdentity.arn = "{actor.arn}") | sort eventTime asc',
      },
      {
        do: "No launcher of nodes of your own: stop the instance, take the tags away, and see whether it joined the cluster.",
        audit:
          'fields requestReceivedTimestamp, user.username, verb, requestURI, responseStatus.code, sourceIPs.0, sourceIPs.1 | filter verb = "create" and objectRef.resource = "nodes" | sort requestReceivedTimestamp desc',
      },
    ],
    syntheticShape: true,
  },
  on: "ec2Call",
  params: Type.Object({
    launchers: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      description:
        "Roles that launch self-managed nodes: they may set eks:eks-cluster-name, and none of the other tags.",
    }),
  }),
  detect(call, { launchers }) {
    const { actor, action, service, facets } = call;
    if (call.readOnly || byAutoMode(call)) return undefined;
    const keys = facets.ec2Call.tags.map(({ key }) => key);
    const set = keys.filter((key) => OPERATOR_TAGS.has(key));
    const template = LAUNCHES.has(action) && facets.ec2Call.proof?.startsWith("launch template");
    if (!(template || (set.length > 0 && (MAKES.has(action) || tagsLive(call))))) return undefined;
    const sharedOnly = !template && set.every((key) => key === SHARED_TAG);
    if (sharedOnly && actor.roleName !== undefined && launchers.includes(actor.roleName)) return undefined;
    const karpenter = sharedOnly && KARPENTER_TAGS.every((key) => keys.includes(key));
    const what = template ? "a launch from EKS's own template" : `tag ${[...new Set(set)].join(", ")}`;
    const where = action === "CreateTags" ? ` on ${idsIn(facets.ec2Call.resources.map(({ id }) => id))}` : "";
    return {
      sentence: `${nameOf(actor)} ${attempted(call) ? "tried" : "did"} ${service}:${action} with ${what}${where}, which only EKS Auto Mode does`,
      // Karpenter launches all day with keys that change: one finding a role.
      ...(karpenter && { by: `role/${actor.roleName ?? actor.name}` }),
      on: karpenter ? `${SHARED_TAG} by Karpenter` : `ec2 ${action}`,
      severity: worth(sharedOnly, karpenter, attempted(call)),
      confidence: sharedOnly ? "low" : "high",
      evidence: [
        ...facets.ec2Call.tags
          .filter(({ key }) => OPERATOR_TAGS.has(key))
          .map(({ key, value }) => ({ field: `tag ${key}`, value })),
        ...callEvidence(call),
      ],
      notExempted: karpenter
        ? ["the tags are those that self-managed Karpenter sets: if it is, list its role in `launchers`"]
        : [],
    };
  },
});

function worth(sharedOnly: boolean, karpenter: boolean, tried: boolean): Severity {
  if (karpenter) return "low";
  return lowered(sharedOnly ? "medium" : "high", tried ? 1 : 0);
}

/** CreateTags on something that can be managed: copies of disks carry the tags of what they were copied from. */
const tagsLive = ({ action, facets: { ec2Call } }: Ec2Event): boolean =>
  action === "CreateTags" && ec2Call.resources.some(({ type }) => MANAGED.has(type));
