import Type from "typebox";
import type { KubeletAction } from "../../../schemas/events/k8s-audit/facets/proxy.ts";
import type { Severity } from "../../../schemas/findings/finding.ts";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector, type EventOn, type Hit } from "../../core/contracts.ts";
import { attempted, lowered } from "../../core/weight.ts";
import { ROLES_WITH_NODES_PROXY } from "../nodes-proxy.ts";

type Request = EventOn<"nodesProxy">;

/** A59: into a pod by way of the kubelet (audit-recorded.md 11). */
export const detector = defineEventDetector({
  meta: {
    id: "managed-instances/kubelet-exec",
    version: 1,
    title: "Command or terminal in a pod by way of the kubelet (nodes/proxy)",
    description:
      "The API server hands requests for nodes/proxy to the kubelet, which runs commands in any pod of its node. No pods/exec is asked for and no exec event is logged; over WebSocket the right to read nodes/proxy is enough, which many monitoring charts grant.",
    severity: "high",
    confidence: "high",
    status: "stable",
    attack: [
      { tactic: "TA0002", technique: "T1609" },
      { tactic: "TA0004", technique: "T1611" },
      { tactic: "TA0008", technique: "T1550.001" },
    ],
    reads: ["requestURI", "objectRef", "verb", "responseStatus.code"],
    auditLevel: { needs: "Metadata" },
    references: [
      "https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/",
      "https://kubernetes.io/docs/concepts/security/rbac-good-practices/",
    ],
    gaps: [
      "101 says that a stream was opened, not that the command ran; what is typed into it is never logged.",
      "A command that is sent in the body of a POST to /run is not in the log.",
      "Whoever reaches the kubelet's port itself passes the API server by, and leaves nothing here.",
    ],
    triage: [
      {
        do: "Read what was run, and what else this identity sent through nodes/proxy.",
        audit:
          'fields requestReceivedTimestamp, verb, requestURI, responseStatus.code, sourceIPs.0, sourceIPs.1, userAgent | filter user.username = "{actor.name}" and objectRef.resource = "nodes" and objectRef.subresource = "proxy" | sort requestReceivedTimestamp asc',
      },
      {
        do: "Take the right away: metrics need nodes/metrics and nodes/stats, nothing needs nodes/proxy.",
        cli: `kubectl auth can-i --list --as '{actor.name}' | grep nodes/proxy; ${ROLES_WITH_NODES_PROXY}`,
      },
      {
        do: "Treat tokens and secrets of that pod as known. See whether its role was used from elsewhere since.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, sourceIPAddress, userIdentity.arn | filter userIdentity.accessKeyId = "{actor.key}" or userIdentity.arn like "/eks-" | sort eventTime asc',
      },
    ],
  },
  on: "nodesProxy",
  params: Type.Object({}),
  detect(request): Hit | undefined {
    const { actor, facets, code, verb, uri } = request;
    const { action, namespace, pod, container, argv, name, port } = facets.nodesProxy;
    const way = WAYS[action];
    if (way === undefined) return undefined;
    const target = [namespace, pod].filter(Boolean).join("/") || "a pod";
    const stopped = attempted(request);
    return {
      sentence: `${nameOf(actor)} ${became(request, way.what)} ${target} through the kubelet of ${name}${answered(request)}`,
      on: `kubelet/${target}`,
      severity: request.outcome === "unauthenticated" ? "low" : lowered(way.severity, stopped ? 1 : 0),
      evidence: [
        { field: "requestURI", value: uri },
        { field: "requestURI.command", value: argv.join(" ") },
        { field: "requestURI.container", value: container },
        { field: "responseStatus.code", value: `${code ?? ""}` },
      ].filter(({ value }) => value !== ""),
      reasons: [
        ...(way.severity === "high" ? ["no exec event is logged for it"] : []),
        ...(verb === "get" && !stopped ? ["the right to get nodes/proxy is all it took"] : []),
        ...(facets.exec?.interactive ? ["interactive: what was typed is not in the log"] : []),
        ...(port === "" ? [] : [`port ${port} of the node was named`]),
      ],
    };
  },
});

interface Way {
  readonly what: string;
  readonly severity: Severity;
}

const WAYS: Readonly<Partial<Record<KubeletAction, Way>>> = {
  exec: { what: "run a command in", severity: "high" },
  run: { what: "run a command in", severity: "high" },
  attach: { what: "attach to", severity: "high" },
  portForward: { what: "forward ports of", severity: "medium" },
  containerLogs: { what: "read the logs of", severity: "medium" },
};

function became(request: Request, what: string): string {
  if (attempted(request)) return `tried to ${what}`;
  if (request.outcome === "started") return `began to ${what}`;
  return request.outcome === "success" ? `was allowed to ${what}` : `asked to ${what}`;
}

function answered({ outcome, code }: Request): string {
  if (outcome === "started") return " (101 does not prove that it ran)";
  return outcome === "unknown" ? "; the record has no answer" : ` (${code ?? "?"})`;
}
