import Type from "typebox";
import { parseArn, roleOf } from "../../../schemas/arn.ts";
import { UNKNOWN } from "../../../schemas/events/event.ts";
import { defineSettledDetector } from "../../ledger/contracts.ts";
import { GRACE_MS } from "../associations.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** What EKS asks for (eks-auto-mode.md §3.2, seen). */
const SECONDS = 21_600;
/** A role that is assumed by a role lasts an hour at most. */
const CHAINED_S = 3_600;

/** B-14: sessions that EKS opens for pods look as their associations say. */
export const detector = defineSettledDetector({
  meta: {
    id: "pod-identity/session-downgrade",
    version: 1,
    title: "AWS session of a pod without the tags or policy that its association asks for",
    description:
      "EKS tags the sessions of pods, limits them where an association carries a policy, and opens them for six hours, unless the association says otherwise. A session of this role came without its tags or its policy, or for another time, and no association that is known says so: it was changed out of sight, and what the session does cannot be traced to a pod.",
    severity: "low",
    confidence: "low",
    status: "stable",
    attack: [{ tactic: "TA0008", technique: "T1550.001" }],
    reads: [
      "requestParameters.tags",
      "requestParameters.policy",
      "requestParameters.durationSeconds",
      "responseElements.association",
    ],
    references: [
      "https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html",
      "https://docs.aws.amazon.com/eks/latest/APIReference/API_PodIdentityAssociation.html",
    ],
    gaps: [
      "A session without tags names no service account: it is judged by all associations of its role that are known.",
      "An association that is older than the ledger and has its tags off looks the same on its first session; it is reported once.",
      "Sessions of an hour or less are not judged where the role may be a target role, which lasts an hour at most.",
      "How a session policy looks in such a record was not seen.",
    ],
    triage: [
      {
        do: "See what the associations of the role say now, and when they were modified.",
        cli: "for cluster in $(aws eks list-clusters --query 'clusters[]' --output text); do aws eks list-pod-identity-associations --cluster-name \"$cluster\"; done",
      },
      {
        do: "Find the sessions, and with their keys what they did.",
        cloudtrail:
          'fields eventTime, requestParameters.roleSessionName, requestParameters.durationSeconds, responseElements.credentials.accessKeyId | filter eventName = "AssumeRole" and userIdentity.invokedBy = "pods.eks.amazonaws.com" and requestParameters.roleArn like "{target}" | sort eventTime asc',
      },
    ],
    syntheticShape: true,
  },
  watch: "roleWeek",
  anchor: "given",
  settleMs: HOUR_MS + 30 * MINUTE_MS,
  coldness: { warm: { trail: "cloudtrail", ms: DAY_MS } },
  rests: ["associated"],
  params: Type.Object({}),
  detect(role, { id }) {
    const week = id.slice(id.lastIndexOf("/") + 1);
    const arn = id.slice(0, id.lastIndexOf("/"));
    const given = role.all("given").map((told) => ({ ...told, ms: Date.parse(told.time) }));
    const associated = role.all("associated");
    return ({ source, ...session }) => {
      // What was told ahead, of the week before, is that week's to judge.
      if (session.time < week) return [];
      const ms = Date.parse(session.time);
      const found = oddities(session, associated, ms)
        // What was so a day before is how it is.
        .filter(({ same }) => !given.some((other) => other.ms <= ms - DAY_MS && same(other)));
      return found.map(({ what, on }) => ({
        sentence: `EKS opened a session of role ${roleOf(arn)?.name ?? arn} for a pod ${what}`,
        by: `role/${arn}`,
        on,
        at: session.time,
        actor: { kind: "pod" as const, name: "a pod", groups: [], role: arn },
        action: "sts:AssumeRole",
        target: roleOf(arn)?.name ?? arn,
        scope: { account: parseArn(arn)?.account ?? UNKNOWN },
        evidence: [
          {
            field: "role.given",
            value: `tags ${session.tags}, policy ${session.policy}, ${session.seconds} s in the hour of ${session.time}`,
            event: source,
          },
          ...associated.map((told) => ({
            field: "role.associated",
            value: `${told.as} of ${told.whose}, tags ${told.tags}, policy ${told.policy} at ${told.time}`,
            event: told.source,
          })),
        ],
        reasons: [what],
      }));
    };
  },
});

interface Session {
  readonly tags: string;
  readonly policy: string;
  readonly seconds: string;
}

interface Association {
  readonly time: string;
  readonly as: string;
  readonly tags: string;
  readonly policy: string;
}

interface Oddity {
  readonly what: string;
  readonly on: string;
  /** Another session that is odd in the same way. */
  readonly same: (other: Session) => boolean;
}

function oddities(session: Session, all: readonly Association[], ms: number): readonly Oddity[] {
  const known = all.filter(({ time }) => Date.parse(time) <= ms + HOUR_MS + GRACE_MS);
  const long = known.some(({ time }) => Date.parse(time) <= ms - GRACE_MS);
  const target = known.some(({ as }) => as === "target role");
  const says = (field: "tags" | "policy"): boolean =>
    long && !target && known.every((association) => association[field] === "on");
  const seconds = Number(session.seconds);
  // Of a target role nothing is known but that it is one.
  const chained = seconds <= CHAINED_S && (target || !long);
  const odd = session.seconds !== "" && seconds !== SECONDS && !chained;
  return [
    ...(session.tags === "off" && says("tags")
      ? [{ what: "without session tags", on: "tags", same: (other: Session) => other.tags === "off" }]
      : []),
    ...(session.policy === "off" && says("policy")
      ? [{ what: "without its session policy", on: "policy", same: (other: Session) => other.policy === "off" }]
      : []),
    ...(odd
      ? [
          {
            what: `for ${seconds} s instead of ${SECONDS}`,
            on: `${seconds} s`,
            same: (other: Session) => other.seconds === session.seconds,
          },
        ]
      : []),
  ];
}
