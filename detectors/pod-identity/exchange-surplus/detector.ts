import Type from "typebox";
import { APART_MS, BORDER_MS } from "../../core/exchange-time.ts";
import { defineSettledDetector } from "../../ledger/contracts.ts";
import { lastIn, scopeIn } from "../pod-keys.ts";
import { type Balance, balanced, near, type Session } from "./balance.ts";

const MINUTE_MS = 60_000;

/** So far apart the halves of one exchange may lie when AWS is slow. */
const SLOW_MS = 15_000;

/** B-01, B-07: whoever asks EKS Auth for a pod's credentials is not named together with the pod, but both are counted. A node that asks more often
 * than its pods are served, while pods of another are served and their node did not ask, holds a token of these. */
export const detector = defineSettledDetector({
  meta: {
    id: "pod-identity/exchange-surplus",
    version: 1,
    title: "Node asked for the AWS credentials of a pod that runs on another node",
    description:
      "EKS Auth does not check which node a pod's token comes from. In the same seconds a node asked for credentials more often than its own pods were given any, and a pod of another node was given some that its node had not asked for: the first node used a stolen token.",
    severity: "critical",
    confidence: "high",
    status: "stable",
    attack: [
      { tactic: "TA0006", technique: "T1528" },
      { tactic: "TA0008", technique: "T1550.001" },
      { tactic: "TA0006", technique: "T1552.005" },
    ],
    reads: [
      "userIdentity.principalId",
      "requestParameters.clusterName",
      "requestParameters.tags",
      "requestObject.target.name",
      "requestObject.metadata.uid",
    ],
    auditLevel: { needs: "Metadata", better: "RequestResponse" },
    references: [
      "https://docs.aws.amazon.com/eks/latest/APIReference/API_auth_AssumeRoleForPodIdentity.html",
      "https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html",
    ],
    gaps: [
      "Where a pod runs stands in bodies: at level Metadata nothing is known, and nothing is reported.",
      "A thief on the pod's own node asks like its agent.",
      "A pod without session tags is not counted as served: its node seems to ask too often, and only that.",
      "One pod served twice in the same seconds counts once: the second record may be that of a role chained to the first.",
    ],
    triage: [
      {
        do: "Cordon and isolate the node that asked: something on it uses tokens of pods that it does not run.",
        cli: "kubectl cordon '{actor.instance}'",
      },
      {
        do: "Find the session that was handed out, and with its key every later call; revoke the role's sessions older than now.",
        cloudtrail:
          'fields eventTime, requestParameters.roleArn, responseElements.credentials.accessKeyId | filter eventName = "AssumeRole" and userIdentity.invokedBy = "pods.eks.amazonaws.com" and @message like "{target}" | sort eventTime asc',
      },
      {
        do: "Find out how the token left the pod: who minted one for it, entered it or read its files.",
        audit:
          'fields requestReceivedTimestamp, user.username, verb, requestURI, sourceIPs.0 | filter @message like "{target}" and not (user.username like /^system:node:/) | sort requestReceivedTimestamp asc',
      },
    ],
  },
  watch: "exchange",
  anchor: "served",
  settleMs: 10 * MINUTE_MS,
  rests: ["asked", "served", "podNode"],
  params: Type.Object({}),
  detect(minute, { id }) {
    const nodes = Map.groupBy(minute.all("podNode"), ({ pod }) => pod);
    const sessions = minute.all("served").map((served): Session => {
      const on = (nodes.get(served.pod) ?? []).map(({ node }) => node);
      return { ...served, at: Date.parse(served.time), nodes: on };
    });
    const unknown = sessions.filter(({ nodes: on }) => on.length === 0);
    const asks = minute.all("asked").map((asked) => ({ ...asked, at: Date.parse(asked.time) }));
    const start = Date.parse(`${lastIn(id)}Z`);
    const balances = balanced(asks, sessions).filter(
      ({ from, to }) => from >= start - BORDER_MS + APART_MS && to < start + MINUTE_MS + BORDER_MS - APART_MS,
    );
    const over = balances.filter(({ surplus }) => surplus > 0);
    // One that is over the border belongs to the minute in which it begins.
    const under = balances.filter(({ deficit, from }) => deficit > 0 && from >= start && from < start + MINUTE_MS);
    return (due) =>
      under
        .filter(({ sessions: own }) =>
          own.some(({ time, pod, key }) => time === due.time && pod === due.pod && key === due.key),
        )
        .flatMap((missing) =>
          over
            .filter((extra) => near(extra, missing))
            // Whoever is both may be late with one half.
            .filter((extra) => !balances.some((balance) => isLate(balance, missing, extra)))
            .filter((extra) => !unknown.some(({ at }) => near({ from: at, to: at }, extra)))
            .map((extra, _, rivals) => hitOf(id, extra, missing, rivals.length)),
        );
  },
});

/** What makes up for one of the two, a little earlier or later. */
const isLate = (balance: Balance, missing: Balance, extra: Balance): boolean =>
  (balance.node === missing.node && balance.surplus > 0 && near(balance, missing, SLOW_MS)) ||
  (balance.node === extra.node && balance.deficit > 0 && near(balance, extra, SLOW_MS));

function hitOf(id: string, extra: Balance, missing: Balance, rivals: number) {
  const pods = [...new Set(missing.sessions.map(({ pod }) => lastIn(pod)))];
  const names = [...new Set(missing.sessions.map(({ pod, name }) => (name.length > 1 ? name : lastIn(pod))))];
  const instance = extra.node.startsWith("i-") ? { instanceId: extra.node } : {};
  return {
    sentence: `${extra.node} asked EKS Auth for a pod's credentials, and ${pods.length === 1 ? `pod ${names[0]}` : `one of the pods ${names.join(", ")}`} on ${missing.node} was given them: ${missing.node} had not asked`,
    on: `asked by ${extra.node}`,
    at: missing.sessions[0]?.time ?? "",
    actor: {
      ...(extra.node.startsWith("i-")
        ? { kind: "node", name: `system:node:${extra.node}` }
        : { kind: "unknown", name: extra.node }),
      ...{ groups: [], ...instance },
    },
    action: "eks-auth:AssumeRoleForPodIdentity",
    target: pods[0] ?? "",
    scope: scopeIn(id),
    ...(rivals > 1 && { severity: "high" as const, confidence: "medium" as const }),
    evidence: [
      ...extra.asks.map(({ time, event }) => ({ field: "exchange.asked", value: `${extra.node} ${time}`, event })),
      ...missing.sessions.map(({ pod, key, time, source }) => ({
        ...{
          field: "exchange.served",
          value: `${lastIn(pod)} on ${missing.node} with key ${key} ${time}`,
          event: source,
        },
      })),
    ],
    reasons: [
      `${extra.node} asked ${extra.asks.length} times, and its pods were given ${extra.sessions.length} sessions`,
      `${missing.node} asked ${missing.asks.length} times, and its pods were given ${missing.sessions.length} sessions`,
      ...(rivals > 1 ? ["another node asked too often in the same seconds: it may be that one"] : []),
    ],
  };
}
