import Type from "typebox";
import { defineEventDetector, type EventOn, type Hit } from "../../core/contracts.ts";
import { byKubelet, DAY_S, mintingOf } from "../minting.ts";
import { isForeign } from "../token-audiences.ts";

type Verdict = Required<Pick<Hit, "severity" | "reasons">> & Pick<Hit, "confidence">;

/** What NodeRestriction and NamespaceLifecycle put in front of their words; audience and UID in those are the client's text. */
const FORBIDDEN = /^serviceaccounts "[^"]*" is forbidden: (.*)$/s;

const TERMINATING = /^unable to create new content in namespace /;
const AUDIENCE = /^audience "([^"]*)/;

const unsure = (reason: string): Verdict => ({ severity: "low", confidence: "low", reasons: [reason] });

/** Words of the server for what no kubelet asks: no pod, no UID, several audiences, another's pod, a life out of range. */
const SHAPE =
  /^node requested token (?:not bound to a pod|with a pod binding without a uid)|^node may only request 0 or 1 audiences|^cannot bind token |^TokenRequest\.authentication\.k8s\.io /;

/** Words of the server for what happens to honest kubelets: caches that lag, pods that are gone or came back. */
const RACES: readonly (readonly [RegExp, string])[] = [
  [/^the UID in the bound object reference/, "the pod was replaced by another of its name"],
  [
    /^node requested token bound to a pod scheduled on a different node/,
    "the server does not know the pod on this node, or not yet",
  ],
  [/^error validating audience/, "a volume or CSI driver of the pod is gone"],
];

/** B-17, stateless part: a kubelet mints only for the pods it runs, bound to them, for audiences that they project (audit-recorded.md 13, 14). */
export const detector = defineEventDetector({
  meta: {
    id: "pod-identity/node-token",
    version: 1,
    title: "Node identity asked for a token that a kubelet does not ask for",
    description:
      "A kubelet mints service account tokens only for pods on its own node, bound to the pod, for audiences that the pod projects. A node identity that asks for anything else is in somebody else's hands.",
    severity: "critical",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0006", technique: "T1528" },
      { tactic: "TA0008", technique: "T1550.001" },
    ],
    reads: ["user", "objectRef", "requestObject.spec", "responseStatus", "annotations.authorization.k8s.io/decision"],
    auditLevel: { needs: "Metadata", better: "Request" },
    references: [
      "https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction",
      "https://kubernetes.io/docs/reference/access-authn-authz/node/",
    ],
    gaps: [
      "A stolen node identity that mints what the kubelet would mint, for pods on that node, looks the same here.",
      "Whether the bound pod runs on that node, and projects that audience, only the server's refusal tells.",
      "At Metadata level an allowed mint shows neither binding nor life.",
    ],
    triage: [
      {
        do: "See where the node's identity was used from: the last address is the peer's, and one that is not the node's own is a thief's.",
        audit:
          'fields requestReceivedTimestamp, verb, requestURI, responseStatus.code, sourceIPs.0, sourceIPs.1, userAgent | filter user.username = "{actor.name}" | stats count(*) by sourceIPs.0, sourceIPs.1, userAgent',
      },
      {
        do: "See what the instance's credentials did in AWS since.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, sourceIPAddress, userAgent, errorCode | filter userIdentity.principalId like "{actor.session}" | sort eventTime asc',
      },
      {
        do: "Isolate and replace the node; its credentials end with the instance.",
        cli: `node=$(printf %s '{actor.name}' | sed 's/^system:node://'); kubectl cordon "$node" && kubectl get pods -A -o wide --field-selector spec.nodeName="$node"`,
      },
    ],
  },
  on: "token",
  params: Type.Object({
    maxSeconds: Type.Integer({
      minimum: 3_607,
      default: DAY_S,
      description: "Longest life that a pod of this cluster projects; EKS grants a day at most.",
    }),
  }),
  detect(request, { maxSeconds }) {
    if (!byKubelet(request)) return undefined;
    const verdict = refusal(request) ?? excess(request, maxSeconds);
    if (verdict === undefined) return undefined;
    const { sentence, on, evidence } = mintingOf(request);
    return { sentence: `${sentence}: ${verdict.reasons[0]}`, on, evidence, ...verdict };
  },
});

/** What the server refused. 404 and 409 are failures, not refusals: the pod has just left, or came back. */
function refusal({ outcome, message }: EventOn<"token">): Verdict | undefined {
  // The authorizer's graph also forgets a pod before its kubelet does.
  if (outcome === "denied") return unsure("no pod of the node uses this service account");
  if (outcome !== "refused") return undefined;
  const words = FORBIDDEN.exec(message)?.[1] ?? message;
  if (TERMINATING.test(words)) return undefined;
  const race = RACES.find(([pattern]) => pattern.test(words));
  if (race !== undefined) return unsure(race[1]);
  const audience = AUDIENCE.exec(words)?.[1];
  if (audience !== undefined) {
    // An image credential provider of the kubelet asks for an audience of its own, and is refused without a grant.
    const elsewhere = audience !== "" && isForeign(audience);
    return { severity: elsewhere ? "low" : "medium", reasons: ["the pod does not project this audience"] };
  }
  return SHAPE.test(words)
    ? { severity: "high", reasons: ["the request has a shape that no kubelet sends"] }
    : unsure("refused in words that no kubelet's request is known to get");
}

/** What the server let through although no kubelet asks for it. Only a body can show that there is no binding. */
function excess({ outcome, facets: { token } }: EventOn<"token">, maxSeconds: number): Verdict | undefined {
  if (!token.body || outcome === "refused" || outcome === "failed" || outcome === "unauthenticated") return undefined;
  if (token.boundTo === undefined) {
    return { severity: "critical", reasons: ["bound to no pod: NodeRestriction is off or was passed"] };
  }
  if (token.boundTo.kind !== "Pod") return { severity: "critical", reasons: [`bound to a ${token.boundTo.kind}`] };
  if (token.audiences.length > 1) return { severity: "high", reasons: ["for several audiences at once"] };
  const seconds = token.expirationSeconds ?? 0;
  // A pod's own projected volume may ask for it, so it is no proof.
  return seconds > maxSeconds ? { severity: "medium", reasons: [`asked to live ${seconds} s`] } : undefined;
}
