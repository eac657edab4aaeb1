import Type from "typebox";
import { TROUBLE_MS } from "../../core/settle-times.ts";
import { defineSettledDetector } from "../../ledger/contracts.ts";
import { around, isShared, strangers } from "./strangers.ts";

const MINUTE_MS = 60_000;

/** B-32: a node that asks for what belongs to pods of others, again and again. */
export const detector = defineSettledDetector({
  meta: {
    id: "node-identity/refusals",
    version: 1,
    title: "Node refused objects of pods that are not on it",
    description:
      "A kubelet asks for what the pods on its node use, and gets it. This node's identity was refused Secrets, ConfigMaps, pods or tokens of pods that run elsewhere, several within minutes, while other nodes had no such trouble: somebody tries the node's credentials on what they do not open.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0007", technique: "T1613" },
      { tactic: "TA0006", technique: "T1552.007" },
    ],
    reads: [
      "user",
      "verb",
      "objectRef",
      "responseStatus.code",
      "annotations.authorization.k8s.io/decision",
      "requestObject.target.name",
    ],
    auditLevel: { needs: "Metadata", better: "Request" },
    references: [
      "https://kubernetes.io/docs/reference/access-authn-authz/node/",
      "https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction",
    ],
    gaps: [
      "Which pods use a Secret is not known: those of a namespace that the node had pods of that day or the day before do not count. managed-instances/node-acts reports each as low.",
      "A pod that was never seen proves nothing, and a node of which no pod was seen is not judged.",
      "Two refusals, or three spread over more than ten minutes, are below the count. Lists are managed-instances/node-acts.",
    ],
    triage: [
      {
        do: "See what the node's identity asked for, in order, and from where: a kubelet has one address and one client.",
        audit:
          'fields requestReceivedTimestamp, verb, requestURI, responseStatus.code, sourceIPs.0, sourceIPs.1, userAgent | filter user.username = "{actor.name}" and responseStatus.code = 403 | sort requestReceivedTimestamp asc',
      },
      {
        do: "See what it got: what the node's own pods use is open to whoever holds its credentials.",
        audit:
          'fields requestReceivedTimestamp, verb, requestURI, sourceIPs.0, userAgent | filter user.username = "{actor.name}" and objectRef.resource in ["secrets", "configmaps", "serviceaccounts"] and responseStatus.code < 300 | sort requestReceivedTimestamp desc',
      },
      {
        do: "See what the instance's credentials did in AWS, then replace the node.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, errorCode, sourceIPAddress, userAgent | filter userIdentity.principalId like ":{actor.instance}" | sort eventTime asc',
      },
    ],
  },
  watch: "refusals",
  anchor: "refused",
  settleMs: TROUBLE_MS + 5 * MINUTE_MS,
  coldness: { warm: { trail: "k8s-audit", ms: 24 * 60 * MINUTE_MS } },
  params: Type.Object({
    objects: Type.Integer({ minimum: 2, default: 3, description: "Different objects from which on it counts." }),
    windowMinutes: Type.Integer({ minimum: 1, default: 10, description: "Within how many minutes." }),
    others: Type.Integer({
      minimum: 1,
      default: 3,
      description: "Other nodes in the same trouble that make it a fault.",
    }),
  }),
  detect(refusals, { params: { objects, windowMinutes, others } }) {
    const [of] = refusals.all("of");
    const all = refusals.all("refused");
    // Where some are left out, what is missing tells nothing.
    const ran = refusals.overflowed("ran") ? [] : refusals.all("ran");
    const strange = Map.groupBy(strangers(all, ran, refusals.all("boundTo")), ({ node }) => node);
    return (due) => {
      if (of === undefined || !due.time.startsWith(of.day)) return [];
      const window = around(due, strange.get(due.node) ?? [], objects, windowMinutes * MINUTE_MS);
      if (window.length === 0 || isShared(due, all, refusals.all("peer"), { objects, others })) return [];
      const { node } = due;
      return window.map(({ time, kind, namespace, name, source }) => ({
        sentence: `Node ${node} was refused ${objects} or more objects of pods that are not on it within ${windowMinutes} minutes`,
        by: `node/${node}`,
        on: "refusals",
        at: time,
        actor: { kind: "node", name: `system:node:${node}`, groups: [], instanceId: node },
        action: "get",
        target: node,
        scope: { cluster: of.cluster },
        outcome: "attempt",
        evidence: [{ field: "refusals.refused", value: `${time} ${kind} ${namespace}/${name}`, event: source }],
        reasons: [`${kind} ${namespace}/${name}`],
      }));
    };
  },
});
