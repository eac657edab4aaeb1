import Type from "typebox";
import { withoutLast } from "../../core/epoch.ts";
import { mintsFor, type TokenMinters, tokenMinters } from "../../core/token-minters.ts";
import { defineSettledDetector } from "../../ledger/contracts.ts";

const MINUTE_MS = 60_000;

/** B-20: one identity, no node, that has tokens of many service accounts issued in a few minutes. Counted when they are in, as a busy minter has too many
 * tokens a day to match every three of them. */
export const detector = defineSettledDetector({
  meta: {
    id: "tokens/harvest",
    version: 1,
    title: "Tokens of many service accounts issued to one identity in minutes",
    description:
      "Whoever may create serviceaccounts/token can become any service account in reach. Minting for one account happens; minting for several within minutes is somebody collecting them, unless it is a secret store.",
    severity: "high",
    confidence: "medium",
    status: "stable",
    attack: [
      { tactic: "TA0006", technique: "T1528" },
      { tactic: "TA0008", technique: "T1550.001" },
    ],
    reads: [
      "user.username",
      "objectRef",
      "requestObject.spec",
      "annotations.authentication.kubernetes.io/issued-credential-id",
    ],
    auditLevel: { needs: "Metadata", better: "Request" },
    references: [
      "https://kubernetes.io/docs/concepts/security/rbac-good-practices/#token-request",
      "https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/",
    ],
    gaps: [
      "A harvest across midnight UTC is seen when either day has enough of it.",
      "Refused requests issue nothing and are not counted: pod-identity/token-request tells of them.",
      "At level Metadata audiences are unknown, so that a listed minter is judged like any other.",
    ],
    triage: [
      {
        do: "Ask the identity's owner what the tokens were for. See what else it did, and from where.",
        audit:
          'fields requestReceivedTimestamp, verb, requestURI, responseStatus.code, sourceIPs.0, userAgent | filter user.username = "{actor.name}" | sort requestReceivedTimestamp asc',
      },
      {
        do: "List the tokens, then look for each id (JTI) in use.",
        audit:
          'fields requestReceivedTimestamp, objectRef.namespace, objectRef.name, @message | filter user.username = "{actor.name}" and objectRef.subresource = "token" and responseStatus.code = 201 | sort requestReceivedTimestamp asc',
      },
      {
        do: "A token that is bound to no pod ends only with its time or its service account. Take the right to mint away first.",
        cli: "kubectl auth can-i create serviceaccounts/token --all-namespaces --as '{actor.name}'",
      },
    ],
  },
  watch: "mintHour",
  anchor: "minted",
  settleMs: 2 * MINUTE_MS,
  params: Type.Object({
    accounts: Type.Integer({ minimum: 2, default: 3, description: "Service accounts from which on it is a harvest." }),
    windowMinutes: Type.Integer({ minimum: 1, maximum: 30, default: 10, description: "Within how many minutes." }),
    minters: tokenMinters,
  }),
  detect(hour, { params: { accounts, windowMinutes, minters } }) {
    const name = withoutLast(hour.id);
    const counted = hour.all("minted").filter((mint) => !byDesign(name, mint, minters));
    const windows = dense(counted, accounts, windowMinutes * MINUTE_MS);
    // All of its window: those before it were not so many when their time had come.
    const beside = (due: Mint): typeof counted => [
      ...new Set(windows.filter((window) => window.some((mint) => same(mint, due))).flat()),
    ];
    return (due) =>
      beside(due).map((mint) => ({
        of: { kind: "principal", id: `${name}/${mint.time.slice(0, 10)}` },
        sentence: `${name} had tokens of ${accounts} or more service accounts issued within ${windowMinutes} minutes`,
        on: "harvest",
        at: mint.time,
        actor: { kind: name.startsWith(SERVICE_ACCOUNT) ? "service-account" : "human", name, groups: [] },
        action: "create serviceaccounts/token",
        target: mint.account,
        scope: { cluster: mint.cluster },
        evidence: [{ field: "principal.minted", value: `${mint.time} ${mint.account}`, event: mint.source }],
        reasons: [`a token of ${mint.account}${mint.audiences === "" ? "" : ` for ${mint.audiences}`}`],
      }));
  },
});

const SERVICE_ACCOUNT = "system:serviceaccount:";

interface Mint {
  readonly time: string;
  readonly cluster: string;
  readonly account: string;
  readonly audiences: string;
  readonly bound: string;
}

const same = (one: Mint, other: Mint): boolean =>
  one.time === other.time &&
  one.cluster === other.cluster &&
  one.account === other.account &&
  one.audiences === other.audiences &&
  one.bound === other.bound;

/** Windows of mints, sorted by time, with so many service accounts. */
function dense<M extends Mint>(mints: readonly M[], accounts: number, windowMs: number): readonly (readonly M[])[] {
  const times = mints.map(({ time }) => Date.parse(time));
  const windows: M[][] = [];
  let end = 0;
  for (const [start, time] of times.entries()) {
    while (end < times.length && (times[end] ?? 0) - time <= windowMs) end += 1;
    const within = mints.slice(start, end);
    if (new Set(within.map(({ cluster, account }) => `${cluster} ${account}`)).size < accounts) continue;
    windows.push(within);
  }
  return windows;
}

/** A secret store issuing what it is listed for. */
function byDesign(name: string, { audiences, bound }: Mint, minters: TokenMinters): boolean {
  const entries = minters.filter(
    ({ serviceAccount }) => name === `${SERVICE_ACCOUNT}${serviceAccount.replace("/", ":")}`,
  );
  return (
    audiences !== "" &&
    audiences.split(" ").every((audience) => entries.some((entry) => mintsFor(entry, audience, bound === "Pod")))
  );
}
