import { ALONE_MS } from "../../core/settle-times.ts";
import { defineSettledDetector } from "../../ledger/contracts.ts";
import { aloneIn, Crowd } from "../alone.ts";

const DAY_MS = 24 * 60 * 60_000;

/** B-33 with what the ledger knows of the node: EKS launched it, and no other node has static pods. */
export const detector = defineSettledDetector({
  meta: {
    id: "managed-instances/mirror-pod-on-auto",
    version: 1,
    title: "Static pod on a node that EKS launched, and on no other",
    description:
      "Auto Mode's own components are services of the host, and come to every node. EKS was seen to launch this node, a static pod runs on it, and on no other node: somebody wrote a manifest to its disk, past admission and quota.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0002", technique: "T1610" },
      { tactic: "TA0004", technique: "T1611" },
    ],
    reads: [
      "user",
      "verb",
      "objectRef",
      "responseStatus.code",
      "responseElements.instancesSet",
      "requestParameters.tagSpecificationSet",
    ],
    auditLevel: { needs: "Metadata", better: "RequestResponse" },
    references: [
      "https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/",
      "https://docs.aws.amazon.com/eks/latest/userguide/automode-learn-instances.html",
    ],
    gaps: [
      "That Auto nodes run no static pods is inferred from how their components are built, and was not seen on a live cluster.",
      "Needs the record of the node's launch: without it managed-instances/mirror-pod stands alone, at medium.",
      "A cluster with fewer than four nodes at work has nothing to compare with.",
    ],
    triage: [
      {
        do: "List the static pods of the node: images, mounts, hostNetwork.",
        cli: "kubectl get pods -A -o wide --field-selector spec.nodeName='{actor.instance}' | grep -- '-{actor.instance}'",
      },
      {
        do: "Find the pods that it showed to the API, and what else the node's identity did.",
        audit:
          'fields requestReceivedTimestamp, verb, requestURI, responseStatus.code, requestObject.spec.containers.0.image, sourceIPs.0, userAgent | filter user.username = "{actor.name}" and not (objectRef.resource in ["leases", "events"]) | sort requestReceivedTimestamp desc',
      },
      {
        do: "Find who could write to that node: pods with hostPath, privileged or debug pods. Replace the node.",
        cli: "kubectl delete node '{actor.instance}'",
      },
    ],
    syntheticShape: true,
  },
  watch: "act",
  anchor: "did",
  settleMs: ALONE_MS,
  coldness: { warm: { trail: "k8s-audit", ms: DAY_MS } },
  params: Crowd,
  detect(act, { params }) {
    const [of] = act.all("of");
    const launched = Map.groupBy(act.all("launched"), ({ node }) => node);
    const isAlone = aloneIn(act, params);
    return (did) => {
      // What was refused runs nowhere.
      if (did.deed !== "pod" || did.outcome !== "done" || !isAlone(did)) return [];
      const [launch] = launched.get(did.node) ?? [];
      if (launch === undefined) return [];
      return [
        {
          sentence: `A static pod runs on node ${did.node}, which EKS launched for pool ${launch.pool || "?"}, and on no other node`,
          by: `node/${did.node}`,
          on: "static pods",
          at: did.time,
          actor: {
            ...{ kind: "node", name: `system:node:${did.node}`, groups: [] },
            instanceId: did.node,
          },
          action: "create pods",
          target: did.node,
          scope: { cluster: of?.cluster ?? "" },
          evidence: [
            { field: "act.did", value: `${did.time} ${of?.act ?? ""}`, event: did.source },
            { field: "act.launched", value: `${did.node} for pool ${launch.pool}`, event: launch.source },
          ],
        },
      ];
    };
  },
});
