import Type, { type Static } from "typebox";
import { Strict } from "../maybe.ts";

export const severities = ["informational", "low", "medium", "high", "critical"] as const;
export type Severity = (typeof severities)[number];
export const severityRank = (severity: Severity): number => severities.indexOf(severity);

const Text = Type.String();
const Severity = Type.Enum([...severities]);
const Confidence = Type.Enum(["low", "medium", "high"]);

const FindingActor = Strict({
  kind: Text,
  name: Text,
  groups: Type.Array(Text),
  arn: Type.Optional(Text),
  role: Type.Optional(Text),
  session: Type.Optional(Text),
  principalId: Type.Optional(Text),
  accessKeyId: Type.Optional(Text),
  account: Type.Optional(Text),
  instanceId: Type.Optional(Text),
  serviceAccount: Type.Optional(Text),
  pod: Type.Optional(Text),
  credentialId: Type.Optional(Text),
});

/** A finding: one thing that somebody did to something, however many events tell of it. Times are ISO 8601 UTC with milliseconds. */
export const Finding = Strict({
  id: Type.String({ description: "Stable: the same for every replay, order and redelivery of the same events." }),
  detector: Text,
  version: Type.Integer({ minimum: 1 }),
  family: Text,
  config: Type.Optional(Type.String({ description: "Version of the configuration that stood when it was found." })),
  status: Type.Enum(["shadow", "stable", "deprecated"]),
  severity: Severity,
  confidence: Confidence,
  outcome: Type.Enum(["attempt", "started", "success", "unknown"], {
    description:
      "`started`: the server switched protocols (101), which proves nothing; `unknown`: the record was cut before its answer.",
  }),
  title: Type.String({ maxLength: 256 }),
  description: Text,
  account: Text,
  region: Text,
  cluster: Text,
  subject: Type.String({ description: "Who and on what; part of the id." }),
  actor: FindingActor,
  actingAs: Type.Optional(FindingActor),
  action: Strict({
    trail: Type.Enum(["k8s-audit", "cloudtrail", "ledger", "health"]),
    verb: Type.String({ description: "Verb of the Kubernetes API, or service:Action of AWS." }),
    resource: Text,
    code: Type.Optional(Type.Number()),
    errorCode: Type.Optional(Text),
    uri: Type.Optional(Text),
    argv: Type.Optional(Type.Array(Text)),
    dryRun: Type.Boolean(),
  }),
  target: Text,
  sourceIP: Type.Optional(Text),
  forwardedFor: Type.Array(Text),
  userAgent: Text,
  reasons: Type.Array(Text),
  related: Type.Array(Type.String({ description: "Ids of findings of other families on the same request." })),
  notExempted: Type.Array(Type.String({ description: "Exclusions that nearly applied, and why they did not." })),
  firstSeen: Text,
  lastSeen: Text,
  count: Type.Integer({ minimum: 1, maximum: 200, description: "Distinct events, exact to 200." }),
  attack: Strict({
    version: Text,
    techniques: Type.Array(Strict({ tactic: Text, tacticName: Text, technique: Text, techniqueName: Text })),
  }),
  evidence: Type.Array(Strict({ field: Text, value: Text, event: Text })),
  events: Type.Array(Type.String({ description: "auditID or eventID, as logged." }), { maxItems: 200 }),
  eventsTotal: Type.String({ description: "The number of distinct events, `200+` above 200." }),
  firstStep: Text,
  queries: Type.Array(Strict({ title: Text, language: Type.Enum(["logs-insights", "cli"]), text: Text })),
  raw: Type.Array(Type.Unknown(), { maxItems: 1, description: "The event that the finding quotes, redacted and cut." }),
  entity: Type.Optional(Strict({ kind: Text, id: Text })),
  story: Type.Optional(
    Type.Array(Strict({ at: Type.Optional(Text), about: Text, text: Text, event: Text }), {
      description:
        "What the ledger knows of the entity and of those it is linked to; each sentence with the event that told it.",
    }),
  ),
  synthetic: Type.Boolean({ description: "The event says of itself that it was made up." }),
  truncated: Type.Boolean({
    description: "An event was cut by the API server or by the log; what is missing may matter.",
  }),
});
export type Finding = Static<typeof Finding>;
export type FindingActor = Static<typeof FindingActor>;
