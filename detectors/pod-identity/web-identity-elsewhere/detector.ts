import Type from "typebox";
import { inRanges } from "../../../schemas/address.ts";
import { roleOf } from "../../../schemas/arn.ts";
import { UNKNOWN } from "../../../schemas/events/event.ts";
import type { Severity } from "../../../schemas/findings/finding.ts";
import { withoutLast } from "../../core/epoch.ts";
import { defineSettledDetector } from "../../ledger/contracts.ts";
import { REVOKE } from "../pod-keys.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** B-56: a service account's token is good anywhere. Its role works where the cluster's traffic leaves, and somebody opens or uses its session elsewhere. */
export const detector = defineSettledDetector({
  meta: {
    id: "pod-identity/web-identity-elsewhere",
    version: 1,
    title: "Role of a service account (IRSA) at work from a foreign address",
    description:
      "A session that STS gives for a service account's token (AssumeRoleWithWebIdentity) was opened or used from an address from which nothing else of the cluster comes, while its service accounts work from addresses that they share with each other and with pods. The token, or the key, has left its pod.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0006", technique: "T1528" },
      { tactic: "TA0008", technique: "T1550.001" },
      { tactic: "TA0004", technique: "T1078.004" },
    ],
    reads: [
      "userIdentity.identityProvider",
      "userIdentity.sessionContext.webIdFederationData.federatedProvider",
      "userIdentity.sessionContext.sessionIssuer.arn",
      "requestParameters.roleArn",
      "sourceIPAddress",
      "vpcEndpointId",
    ],
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html",
      "https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html",
    ],
    gaps: [
      "A thief within the VPC leaves by the same address. Calls through VPC endpoints are not judged.",
      "Silent while the cluster's own addresses are not known: two roles must share one, or site.egress name it.",
      "A thief with the roles of three service accounts vouches for himself.",
      "A record names the issuer of the token, and not the cluster.",
    ],
    triage: [
      {
        do: "See who else comes from that address, and since when. Several roles mean a new way out: declare it in site.egress.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, userIdentity.arn, userIdentity.userName, userAgent | filter sourceIPAddress = "{source.ip}" | sort eventTime asc',
      },
      {
        do: "See all that the role did, and from where.",
        cloudtrail:
          'fields eventTime, eventSource, eventName, errorCode, sourceIPAddress, userIdentity.accessKeyId | filter userIdentity.sessionContext.sessionIssuer.userName = "{actor.role}" | sort eventTime asc',
      },
      {
        do: "Revoke the role's sessions of before, and delete the pods of its service account: STS takes a token that was read in one of them for as long as it is good, a day at most. A role that must not be assumed from elsewhere needs a condition in its trust policy.",
        cli: REVOKE,
      },
    ],
  },
  watch: "outlet",
  anchor: "used",
  // After the first use in an hour: others that move to a new way out have come by then.
  settleMs: HOUR_MS / 2,
  coldness: { warm: { trail: "cloudtrail", ms: DAY_MS } },
  epochs: [
    { kind: "issuerDay", over: "issuer" },
    { kind: "outlet", over: "way", of: "issuerDay" },
  ],
  params: Type.Object({}),
  detect(outlet, { id, site, epochs }) {
    const roles = outlet.all("role");
    const issuers = epochs("issuerDay");
    const shared = new Set(
      epochs("outlet")
        .filter((other) => isShared(other.all("role")))
        .map((other) => other.id),
    );
    return (used) => {
      const others = roles.filter(({ role }) => role !== used.role);
      if (inRanges(used.ip, site.egress) || new Set(others.map(({ role }) => role)).size >= 2) return [];
      const ways = issuers
        .filter((issuer) => withoutLast(issuer.id) === used.issuer)
        .flatMap((issuer) => issuer.all("way"))
        .filter((way) => way.id !== id && (shared.has(way.id) || inRanges(withoutLast(way.id), site.egress)));
      if (ways.length === 0) return [];
      const here = roles.find(({ role }) => role === used.role)?.since ?? used.since;
      const usual = Date.parse(used.since) - Date.parse(here) >= DAY_MS / 2;
      const alone = others.length === 0;
      if (usual && !alone) return [];
      const { name = used.role } = roleOf(used.role) ?? {};
      const did =
        used.account === ""
          ? `A session of role ${name}, a service account's, was used`
          : `A token of service account ${used.account} opened a session of role ${name}`;
      return [
        {
          sentence: `${did} from ${used.ip}, from where ${alone ? "nothing" : "hardly anything"} else of its cluster comes`,
          // The address is what is wrong: who took several tokens is one thief.
          by: `outlet/${withoutLast(id)}`,
          on: "service accounts' roles",
          at: used.since,
          actor: { kind: "web-identity", name: used.account || name, groups: [], role: name },
          action: "sts:AssumeRoleWithWebIdentity",
          target: used.role,
          scope: { account: used.role.split(":")[4] || UNKNOWN, region: used.region || UNKNOWN },
          sourceIP: used.ip,
          ...worthOf(
            usual,
            alone,
            others.some(({ kind }) => kind === "web-identity"),
          ),
          evidence: [{ field: "outlet.used", value: `${used.role} ${used.since}`, event: used.source }],
          reasons: [
            `${used.issuer} works from ${[...new Set(ways.map((way) => withoutLast(way.id)))].slice(0, 4).join(", ")}`,
          ],
        },
      ];
    };
  },
});

/** Two roles come from there: it is a way out, and nobody's own address. */
const isShared = (roles: readonly { readonly role: string }[]): boolean =>
  new Set(roles.map(({ role }) => role)).size >= 2;

function worthOf(
  usual: boolean,
  alone: boolean,
  tokens: boolean,
): { severity: Severity; confidence: "medium" | "low" } {
  if (usual) return { severity: "low", confidence: "low" };
  if (alone) return { severity: "high", confidence: "medium" };
  // Another token may be in the same hands; the role of a pod hardly.
  return { severity: tokens ? "medium" : "low", confidence: "low" };
}
