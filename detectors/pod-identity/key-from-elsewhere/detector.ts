import Type from "typebox";
import { inRanges } from "../../../schemas/address.ts";
import type { Severity } from "../../../schemas/findings/finding.ts";
import { withoutLast } from "../../core/epoch.ts";
import { defineSettledDetector } from "../../ledger/contracts.ts";
import { lastIn, podActor, scopeIn } from "../pod-keys.ts";

const DAY_MS = 24 * 3_600_000;

/** B-05: the nodes of a cluster show, whenever they ask EKS Auth, by which addresses its traffic leaves; a pod's key comes from none of them. */
export const detector = defineSettledDetector({
  meta: {
    id: "pod-identity/key-from-elsewhere",
    version: 1,
    title: "AWS key of a pod used from an address that is not the cluster's",
    description:
      "A pod's AWS key was used over the internet from an address from which no two other nodes of its cluster ever reach AWS. Pods leave by the same ways as their nodes: somebody took the key and uses it elsewhere.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0006", technique: "T1528" },
      { tactic: "TA0004", technique: "T1078.004" },
      { tactic: "TA0008", technique: "T1550.001" },
    ],
    reads: [
      "responseElements.credentials.accessKeyId",
      "requestParameters.tags",
      "userIdentity.accessKeyId",
      "userIdentity.sessionContext.ec2RoleDelivery",
      "sourceIPAddress",
      "vpcEndpointId",
    ],
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html",
      "https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_finding-types-iam.html",
    ],
    gaps: [
      "A thief within the VPC leaves by the same address. Calls through VPC endpoints are not judged.",
      "Needs two nodes that reach EKS Auth over the internet, or the cluster's addresses in site.egress; a cluster with neither is not judged.",
      "Of IPv6 the whole block of the VPC (/56) counts as one address, in which a thief may be too.",
      "Addresses that pods alone leave by are high on their first day, low later, until site.egress names them.",
      "A thief with the credentials of two other nodes can teach his address by asking EKS Auth from it.",
    ],
    triage: [
      {
        do: "See who else comes from that address, and since when. Nodes' or many pods' sessions mean a new way out: declare it in site.egress.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, userIdentity.arn, userIdentity.accessKeyId, userAgent | filter sourceIPAddress = "{source.ip}" | sort eventTime asc',
      },
      {
        do: "See all that the key did, and from where.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, errorCode, sourceIPAddress, userAgent | filter userIdentity.accessKeyId = "{actor.key}" | sort eventTime asc',
      },
      {
        do: "Revoke the role's sessions older than now (AWSRevokeOlderSessions), and find out how the key left the pod.",
        audit:
          'fields requestReceivedTimestamp, user.username, verb, requestURI, sourceIPs.0 | filter objectRef.resource = "pods" and concat(objectRef.namespace, "/", objectRef.name) = "{actor.name}" | sort requestReceivedTimestamp asc',
      },
    ],
  },
  watch: "place",
  anchor: "used",
  // After the first use in an hour.
  settleMs: 30 * 60_000,
  coldness: { warm: { trail: "cloudtrail", ms: DAY_MS } },
  params: Type.Object({}),
  detect(place, { id, site }) {
    const [day, address] = [lastIn(id), withoutLast(id)];
    const outlet = lastIn(address);
    const known = place.all("known");
    const asking = new Set(known.map(({ node }) => node));
    if (asking.size < 2 && site.egress.length === 0) return undefined;
    const asks = place.all("node");
    const askers = new Set(asks.map(({ node }) => node));
    // EKS Auth has addresses of both kinds, and a node that has IPv6 takes that.
    const foreign = outlet.includes(":") && !known.some((other) => other.ip.includes(":"));
    const nodes = Map.groupBy(place.all("keyNode"), ({ key }) => key);
    const nodesOf = (key: string): readonly string[] => (nodes.get(key) ?? []).map(({ node }) => node);
    const whose = new Map(place.all("whose").map((told) => [told.key, told]));
    const uses = place.all("used").map(({ time, key }) => ({ ms: Date.parse(time), own: nodesOf(key) }));
    return (used) => {
      if (!used.time.startsWith(day)) return [];
      const ip = used.ip || outlet;
      if (inRanges(ip, site.egress)) return [];
      const [ms, own] = [Date.parse(used.time), nodesOf(used.key)];
      const others = [...askers].filter((node) => !own.includes(node));
      // Of a key whose node is not known, any of them may be its own.
      if (others.length >= (own.length > 0 ? 2 : 3)) return [];
      const earlier = uses.filter((other) => other.ms <= ms - DAY_MS).flatMap((other) => other.own);
      const usual = new Set(earlier.filter((node) => !own.includes(node))).size >= 2;
      const itself = own.length === 0 || own.some((node) => askers.has(node));
      // What a node asked from long before is its own, and the other address new.
      const fresh = asks.filter(({ since }) => Date.parse(since) > ms - DAY_MS / 2);
      const roams = fresh.find(({ node }) => known.some((other) => other.node === node && other.ip !== outlet))?.node;
      const { severity, reason } = worthOf({ ip, askers, roams, usual, itself, foreign });
      const { whom = used.key, role = "" } = whose.get(used.key) ?? {};
      return [
        {
          sentence: `The key of pod ${whom} called ${used.api} from ${ip}, from where ${askers.size === 0 ? "no node" : "hardly a node"} of its cluster comes`,
          // The address is what is wrong: who took several keys is one thief.
          by: `place/${address}`,
          on: "pods' keys",
          at: used.since,
          actor: podActor(whom, used.key, role),
          action: used.api,
          target: ip,
          scope: scopeIn(address),
          sourceIP: ip,
          severity,
          ...(severity !== "high" && { confidence: "low" as const }),
          evidence: [{ field: "key.used", value: `${used.key} ${used.api} ${used.since}`, event: used.source }],
          reasons: [reason],
        },
      ];
    };
  },
});

interface Place {
  readonly ip: string;
  /** Nodes that asked EKS Auth from here: fewer than two others than the key's own. */
  readonly askers: ReadonlySet<string>;
  /** One of them that asked from elsewhere, too. */
  readonly roams: string | undefined;
  /** Pods of two other nodes came from here a day before already. */
  readonly usual: boolean;
  /** The key's own node is one of them, for all that is known. */
  readonly itself: boolean;
  /** It is IPv6, which no node of the cluster asks over. */
  readonly foreign: boolean;
}

/** What a single node shows counts little: its credentials may be in the same hands. A node with one way out has an address of its own, or its zone. */
function worthOf({ ip, askers, roams, usual, itself, foreign }: Place): { severity: Severity; reason: string } {
  if (askers.size === 0 && usual)
    return {
      severity: "low",
      reason: "pods of other nodes came from there days before: they may have a way of their own",
    };
  if (askers.size === 0 && foreign)
    return { severity: "medium", reason: "no node of the cluster asks EKS Auth over IPv6" };
  if (askers.size === 0) return { severity: "high", reason: `no node asked EKS Auth from ${ip}` };
  if (roams !== undefined)
    return { severity: "medium", reason: `node ${roams} asked EKS Auth from ${ip}, and from elsewhere, too` };
  return itself
    ? { severity: "informational", reason: "its own node asks EKS Auth from there, and from nowhere else" }
    : { severity: "low", reason: "one other node asks EKS Auth from there, and from nowhere else" };
}
