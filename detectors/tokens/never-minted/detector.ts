import Type from "typebox";
import { defineSettledDetector } from "../../ledger/contracts.ts";

const MINUTE_MS = 60_000;

/** B-19: a token at work that nobody was seen to ask for. EKS ends every token after a day at the latest, so that a day of the audit log has
 * the birth of each that is still good; older ones that Kubernetes lets live on are marked as stale (audit-recorded.md 16). */
export const detector = defineSettledDetector({
  meta: {
    id: "tokens/never-minted",
    version: 1,
    title: "Service account token at work that no TokenRequest issued",
    description:
      "Every service account token has an id, and the audit log names it when the token is issued and when it is used. This one was used and never issued in sight: it was signed with a stolen signing key, or the log has a gap.",
    severity: "medium",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0006", technique: "T1528" },
      { tactic: "TA0008", technique: "T1550.001" },
    ],
    reads: [
      "user.extra.authentication.kubernetes.io/credential-id",
      "annotations.authentication.kubernetes.io/issued-credential-id",
      "annotations.authentication.k8s.io/stale-token",
    ],
    auditLevel: { needs: "Metadata" },
    references: [
      "https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/",
      "https://kubernetes.io/docs/reference/labels-annotations-taints/audit-annotations/",
    ],
    gaps: [
      "Silent until the audit log has been read for a day without a break that the ledger knows of.",
      "A token that the server marks as stale may have been issued long ago: pod-identity/stale-token tells of those.",
      "Legacy tokens in secrets have no id: pod-identity/legacy-token tells of those.",
    ],
    triage: [
      {
        do: "See what was done with the token, and from where.",
        audit:
          'fields requestReceivedTimestamp, user.username, verb, requestURI, responseStatus.code, sourceIPs.0, userAgent | filter @message like "{actor.credential}" | sort requestReceivedTimestamp asc',
      },
      {
        do: "See whether other tokens were issued in that time: none at all, or many findings at once, is a gap in the log.",
        audit: 'filter objectRef.subresource = "token" and responseStatus.code = 201 | stats count(*) by bin(10m)',
      },
      {
        do: "No gap: treat the cluster's signing key as stolen and ask AWS support to rotate it; meanwhile take away the account's rights.",
        cli: "kubectl auth can-i --list --as '{actor.name}'",
      },
    ],
  },
  watch: "token",
  anchor: "used",
  // After the first use in some hours.
  settleMs: 25 * MINUTE_MS,
  // A day, and the hour to which the beginning of the log is known.
  coldness: { warm: { trail: "k8s-audit", ms: 25 * 60 * MINUTE_MS } },
  params: Type.Object({}),
  detect(token) {
    if (token.all("minted").length > 0 || token.all("stale").length > 0) return undefined;
    const [account] = token.all("account");
    if (account === undefined) return undefined;
    const { cluster, namespace, serviceAccount } = account;
    return ({ since, ip, source }) => [
      {
        sentence: `A token of service account ${namespace}/${serviceAccount} was used from ${ip}, and nobody was seen to issue it`,
        on: "never issued",
        at: since,
        actor: {
          ...{ kind: "service-account", name: `system:serviceaccount:${namespace}:${serviceAccount}`, groups: [] },
          ...{ serviceAccount: `${namespace}/${serviceAccount}`, credentialId: token.id },
        },
        action: "use a token",
        target: `${namespace}/${serviceAccount}`,
        scope: { cluster },
        ...(ip !== "" && { sourceIP: ip }),
        evidence: [{ field: "token.used", value: `${since} from ${ip}`, event: source }],
      },
    ];
  },
});
