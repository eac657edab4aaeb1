import Type from "typebox";
import { defineJoinDetector } from "../../ledger/contracts.ts";

/** B-17 by the ledger: a kubelet mints for the pods that it runs, and the node authorizer and NodeRestriction hold it to that (audit-recorded.md 14). A
 * pod's node is fixed when it is bound and never changes, so a pod of another node is no race. */
export const detector = defineJoinDetector({
  meta: {
    id: "tokens/bound-elsewhere",
    version: 1,
    title: "Kubelet minted a token for a pod that runs on another node",
    description:
      "A kubelet asks for tokens of the pods on its own node; the API server refuses it all others. This node's identity got one for a pod that is bound to another node: somebody holds the node's credentials, and the server's own check was off or passed.",
    severity: "critical",
    confidence: "high",
    status: "stable",
    attack: [
      { tactic: "TA0006", technique: "T1528" },
      { tactic: "TA0008", technique: "T1550.001" },
    ],
    reads: [
      "user.username",
      "requestObject.spec.boundObjectRef",
      "annotations.authentication.kubernetes.io/issued-credential-id",
      "requestObject.target.name",
      "requestObject.metadata.uid",
    ],
    auditLevel: { needs: "Metadata", better: "Request" },
    references: [
      "https://kubernetes.io/docs/reference/access-authn-authz/node/",
      "https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction",
    ],
    gaps: [
      "At level Metadata the mint does not say for which pod it is: nothing is found.",
      "A pod whose binding was written before the ledger began, and which has not changed since, has no known node.",
      "What is refused is judged by pod-identity/node-token.",
      "Which node minted for a pod is known by the day: its first token is named, and the time is the day's.",
    ],
    triage: [
      {
        do: "See what else this node's identity did, and from which addresses.",
        audit:
          'fields requestReceivedTimestamp, verb, requestURI, responseStatus.code, sourceIPs.0, userAgent | filter user.username = "{actor.name}" | sort requestReceivedTimestamp desc',
      },
      {
        do: "List the tokens that it minted, and see where each was used.",
        audit:
          'fields requestReceivedTimestamp, requestURI, requestObject.spec.boundObjectRef.name, `annotations.authentication.kubernetes.io/issued-credential-id`, responseStatus.code | filter user.username = "{actor.name}" and objectRef.subresource = "token" | sort requestReceivedTimestamp asc',
      },
      {
        do: "Delete the pod, which ends the token within seconds, then replace the node that minted it.",
        cli: "kubectl delete node '{actor.instance}'",
      },
    ],
  },
  watch: "pod",
  match: ["minter", "node", "account"],
  params: Type.Object({}),
  detect([minter, runs, account], { id }) {
    if (minter.id === runs.id) return undefined;
    const name = `${account.namespace}/${account.serviceAccount}`;
    const [, , cluster = ""] = id.split("/");
    return {
      sentence: `The kubelet of node ${minter.id} minted a token of service account ${name} for a pod that runs on node ${runs.id}`,
      on: `minted by ${minter.id}`,
      at: minter.time,
      actor: { kind: "node", name: `system:node:${minter.id}`, groups: [], instanceId: minter.id },
      action: "create",
      target: name,
      scope: { cluster },
      evidence: [
        { field: "pod.minter", value: minter.id, event: minter.source },
        { field: "pod.node", value: runs.id, event: runs.source },
      ],
      reasons: minter.audiences === "" ? [] : [`the token is for ${minter.audiences}`],
    };
  },
});
