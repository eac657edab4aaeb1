import Type from "typebox";
import { keys } from "../../../schemas/json.ts";
import { nameOf } from "../../core/actors.ts";
import { defineEventDetector, type Hit } from "../../core/contracts.ts";
import { attempted, lowered } from "../../core/weight.ts";

/** B-33: a node that creates a pod. Nodes may create mirror pods only, which show a static pod that stands in a file of the node. */
export const detector = defineEventDetector({
  meta: {
    id: "managed-instances/mirror-pod",
    version: 1,
    title: "Node created a pod: a static pod runs on it, or its credentials are stolen",
    description:
      "A static pod is started by a kubelet from a file on the node, past admission and quota; the API only gets its mirror. Auto Mode runs its components as services of the host, so that no static pod is expected: somebody wrote to the node's disk, or uses the node's credentials elsewhere.",
    severity: "medium",
    confidence: "low",
    status: "stable",
    attack: [
      { tactic: "TA0002", technique: "T1610" },
      { tactic: "TA0004", technique: "T1611" },
    ],
    reads: ["user", "verb", "objectRef", "requestObject", "responseStatus"],
    auditLevel: { needs: "Metadata", better: "RequestResponse" },
    references: [
      "https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/",
      "https://docs.aws.amazon.com/eks/latest/userguide/automode-learn-instances.html",
    ],
    gaps: [
      "That Auto nodes run no static pods is inferred from how their components are built, and was not seen on a live cluster.",
      "A static pod in a namespace that does not exist, or of a kubelet that cannot reach the API, gets no mirror.",
      "Self-managed nodes may have static pods by right: nodes whose name is no instance id are low.",
    ],
    triage: [
      {
        do: "Read the mirror: images, mounts, hostNetwork. Without one, the request did not come from a kubelet that runs it.",
        cli: "kubectl get pod --namespace '{target.namespace}' '{target.name}' -o yaml",
      },
      {
        do: "See what else the node's key did and from where: another address or client than the kubelet's is theft.",
        audit:
          'fields requestReceivedTimestamp, verb, requestURI, responseStatus.code, sourceIPs.0, sourceIPs.1, userAgent | filter user.username = "{actor.name}" and not (objectRef.resource in ["leases", "events"]) | sort requestReceivedTimestamp desc',
      },
      {
        do: "Find who could write to that node: pods with hostPath, privileged or debug pods. Replace the node.",
        cli: "kubectl get pods -A -o wide --field-selector spec.nodeName='{actor.instance}'",
      },
    ],
  },
  on: "nodeDeed",
  params: Type.Object({}),
  detect(request): Hit | undefined {
    const { actor, object, facets, code, message, requestBody } = request;
    if (facets.nodeDeed.deed !== "pod") return undefined;
    const refused = attempted(request);
    const mirror = keys(requestBody, "metadata", "annotations").includes("kubernetes.io/config.mirror");
    const pod = [object.namespace, object.name].filter(Boolean).join("/");
    const { podSpec } = facets;
    return {
      sentence: refused
        ? `${nameOf(actor)} tried to create ${mirror ? "mirror " : ""}pod ${pod} (${code ?? "?"})`
        : `${nameOf(actor)} created mirror pod ${pod}: a static pod runs on it`,
      on: `pods/${pod}`,
      severity: lowered("medium", actor.instanceId === undefined ? 1 : 0),
      // No kubelet asks for what nodes may not create.
      confidence: refused ? "medium" : "low",
      evidence: [
        { field: "user.username", value: actor.name },
        {
          field: "requestObject.spec.containers.image",
          value: podSpec?.containers.map(({ image }) => image).join(", ") ?? "",
        },
        { field: "requestObject.spec.serviceAccountName", value: podSpec?.serviceAccount ?? "" },
        { field: "responseStatus.message", value: refused ? message : "" },
      ].filter(({ value }) => value !== ""),
      reasons: [
        ...(podSpec?.hostNetwork ? ["on the node's own network"] : []),
        ...(podSpec?.containers.some(({ privileged }) => privileged) ? ["privileged"] : []),
        ...((podSpec?.hostPaths.length ?? 0) > 0 ? [`mounts ${podSpec?.hostPaths.join(", ")} of the node`] : []),
      ],
    };
  },
});
