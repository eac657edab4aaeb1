import type { Draft } from "../../detectors/core/compose.ts";
import type { DetectorMeta } from "../../detectors/core/contracts.ts";
import { hashOf } from "../../detectors/core/hash.ts";
import { queriesOf } from "../../detectors/core/triage.ts";
import { attackVersion } from "../../schemas/attack.ts";
import { UNKNOWN } from "../../schemas/events/event.ts";
import { cut, redact } from "../../schemas/redact.ts";
import type { Overflowed } from "../ledger/overflows.ts";

type HealthMeta = Pick<DetectorMeta, "id" | "title" | "description" | "severity" | "triage">;

/** What may be wrong with the pipeline itself, beside a detector that threw. */
export const conditions = {
  configuration: {
    id: "health/configuration",
    title: "The configuration cannot be used",
    description:
      "The object that holds the configuration is not valid, or cannot be read. The last good one stays in force, or the defaults when there was none.",
    severity: "medium",
    triage: [
      { do: "Mend the object and put it again: it is read every minute." },
      { do: "Try it on a laptop first: crosstrail replay --config FILE." },
    ],
  },
  suppressionExpired: {
    id: "health/suppression-expired",
    title: "A suppression has expired",
    description: "What it hid is reported again.",
    severity: "low",
    triage: [{ do: "Take the rule out of the configuration, or have its owner renew it with a reason." }],
  },
  quarantined: {
    id: "health/quarantined",
    title: "Records could not be judged and were kept aside",
    description:
      "Records of the stream could not be read, or a fault of this program kept them from being judged. They wait in the quarantine bucket, whole.",
    severity: "medium",
    triage: [
      { do: "Look at the reasons that stand in the kept objects." },
      { do: "When the cause is mended, put them on the stream again: crosstrail redrive --bucket BUCKET." },
    ],
  },
  ledgerOverflow: {
    id: "health/ledger-overflow",
    title: "The ledger was told of more than it keeps",
    description:
      "More was told of one thing in the ledger than it keeps: the rest is left out, and verdicts that rest on it may be missing. Nothing of an ordinary day fills such a set. Somebody floods the trails, or the cluster is larger than what crosstrail was made for.",
    severity: "medium",
    triage: [
      {
        do: "See who told so much: the evidence names the set and the entity, whose id holds the key, node, role or pod.",
      },
      { do: "Until the day is over, look into the trails themselves for what else that identity did." },
    ],
  },
  refused: {
    id: "health/refused",
    title: "A finding was refused by its sink",
    description:
      "Security Hub or the topic does not take this finding. It is kept, and its message waits among the dead letters.",
    severity: "medium",
    triage: [
      { do: "Read the reason in the dead letter, and the finding in the table." },
      { do: "Report it with the redacted finding: a finding must never be refused for its form." },
    ],
  },
} as const satisfies Readonly<Record<string, HealthMeta>>;

export interface Condition {
  /** What is wrong, as a sentence. */
  readonly sentence: string;
  /** Of which thing: one finding each. */
  readonly on: string;
  /** ms; of one that lasts, one finding a UTC day. */
  readonly at: number;
  readonly account?: string;
  readonly region?: string;
  readonly evidence?: readonly { readonly field: string; readonly value: string }[];
}

/** A finding about the pipeline itself. */
export function healthDraft(
  meta: HealthMeta,
  { sentence, on, at, account = UNKNOWN, region = UNKNOWN, evidence = [] }: Condition,
): Draft {
  const seen = new Date(at).toISOString();
  const day = seen.slice(0, 10);
  const scope = { account, region, cluster: UNKNOWN };
  const actor = { kind: "unknown", name: "crosstrail", groups: [] };
  const action = { trail: "health" as const, verb: "run", resource: "pipeline", dryRun: false };
  const target = cut(redact(on), 512);
  const event = `${meta.id} ${day}`;
  return {
    finding: {
      id: `ct-${hashOf(meta.id, account, region, on, day)}`,
      detector: meta.id,
      version: 1,
      family: "health",
      status: "stable",
      severity: meta.severity,
      confidence: "high",
      outcome: "success",
      title: cut(redact(sentence), 256),
      description: meta.description,
      subject: `pipeline ${target}`,
      ...{ actor, action, target, ...scope },
      forwardedFor: [],
      userAgent: "",
      reasons: [],
      related: [],
      notExempted: [],
      firstSeen: seen,
      lastSeen: seen,
      count: 1,
      attack: { version: attackVersion, techniques: [] },
      evidence: evidence.slice(0, 20).map(({ field, value }) => ({ field, value: cut(redact(value), 1_024), event })),
      events: [event],
      eventsTotal: "1",
      firstStep: meta.triage[0]?.do ?? "",
      queries: queriesOf(meta.triage, {
        ...{ actor, action, target, ...scope, events: [event] },
        targetParts: { resource: "pipeline", namespace: "", name: target },
      }),
      raw: [],
      synthetic: false,
      truncated: false,
    },
    // The condition counts, not how often it was met.
    events: new Map([[hashOf(event), event]]),
    overflow: false,
    lead: `${day}\n${hashOf(on)}\n0`,
  };
}

/** That the ledger was told of more than it keeps: one finding a set (`kind.attribute`) and UTC day. */
export const overflowHealth = (overflowed: readonly Overflowed[]): readonly Draft[] =>
  overflowed.map(({ kind, id, attribute, at }) =>
    healthDraft(conditions.ledgerOverflow, {
      sentence: `The ledger was told of more than it keeps of ${kind}.${attribute}, first of ${kind} ${id}`,
      on: `${kind}.${attribute}`,
      at: Date.parse(at) || 0,
      evidence: [{ field: `${kind}.${attribute}`, value: id }],
    }),
  );
