import Type from "typebox";
import { inRanges, isPublic } from "../../../schemas/address.ts";
import { defineSettledDetector } from "../../ledger/contracts.ts";

const MINUTE_MS = 60_000;

/** B-25: a node speaks to its cluster from its own address, or from the way out that it shares with others. Its identity at another one is in
 * somebody else's hands. */
export const detector = defineSettledDetector({
  meta: {
    id: "node-identity/second-address",
    version: 1,
    title: "Node identity used from an address that is not the node's",
    description:
      "A node's requests come from the address of its instance, or from the NAT that it shares with other nodes. This node's identity was used from yet another address, which no two other nodes use, while the node goes on speaking from its own: its credentials were taken.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0004", technique: "T1078.004" },
      { tactic: "TA0006", technique: "T1552.005" },
      { tactic: "TA0008", technique: "T1550.001" },
    ],
    reads: ["user.username", "sourceIPs", "requestObject.status.addresses", "responseElements.instancesSet.items"],
    auditLevel: { needs: "Metadata", better: "RequestResponse" },
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html",
      "https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_finding-types-iam.html",
    ],
    gaps: [
      "Which private address is the node's, its launch or the cloud controller tells. Where neither was seen, private addresses are not judged.",
      "A thief who speaks alone, after the node was gone or cut off, has no second address: node-identity/after-termination looks for one.",
      "A thief behind the same NAT looks like the node. So does one with the identities of three nodes.",
    ],
    triage: [
      {
        do: "See what each address did with the node's identity: verbs and resources that no kubelet asks for are the thief's.",
        audit:
          'fields requestReceivedTimestamp, verb, requestURI, responseStatus.code, user.extra.accessKeyId.0, userAgent | filter user.username = "{actor.name}" and @message like "{source.ip}" | sort requestReceivedTimestamp asc',
      },
      {
        do: "See what the instance's credentials did in AWS, and from where.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, errorCode, sourceIPAddress, userAgent | filter userIdentity.principalId like ":{actor.instance}" | sort eventTime asc',
      },
      {
        do: "Revoke the node role's older sessions (AWSRevokeOlderSessions) and replace the node.",
        cli: "kubectl delete node '{actor.instance}'",
      },
    ],
  },
  watch: "origin",
  anchor: "heard",
  // After the first request in an hour.
  settleMs: 30 * MINUTE_MS,
  rests: ["nodeIp"],
  params: Type.Object({}),
  detect(origin, { site }) {
    const heard = origin.all("heard");
    const nodes = new Set(heard.map(({ node }) => node));
    const [first] = heard;
    // Two others beside the one that is judged: traffic of the cluster leaves from here.
    if (first === undefined || nodes.size > 2 || origin.overflowed("heard")) return undefined;
    if (inRanges(first.ip, site.egress) || inRanges(first.ip, site.proxies)) return undefined;
    const day = first.time.slice(0, "2026-11-22".length);
    return ({ since, node, cluster, ip, source }) => {
      const own = new Set(origin.all("nodeIp").flatMap((entry) => (entry.node === node ? [entry.ip] : [])));
      const spoke = origin.all("nodeSpoke").filter((entry) => entry.node === node && entry.time.startsWith(day));
      const others = spoke.map((entry) => entry.ip).filter((other) => other !== ip);
      if (own.has(ip) || others.length === 0) return [];
      const usual = others.find((other) => own.has(other));
      // Of two private addresses nobody can tell which is the node's.
      if (usual === undefined && !isPublic(ip)) return [];
      return [
        {
          sentence: `The identity of node ${node} was used from ${ip}, while the node speaks from ${usual ?? others[0]}`,
          by: `node/${node}`,
          on: `from ${ip}`,
          at: since,
          actor: { kind: "node", name: `system:node:${node}`, groups: [], instanceId: node },
          action: "act as a node",
          target: node,
          scope: { cluster },
          sourceIP: ip,
          ...(usual !== undefined && { confidence: "high" as const }),
          evidence: [{ field: "origin.heard", value: `${since} ${node} from ${ip}`, event: source }],
          reasons: [
            usual === undefined ? "which address is the node's was not seen" : `${usual} is the node's own address`,
          ],
        },
      ];
    };
  },
});
