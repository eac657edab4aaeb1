import Type from "typebox";
import type { Severity } from "../../../schemas/findings/finding.ts";
import { nameOf } from "../../core/actors.ts";
import { agentNamespaces } from "../../core/agent-namespaces.ts";
import { defineEventDetector, type Hit } from "../../core/contracts.ts";
import type { Site } from "../../core/site.ts";
import { attempted, lowered } from "../../core/weight.ts";
import { type PodWrite, sets, wrote } from "../pod-write.ts";

/** A71: a pod, or a template of pods, on the node's own network. On Auto Mode that is the one way to the metadata
 * service (eks-auto-mode.md §5). */
export const detector = defineEventDetector({
  meta: {
    id: "imds/host-network",
    version: 1,
    title: "Pod placed on the node's own network",
    description:
      "A hostNetwork pod shares the node's network: it reaches the instance metadata service, which the hop limit hides from all other pods, and whatever listens on the node's loopback. Network agents need it; applications do not.",
    severity: "medium",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0004", technique: "T1611" },
      { tactic: "TA0002", technique: "T1610" },
      { tactic: "TA0006", technique: "T1552.005" },
    ],
    reads: ["requestObject.spec.hostNetwork", "responseObject.spec", "objectRef", "responseStatus.code"],
    auditLevel: { needs: "Metadata", better: "RequestResponse" },
    references: [
      "https://kubernetes.io/docs/concepts/security/pod-security-standards/",
      "https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html",
    ],
    gaps: [
      "Needs a body: at level Metadata, and when the authorizer refused, hostNetwork is not in the log.",
      "A DaemonSet that imitates a network agent in a platform namespace is low when a person writes it and silent when a GitOps controller does.",
      "What is run by exec in a hostNetwork pod that was made before is not seen here; a container that is added to one is low.",
    ],
    triage: [
      {
        do: "Ask its author what needs the node's network. See what else they made around that time.",
        audit:
          'fields requestReceivedTimestamp, verb, objectRef.resource, objectRef.namespace, objectRef.name, responseStatus.code | filter user.username = "{actor.name}" and verb in ["create", "update", "patch"] | sort requestReceivedTimestamp asc',
      },
      {
        do: "Look at image, command, service account and node.",
        cli: "kubectl get '{target.resource}' --namespace '{target.namespace}' '{target.name}' -o yaml",
      },
      {
        do: "See whether the role of a node was used for anything but images and pod tokens since.",
        cloudtrail:
          'fields eventTime, userIdentity.principalId, eventSource, eventName, errorCode, sourceIPAddress | filter userIdentity.principalId like ":i-" and not (eventSource in ["ecr.amazonaws.com", "eks-auth.amazonaws.com"]) | sort eventTime asc',
      },
    ],
  },
  on: "podSpec",
  params: Type.Object({ platformNamespaces: agentNamespaces }),
  detect(request, { platformNamespaces }, site): Hit | undefined {
    const { actor, facets, dryRun, object } = request;
    const { podSpec } = facets;
    const joins = object.subresource === "ephemeralcontainers";
    if (!podSpec.hostNetwork || podSpec.echo || !(joins || sets(request, ["hostNetwork"]))) return undefined;
    const platform = platformNamespaces.includes(podSpec.namespace);
    const agent = platform && podSpec.workload === "daemonsets";
    // Those who install agents, installing an agent.
    if (agent && (site.gitOps.has(actor.name) || isAddonManager(request))) return undefined;
    const { severity, notExempted } = joins ? JOINED : weigh(request, platform, site);
    const what = isDebugSession(request) ? ": a debug session on the node" : " on the node's own network";
    return {
      sentence: `${nameOf(actor)} ${joins ? `added a container to pods ${podSpec.namespace}/${podSpec.name}` : wrote(request)}${what}`,
      on: `${podSpec.workload}/${podSpec.namespace}/${podSpec.name}`,
      severity: attempted(request) || dryRun ? lowered(severity, 1) : severity,
      evidence: [
        { field: "spec.hostNetwork", value: "true" },
        { field: "spec.containers.image", value: podSpec.containers.map(({ image }) => image).join(", ") },
        { field: "spec.serviceAccountName", value: podSpec.serviceAccount },
        { field: "spec.nodeName", value: podSpec.nodeName },
        { field: "responseStatus.message", value: attempted(request) ? request.message : "" },
      ].filter(({ value }) => value !== ""),
      reasons: [
        ...(podSpec.hostPID ? ["hostPID as well"] : []),
        ...(podSpec.hostPaths.length > 0 ? [`mounts ${podSpec.hostPaths.join(", ")} of the node`] : []),
        ...(podSpec.containers.some(({ privileged }) => privileged) ? ["privileged as well"] : []),
      ],
      notExempted,
    };
  },
});

/** EKS installing an add-on: the name cannot be had through an access entry, and a certificate would show
 * (eks-auto-mode.md §2.3). */
const isAddonManager = ({ actor }: PodWrite): boolean =>
  actor.name === "eks:addon-manager" && actor.kind === "control-plane" && actor.credentialId === undefined;

/** What `kubectl debug node/…` makes (eks-auto-mode.md §5; detections.md d.1: report a debug session, not an escape). */
function isDebugSession({ actor, facets }: PodWrite): boolean {
  const { workload, name, nodeName } = facets.podSpec;
  return workload === "pods" && actor.kind === "human" && name.startsWith("node-debugger-") && nodeName !== "";
}

/** A container that is added shares the network of a pod that was made before. */
const JOINED = { severity: "low", notExempted: ["kubectl debug adds containers to pods"] } as const;

/** Medium where nothing speaks for it; low with what did. */
function weigh(request: PodWrite, platform: boolean, site: Site): { severity: Severity; notExempted: string[] } {
  const { actor, facets } = request;
  const { workload, namespace, ownerKind } = facets.podSpec;
  const low = (why: string) => ({ severity: "low" as const, notExempted: [why] });
  if (isDebugSession(request)) return low("the pod has the name and shape of kubectl debug node/…");
  if (platform) return low(`${namespace} is where agents of the nodes live`);
  if (site.gitOps.has(actor.name)) return low(`${actor.name} applies what is in a repository`);
  if (isAddonManager(request)) return low("EKS installs its add-ons under this name");
  if (actor.serviceAccount === undefined)
    return workload === "daemonsets"
      ? low("agents of the nodes are DaemonSets")
      : { severity: "medium", notExempted: [] };
  if (actor.serviceAccount.namespace === namespace && workload !== "pods")
    return low("an operator in its own namespace");
  // The reference is the client's word, so it does not clear.
  return workload === "pods" && ownerKind !== ""
    ? low(`the pod names ${ownerKind} as its owner, as an operator's would`)
    : { severity: "medium", notExempted: [] };
}
