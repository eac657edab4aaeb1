import Type from "typebox";
import { inRanges } from "../../../schemas/address.ts";
import { defineSettledDetector } from "../../ledger/contracts.ts";
import { judgeAt } from "./where.ts";

const MINUTE_MS = 60_000;

/** B-18: a pod's token at an address that is neither the pod's nor its node's, and that nobody else of the cluster speaks from. */
export const detector = defineSettledDetector({
  meta: {
    id: "tokens/used-elsewhere",
    version: 1,
    title: "Token of a pod used from an address that is not the pod's",
    description:
      "A projected token lives in its pod, and comes from the pod's address or from its node's. This one came from another, which no other nodes of the cluster speak from: somebody read the token and uses it elsewhere.",
    severity: "high",
    confidence: "high",
    status: "stable",
    attack: [
      { tactic: "TA0006", technique: "T1528" },
      { tactic: "TA0008", technique: "T1550.001" },
    ],
    reads: [
      "user.extra.authentication.kubernetes.io/credential-id",
      "user.extra.authentication.kubernetes.io/pod-uid",
      "annotations.authentication.kubernetes.io/issued-credential-id",
      "requestObject.status.podIPs",
      "requestObject.status.hostIPs",
      "sourceIPs",
    ],
    auditLevel: { needs: "Metadata", better: "Request" },
    references: [
      "https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/",
      "https://docs.aws.amazon.com/eks/latest/userguide/external-snat.html",
    ],
    gaps: [
      "Needs the token's issue and its pod's status in the log: a pod whose address is not known is not judged.",
      "A thief on the same node, or behind the address by which the cluster's nodes reach its API, looks like the pod.",
      "A private address from which a token is used that was never used from its pod is low: it may be the pod's second interface.",
      "Tokens that are bound to no pod are made to be taken elsewhere, and are not judged.",
    ],
    triage: [
      {
        do: "See all that the token did, by address.",
        audit:
          'fields requestReceivedTimestamp, verb, requestURI, responseStatus.code, sourceIPs.0, userAgent | filter @message like "{actor.credential}" | sort requestReceivedTimestamp asc',
      },
      {
        do: "See who else comes from that address. Many pods or nodes mean a way out that is not known yet: declare it in `egress`.",
        audit:
          'fields user.username, sourceIPs.0, userAgent | filter @message like "{source.ip}" | stats count(*), min(requestReceivedTimestamp) by user.username, userAgent',
      },
      {
        do: "Delete the pod, which ends its tokens within seconds, and find out how the token left it: exec, a copied file, a compromised application.",
        audit:
          'fields requestReceivedTimestamp, user.username, verb, requestURI, sourceIPs.0 | filter objectRef.resource = "pods" and objectRef.subresource in ["exec", "attach", "portforward", "ephemeralcontainers"] and objectRef.namespace = "{target}" | sort requestReceivedTimestamp desc',
      },
    ],
  },
  watch: "origin",
  anchor: "used",
  // After the first use in an hour.
  settleMs: 30 * MINUTE_MS,
  params: Type.Object({}),
  detect(origin, { site }) {
    const used = origin.all("used");
    const [first] = used;
    if (first === undefined || inRanges(first.ip, site.egress) || inRanges(first.ip, site.proxies)) return undefined;
    const judge = judgeAt({
      ...{ ip: first.ip, day: first.time.slice(0, 10), used },
      ...{ heard: origin.all("heard"), crowded: origin.overflowed("heard") },
      ...{ nodeIps: origin.all("nodeIp"), spoke: origin.all("nodeSpoke") },
      ...{ homes: origin.all("tokenHome"), nodes: origin.all("tokenNode"), alsoUsed: origin.all("tokenUsed") },
    });
    // Who minted it may use it at home: not known where that was not seen.
    const minted = new Set(origin.all("tokenMinted").map(({ token }) => token));
    return ({ since, token, namespace, serviceAccount, cluster, ip, source }) => {
      const judged = minted.has(token) ? judge(token) : undefined;
      if (judged === undefined) return [];
      const name = `${namespace}/${serviceAccount}`;
      return [
        {
          sentence: `A token of service account ${name} was used from ${ip}, while its pod is at ${judged.homes.join(" and ")} on node ${judged.node}`,
          // One thief at one address may hold many tokens; each has to be ended.
          by: `token/${token}`,
          on: `from ${ip}`,
          at: since,
          actor: {
            ...{ kind: "service-account", name: `system:serviceaccount:${namespace}:${serviceAccount}`, groups: [] },
            ...{ serviceAccount: name, credentialId: token },
          },
          action: "use a token",
          target: namespace,
          scope: { cluster },
          sourceIP: ip,
          severity: judged.severity,
          confidence: judged.confidence,
          evidence: [{ field: "origin.used", value: `${since} ${token} from ${ip}`, event: source }],
          reasons: [judged.reason],
        },
      ];
    };
  },
});
