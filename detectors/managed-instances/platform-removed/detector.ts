import Type from "typebox";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector, type EventOn, type Hit } from "../../core/contracts.ts";
import { creates, isOrdinary, removes, weigh, writeEvidence, writerOf, writtenOn, wrote } from "../auto-write.ts";

type Write = EventOn<"platformObject">;

const SINGULAR: Readonly<Record<string, string>> = {
  customresourcedefinitions: "CustomResourceDefinition",
  mutatingwebhookconfigurations: "MutatingWebhookConfiguration",
  validatingwebhookconfigurations: "ValidatingWebhookConfiguration",
  clusterroles: "ClusterRole",
  clusterrolebindings: "ClusterRoleBinding",
  roles: "Role",
  rolebindings: "RoleBinding",
};

/** B-52: what EKS installs in a cluster, removed or changed by somebody else. */
export const detector = defineEventDetector({
  meta: {
    id: "managed-instances/platform-removed",
    version: 1,
    title: "Part of EKS itself removed or changed in the cluster",
    description:
      "EKS puts definitions, admission webhooks and roles into a cluster and keeps them. Deleting the definition of NodeClaims ends every node; deleting a webhook stops pods from getting their role or Services their load balancer; changing an eks: role takes rights from AWS's components, or gives them more.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0005", technique: "T1562.001" },
      { tactic: "TA0040", technique: "T1489" },
    ],
    reads: ["user", "verb", "objectRef", "responseStatus.code", "requestURI"],
    auditLevel: { needs: "Metadata", better: "RequestResponse" },
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/auto-disable.html",
      "https://docs.aws.amazon.com/eks/latest/userguide/default-roles-users.html",
    ],
    gaps: [
      "Objects that EKS takes on later are not known by name: list webhooks in `webhooks`.",
      "New roles and bindings under an eks: name are not reported here, nor is a removal that somebody impersonates EKS for and is refused.",
      "Definitions installed with a self-managed Karpenter or VPC CNI have the same names: their upgrades by hand are medium.",
    ],
    triage: [
      {
        do: "See whether it is there, and what it says. EKS puts most of it back within minutes; what hung on it does not come back.",
        cli: "kubectl get crd,mutatingwebhookconfigurations,validatingwebhookconfigurations,clusterroles,clusterrolebindings,roles,rolebindings -A --field-selector metadata.name='{target.name}' -o yaml --show-managed-fields",
      },
      {
        do: "See whether Auto Mode was being switched off, which removes its parts by right.",
        cloudtrail:
          'fields eventTime, eventName, userIdentity.arn, requestParameters.computeConfig.enabled, errorCode | filter eventSource = "eks.amazonaws.com" and eventName in ["UpdateClusterConfig", "UpdateClusterVersion", "DeleteAddon", "UpdateAddon"] | sort eventTime asc',
      },
      {
        do: "Ask whoever did it; see what they did next, while the part was missing.",
        audit:
          'fields requestReceivedTimestamp, verb, requestURI, responseStatus.code | filter user.username = "{actor.name}" and verb in ["create", "update", "patch", "delete", "deletecollection"] | sort requestReceivedTimestamp asc',
      },
    ],
  },
  on: "platformObject",
  params: Type.Object({
    webhooks: Type.Array(Type.String({ minLength: 1 }), {
      default: [
        "eks-load-balancing-webhook",
        "pod-identity-webhook",
        "vpc-resource-mutating-webhook",
        "vpc-resource-validating-webhook",
      ],
      description: "Webhook configurations that EKS installs, beside those named eks:.",
    }),
  }),
  detect(request, { webhooks }, site): Hit | undefined {
    const { resource, name } = request.facets.platformObject;
    if (creates(request) || !isOurs(request, webhooks)) return undefined;
    const writer = writerOf(request, site);
    if (isOrdinary(request, writer) || isAggregation(request)) return undefined;
    const { severity, reasons, notExempted } = weigh(request, writer, site, removes(request) ? "high" : "medium");
    return {
      sentence: `${nameOf(request.actor)} ${wrote(request, SINGULAR[resource] ?? resource)}`,
      on: writtenOn(request),
      severity,
      evidence: writeEvidence(request),
      reasons: [...reasons, ...(name === "" ? ["EKS's own went with all others"] : [])],
      notExempted,
    };
  },
});

/** Definitions and roles are told by their names; a deletecollection takes everything. */
function isOurs({ facets }: Write, webhooks: readonly string[]): boolean {
  const { kind, name } = facets.platformObject;
  return kind !== "webhook" || name === "" || name.startsWith("eks:") || webhooks.includes(name);
}

/** Kubernetes fills aggregated roles itself. */
const isAggregation = ({ actor, facets, verb }: Write): boolean =>
  actor.name === "system:serviceaccount:kube-system:clusterrole-aggregation-controller" &&
  facets.platformObject.resource === "clusterroles" &&
  (verb === "update" || verb === "patch");
