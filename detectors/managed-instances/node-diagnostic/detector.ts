import Type from "typebox";
import type { Severity } from "../../../schemas/findings/finding.ts";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector, type EventOn, type Hit } from "../../core/contracts.ts";
import { isOrdinary, removes, unread, weigh, writeEvidence, writerOf, writtenOn, wrote } from "../auto-write.ts";

type Write = EventOn<"customResource">;

/** B-45: a NodeDiagnostic written by anybody but the agent that answers it. */
export const detector = defineEventDetector({
  meta: {
    id: "managed-instances/node-diagnostic",
    version: 1,
    title: "Node told to hand over its logs or to capture packets (NodeDiagnostic)",
    description:
      "A NodeDiagnostic tells a node to send its logs to any address, to lay them out for the kubelet's API, or to record its network traffic. AWS support asks for one now and then; anybody else who writes one is taking data out of a node that has no shell.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0010", technique: "T1567.002" },
      { tactic: "TA0009", technique: "T1005" },
      { tactic: "TA0006", technique: "T1040" },
    ],
    reads: ["user", "impersonatedUser", "verb", "objectRef", "responseStatus.code"],
    auditLevel: { needs: "Metadata" },
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/auto-get-logs.html",
      "https://github.com/aws/eks-node-monitoring-agent",
    ],
    gaps: [
      "Custom resources are logged at Metadata: neither the destination nor what was asked for is in the log.",
      "An upload to a bucket of another account leaves no trace in this account's CloudTrail.",
      "One deleted and nothing more is low: support deletes them when it is done, and so does a thief.",
    ],
    triage: [
      {
        do: "Read where it sends the logs, before it is deleted. A bucket that is not yours, or a packet capture that nobody ordered, is theft.",
        cli: "kubectl get nodediagnostic '{target.name}' -o yaml --show-managed-fields",
      },
      {
        do: "Find everything around it: other NodeDiagnostics, and bundles fetched through the kubelet within ten minutes.",
        audit:
          'fields requestReceivedTimestamp, user.username, verb, requestURI, responseStatus.code | filter objectRef.resource = "nodediagnostics" or requestURI like "/proxy/logs" | sort requestReceivedTimestamp asc',
      },
      {
        do: "Ask its author for the support case. Without one, treat what is in the node's logs as known, and see what else the key did.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, requestParameters.bucketName, requestParameters.key, sourceIPAddress | filter userIdentity.accessKeyId = "{actor.key}" or (eventName = "PutObject" and requestParameters.key like "{target.name}") | sort eventTime asc',
      },
    ],
  },
  on: "customResource",
  params: Type.Object({
    agents: Type.Array(Type.String({ minLength: 1 }), {
      default: ["system:serviceaccount:kube-system:eks-node-monitoring-agent"],
      description: "Service accounts under which the node monitoring agent runs as an add-on.",
    }),
  }),
  detect(request, { agents }, site): Hit | undefined {
    const { actor, facets } = request;
    if (facets.customResource.kind !== "nodediagnostic" || isAgent(request, agents)) return undefined;
    const writer = writerOf(request, site);
    // No part of EKS is known to write any by itself, so its name does not clear; its support engineers may.
    if (writer !== "platform" && isOrdinary(request, writer)) return undefined;
    const { severity, reasons, notExempted } = weigh(request, writer, site, worthOf(request));
    const what = facets.customResource.subresource === "status" ? "the status of NodeDiagnostic" : "NodeDiagnostic";
    return {
      sentence: `${nameOf(actor)} ${wrote(request, what)}`,
      on: writtenOn(request),
      severity,
      evidence: writeEvidence(request),
      reasons: [...reasons, ...unread(request)],
      notExempted,
    };
  },
});

/** The agent writes the status of its own node's object and nothing else, as the node, as its component, or under its service account
 * (eks-auto-mode.md §2.1). */
function isAgent({ actor, actingAs, verb, facets }: Write, agents: readonly string[]): boolean {
  const { subresource, name } = facets.customResource;
  if (subresource !== "status" || name === "" || actor.node !== name || removes({ verb })) return false;
  if (actor.kind === "node") return actingAs === undefined || /^eks-[a-z]+:node-monitoring-agent$/.test(actingAs.name);
  return agents.includes(actor.name) && actingAs === undefined;
}

/** A status says that logs were taken, and takes none. */
function worthOf(request: Write): Severity {
  if (request.verb === "deletecollection") return "medium";
  return removes(request) || request.facets.customResource.subresource === "status" ? "low" : "high";
}
