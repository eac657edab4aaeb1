import Type from "typebox";
import { segmentsOf } from "../../../schemas/events/k8s-audit/uri.ts";
import type { Severity } from "../../../schemas/findings/finding.ts";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector, type EventOn, type Hit } from "../../core/contracts.ts";
import { attempted, lowered } from "../../core/weight.ts";
import { isSupport } from "../auto-write.ts";
import { ROLES_WITH_NODES_PROXY } from "../nodes-proxy.ts";

type Request = EventOn<"nodesProxy">;

const INTO_POD: ReadonlySet<string> = new Set(["exec", "run", "attach", "portForward", "containerLogs"]);

/** A59, what is left of it: a kubelet's API, or another port of a node, through the API server. */
export const detector = defineEventDetector({
  meta: {
    id: "managed-instances/kubelet-api",
    version: 1,
    title: "Kubelet's API or another port of a node asked through the API server",
    description:
      "nodes/proxy reaches a node past every firewall around it. Behind it are the node's logs, where NodeDiagnostic lays out whole bundles, the pods and settings of the kubelet, memory images of containers, and any other port that listens there. Metrics and health are what monitoring reads, and silent.",
    severity: "medium",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0009", technique: "T1005" },
      { tactic: "TA0007", technique: "T1613" },
      { tactic: "TA0011", technique: "T1090" },
    ],
    reads: ["requestURI", "objectRef", "verb", "responseStatus.code"],
    auditLevel: { needs: "Metadata" },
    references: [
      "https://kubernetes.io/docs/concepts/cluster-administration/proxies/",
      "https://docs.aws.amazon.com/eks/latest/userguide/auto-get-logs.html",
    ],
    gaps: [
      "What came back is not in the log.",
      "Metrics show names of pods, images and namespaces, and are silent for everybody.",
      "The metadata service asked for through a node is imds/proxy-path.",
    ],
    triage: [
      {
        do: "See what was asked through nodes/proxy, and what answered.",
        audit:
          'fields requestReceivedTimestamp, verb, requestURI, responseStatus.code, userAgent | filter user.username = "{actor.name}" and objectRef.resource = "nodes" and objectRef.subresource = "proxy" | sort requestReceivedTimestamp asc',
      },
      {
        do: "After a bundle of logs: find the NodeDiagnostic that made it, and its author.",
        audit:
          'fields requestReceivedTimestamp, user.username, verb, requestURI, responseStatus.code | filter objectRef.resource = "nodediagnostics" | sort requestReceivedTimestamp desc',
      },
      {
        do: "Take the right away where it is not needed: metrics need nodes/metrics and nodes/stats, people need none.",
        cli: ROLES_WITH_NODES_PROXY,
      },
    ],
  },
  on: "nodesProxy",
  params: Type.Object({
    kubeletPorts: Type.Array(Type.String({ minLength: 1 }), {
      default: ["10250"],
      description: "Ports of the kubelet; a request that names none goes there.",
    }),
  }),
  detect(request, { kubeletPorts }, site): Hit | undefined {
    const { actor, facets, code, uri } = request;
    const { action, name, port, path } = facets.nodesProxy;
    if (INTO_POD.has(action)) return undefined;
    const elsewhere = port !== "" && !kubeletPorts.includes(port);
    const asked = elsewhere ? ofPort(request) : ofKubelet(request);
    if (asked === undefined) return undefined;
    const supports = asked.bundle === true && isSupport(request, site);
    const refused = request.outcome === "denied" || request.outcome === "unauthenticated";
    const answer = attempted(request) ? `and got ${code ?? "no answer"}` : `and something answered (${code ?? "?"})`;
    return {
      sentence: `${nameOf(actor)} asked ${elsewhere ? `port ${port}` : "the kubelet"} of node ${name} for ${path} ${answer}`,
      on: asked.on,
      severity: supports ? "low" : lowered(asked.severity, refused ? 1 : 0),
      evidence: [
        { field: "requestURI", value: uri },
        { field: "responseStatus.code", value: `${code ?? ""}` },
      ].filter(({ value }) => value !== ""),
      reasons: [asked.why],
      notExempted: supports ? [`${actor.name} is listed in support`] : [],
    };
  },
});

interface Asked {
  readonly on: string;
  readonly severity: Severity;
  readonly why: string;
  readonly bundle?: boolean;
}

/** The API server connects for its caller even where nothing listens: only a refusal is less. */
function ofPort({ facets }: Request): Asked {
  const { name, port, action } = facets.nodesProxy;
  const on = `nodes/${name}:${port}`;
  if (action === "observe")
    return { on, severity: "low", why: "a path of metrics or health, on a port that is not the kubelet's" };
  return { on, severity: "medium", why: "the API server connects to that port from inside, past every firewall" };
}

function ofKubelet({ facets, verb }: Request): Asked | undefined {
  const { name, path, action } = facets.nodesProxy;
  const [head = "", below] = segmentsOf(path);
  const on = `kubelets/${head}`;
  if (head === "logs" && below === "support")
    return {
      on: `nodes/${name}/logs/support`,
      severity: "medium",
      why: "the bundle of logs that a NodeDiagnostic lays out",
      bundle: true,
    };
  if (head === "logs") return { on, severity: "low", why: "log files of the node" };
  if (head === "checkpoint")
    return { on, severity: "medium", why: "writes the memory of a container to the node's disk" };
  if (head === "debug") return { on, severity: "low", why: "profiles and flags of the kubelet" };
  // Escapes that are left after the server's decoding mean to be read as something else.
  const plain = action === "observe" && head !== "configz" && verb === "get" && !path.includes("%");
  return plain
    ? undefined
    : { on, severity: "low", why: "pods and settings of the node, past the rights on pods and nodes" };
}
