import Type from "typebox";
import type { Severity } from "../../../schemas/findings/finding.ts";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector, type EventOn } from "../../core/contracts.ts";
import { autoNodeRole, type Site } from "../../core/site.ts";
import { attempted, lowered } from "../../core/weight.ts";
import { callEvidence } from "../operator-role.ts";

/** B-48, the part about computing: UpdateClusterConfig.computeConfig (eks-auto-mode.md §4.3, §7). */
export const detector = defineEventDetector({
  meta: {
    id: "managed-instances/auto-mode-off",
    version: 1,
    title: "EKS Auto Mode turned off, or its pools or node role changed",
    description:
      "Turning Auto Mode off ends all of its instances and load balancers. Taking the built-in node pools away drains their nodes; another node role gives every new node, and what runs on it, the rights of that role.",
    severity: "high",
    confidence: "high",
    status: "stable",
    attack: [
      { tactic: "TA0040", technique: "T1489" },
      { tactic: "TA0003", technique: "T1098.003" },
    ],
    reads: ["eventName", "requestParameters.computeConfig", "errorCode"],
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/auto-disable.html",
      "https://docs.aws.amazon.com/eks/latest/APIReference/API_ComputeConfigRequest.html",
    ],
    gaps: [
      "What was there before is not in the record: turning Auto Mode on for the first time with a role of one's own name looks like a change of role.",
      "DeleteCluster ends everything too and is not judged here.",
    ],
    triage: [
      {
        do: "See how the cluster stands. Turned off and not planned: turn it on again at once.",
        cli: "aws eks describe-cluster --region '{region}' --name '{cluster}' --query 'cluster.[status,computeConfig,storageConfig,kubernetesNetworkConfig.elasticLoadBalancing]'",
      },
      {
        do: "Ask who did it; see what else that key did.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, errorCode, sourceIPAddress | filter userIdentity.accessKeyId = "{actor.key}" or userIdentity.arn = "{actor.arn}" | sort eventTime asc',
      },
      {
        do: "See what became of the nodes.",
        cloudtrail:
          'fields eventTime, eventName, errorCode, requestParameters.instancesSet.items.0.instanceId | filter eventName = "TerminateInstances" and userIdentity.invokedBy = "eks.amazonaws.com" | sort eventTime desc',
      },
    ],
    syntheticShape: true,
  },
  on: "clusterConfig",
  params: Type.Object({}),
  detect(call, _params, site) {
    const { actor, action, facets } = call;
    const { cluster } = facets.clusterConfig;
    const change = action === "UpdateClusterConfig" ? changeOf(call, site) : undefined;
    if (change === undefined) return undefined;
    const { infinitive, past, worth } = change;
    return {
      sentence: attempted(call)
        ? `${nameOf(actor)} tried to ${infinitive} of cluster ${cluster} (${call.errorCode || "failed"})`
        : `${nameOf(actor)} ${past} of cluster ${cluster}`,
      on: `cluster/${cluster}`,
      severity: lowered(worth, attempted(call) ? 1 : 0),
      confidence: worth === "low" ? "low" : "high",
      evidence: [{ field: "requestParameters.computeConfig", value: change.value }, ...callEvidence(call)],
    };
  },
});

function changeOf({ facets: { clusterConfig } }: EventOn<"clusterConfig">, site: Site) {
  const { computeEnabled, nodeRoleArn, nodePools } = clusterConfig;
  if (computeEnabled === false) return of("turn off Auto Mode", "turned off Auto Mode", "enabled=false", "high");
  const strange = nodeRoleArn !== "" && autoNodeRole(site, nodeRoleArn) === undefined;
  // Where the site says which roles its nodes have, another one is news; where it does not, the name says little.
  if (strange) {
    const what = `node role ${nodeRoleArn.split("/").at(-1)}`;
    return of(`set ${what}`, `set ${what}`, `nodeRoleArn=${nodeRoleArn}`, site.nodeRoles.size > 0 ? "medium" : "low");
  }
  if (nodePools?.length === 0)
    return of("take away the built-in node pools", "took away the built-in node pools", "nodePools=[]", "medium");
  return undefined;
}

const of = (infinitive: string, past: string, value: string, worth: Severity) => ({ infinitive, past, value, worth });
