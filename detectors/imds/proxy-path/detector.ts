import Type from "typebox";
import { endpointMentions } from "../../../schemas/words/endpoints.ts";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector } from "../../core/contracts.ts";
import { attempted, lowered } from "../../core/weight.ts";

/** A request through the API server's proxy for a path, or to a name, of the metadata service; or with either in its query. */
export const detector = defineEventDetector({
  meta: {
    id: "imds/proxy-path",
    version: 1,
    title: "Metadata service asked for through the API server's proxy",
    description:
      "The API server forwards requests to nodes, pods and services. Paths such as /latest/meta-data exist on the instance metadata service only: whoever asks for them through the proxy wants a pod, a Service or a made-up node to hand over a node's credentials.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0006", technique: "T1552.005" },
      { tactic: "TA0011", technique: "T1090" },
    ],
    reads: ["requestURI", "responseStatus.code"],
    auditLevel: { needs: "Metadata" },
    references: [
      "https://kubernetes.io/docs/tasks/access-application-cluster/access-cluster-services/",
      "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html",
    ],
    gaps: [
      "A forwarder in the cluster that takes another path and asks the service itself is not seen.",
      "What came back is not in the log: a 200 says that something answered.",
      "A port-forward carries paths that nobody logs.",
    ],
    triage: [
      {
        do: "See what was asked through the proxy, and what answered.",
        audit:
          'fields requestReceivedTimestamp, verb, requestURI, responseStatus.code, sourceIPs.0, sourceIPs.1 | filter user.username = "{actor.name}" and objectRef.subresource = "proxy" | sort requestReceivedTimestamp asc',
      },
      {
        do: "Find what stands behind the target: a mock of the service in a test namespace is harmless.",
        cli: "kubectl get services,endpoints,endpointslices,pods --namespace '{target.namespace}' -o wide",
      },
      {
        do: "After a 200, see what the node roles did since.",
        cloudtrail:
          'fields eventTime, userIdentity.principalId, eventSource, eventName, errorCode, sourceIPAddress | filter userIdentity.principalId like ":i-" and not (eventSource in ["ecr.amazonaws.com", "eks-auth.amazonaws.com"]) | sort eventTime asc',
      },
    ],
  },
  on: "proxy",
  params: Type.Object({}),
  detect(request) {
    const { actor, facets, code } = request;
    const { resource, namespace, name, path } = facets.proxy;
    // What fetches for others has the address in the query. A kubelet's exec has its command there, and that is
    // imds/exec-endpoint's.
    const query = facets.exec === undefined ? [...request.params.values()] : [];
    const mentions = endpointMentions([name, path, ...query]).filter(({ endpoint }) => endpoint === "imds");
    const [surest] = mentions;
    if (surest === undefined) return undefined;
    const refused = attempted(request);
    const target = [resource, namespace, name].filter(Boolean).join("/");
    const asked = `asked ${target} for ${path} through the API server`;
    return {
      sentence: `${nameOf(actor)} ${asked}${refused ? ` and got ${code ?? "no answer"}` : `, and something answered (${code ?? "?"})`}`,
      on: target,
      // A path of the service is a sure sign of what is wanted, if not of what answers.
      severity: surest.confidence === "low" ? "low" : lowered("high", refused ? 1 : 0),
      confidence: surest.confidence,
      evidence: [
        { field: "requestURI", value: request.uri },
        ...mentions.map(({ word }) => ({ field: "requestURI", value: word })),
        { field: "responseStatus.code", value: `${code ?? ""}` },
      ],
    };
  },
});
