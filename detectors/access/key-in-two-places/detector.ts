import Type from "typebox";
import { inRanges } from "../../../schemas/address.ts";
import { withoutLast } from "../../core/epoch.ts";
import { defineSettledDetector } from "../../ledger/contracts.ts";
import { networkOf } from "../network.ts";

const WITHIN_MS = 15 * 60_000;

/** B-06, B-37: a person's key at work in two networks in turns. Somebody who moves leaves the first one. */
export const detector = defineSettledDetector({
  meta: {
    id: "access/key-in-two-places",
    version: 1,
    title: "Access key of a person used from two networks in turns",
    description:
      "Within a quarter of an hour, the same access key came from two public networks, from the one again after the other, in the audit log and CloudTrail taken together. A person who changes networks leaves the first; two who share a key do not. A VPN that only some of the traffic takes looks the same.",
    severity: "medium",
    confidence: "low",
    status: "stable",
    attack: [
      { tactic: "TA0005", technique: "T1550.001" },
      { tactic: "TA0001", technique: "T1078.004" },
    ],
    reads: ["user.extra.accessKeyId", "sourceIPs", "userIdentity.accessKeyId", "sourceIPAddress"],
    auditLevel: { needs: "Metadata" },
    references: ["https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp.html"],
    gaps: [
      "Networks are /24 and /48, times five minutes; addresses of two families are not compared, private ones not at all.",
      "A thief in the same network, or behind the same proxy, is not seen.",
      "What a key did more than half an hour before it first came into a cluster is not looked at.",
    ],
    triage: [
      {
        do: "See what came from which network: one of them does what the person does not.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, sourceIPAddress, userAgent | filter userIdentity.accessKeyId = "{actor.key}" | sort eventTime asc',
      },
      {
        do: "See the same in the clusters.",
        audit:
          'fields requestReceivedTimestamp, verb, requestURI, sourceIPs.0, sourceIPs.1, userAgent | filter user.extra.accessKeyId.0 = "{actor.key}" | sort requestReceivedTimestamp asc',
      },
      {
        do: "Ask the person where they are. If one of the networks is nobody's, end the session and what it left behind.",
      },
    ],
  },
  watch: "use",
  anchor: "person",
  settleMs: 30 * 60_000,
  params: Type.Object({
    networks: Type.Array(Type.String(), {
      default: [],
      description:
        "Addresses or CIDR ranges that people come from as well as from elsewhere: VPN gateways, cloud shells.",
    }),
  }),
  detect(entity, { id: hour, params, site }) {
    const id = withoutLast(hour);
    const theirs = [...entity.all("asNode"), ...entity.all("pod")];
    if (theirs.length > 0 || entity.all("issued").some(({ to }) => to === "node" || to === "pod")) return undefined;
    const known = [...params.networks, ...site.egress, ...site.proxies];
    const uses = entity.all("person").flatMap((use) => {
      const of = networkOf(use.ip);
      return of === undefined || inRanges(use.ip, known) ? [] : [{ ...use, ...of, at: Date.parse(use.time) }];
    });
    if (!uses.some(({ trail }) => trail === "audit log")) return undefined;
    const turnsFrom = (start: number) => {
      const within = uses.filter(({ at }) => at >= start && at <= start + WITHIN_MS);
      return within.flatMap((first) =>
        within
          .filter(
            (then) => then.family === first.family && then.network > first.network && inTurns(first, then, within),
          )
          .map((then) => ({ first, then })),
      );
    };
    return (due) =>
      turnsFrom(Date.parse(due.time)).map(({ first, then }) => {
        const trails = (network: string): string =>
          [...new Set(uses.filter((use) => use.network === network).map(({ trail }) => trail))].sort().join(" and ");
        const [one, other] = [trails(first.network), trails(then.network)];
        // Each network in one trail alone, all day: that is how a VPN for the one or the other looks.
        const split = one !== other && !one.includes(" and ") && !other.includes(" and ");
        return {
          of: { kind: "key", id },
          sentence: `Key ${id} of ${first.who} came from ${first.network} (${one}) and ${then.network} (${other}) in turns`,
          on: `${first.network} and ${then.network}`,
          at: first.at > then.at ? first.time : then.time,
          actor: { kind: "human", name: first.who, groups: [], accessKeyId: id },
          action: "use a key",
          target: first.who,
          sourceIP: then.ip,
          ...(split && { severity: "low" as const }),
          evidence: [first, then].map(({ time, trail, ip, source }) => ({
            ...{ field: "key.person", value: `${time} ${trail} ${ip}`, event: source },
          })),
          reasons: split ? ["one network in the audit log and the other in CloudTrail: a VPN may do that"] : [],
        };
      });
  },
});

interface Use {
  readonly network: string;
  readonly at: number;
}

/** No single move from the one network to the other: somebody came back. */
function inTurns(one: Use, other: Use, uses: readonly Use[]): boolean {
  const times = (network: string): number[] => uses.filter((use) => use.network === network).map(({ at }) => at);
  const [a, b] = [times(one.network), times(other.network)];
  return Math.max(...a) > Math.min(...b) && Math.max(...b) > Math.min(...a);
}
