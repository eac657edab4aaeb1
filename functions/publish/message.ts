import type { Finding } from "../../schemas/findings/finding.ts";
import { cut } from "../../schemas/redact.ts";

/** A finding as people are told of it. Attributes are what subscriptions filter by (aws-plumbing.md §2.5): no more than ten, none empty. */
export interface Message {
  readonly id: string;
  readonly subject: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string | readonly string[]>>;
}

/** `text`: to be read in a mail. `chat`: for Amazon Q Developer in chat applications, one thread a finding. */
export type Format = "text" | "chat";

/** SNS takes less than a hundred characters, of which none may be a control character or outside of ASCII. */
const SUBJECT = 99;
const BODY_BYTES = 200 * 1_024;
const NEVER_EMPTY = "unknown";

const sentence = ({ severity, title }: Finding): string => `[${severity.toUpperCase()}] ${title}`;

export function messageOf(finding: Finding, format: Format): Message {
  const { id, detector, severity, cluster, account, outcome, synthetic, attack } = finding;
  const tactics = [...new Set(attack.techniques.map(({ tactic }) => tactic))];
  const subject = sentence(finding)
    .replace(/[^\x20-\x7e]+/g, "?")
    .slice(0, SUBJECT);
  const body = format === "chat" ? JSON.stringify(chatOf(finding)) : textOf(finding);
  return {
    id,
    subject,
    body,
    attributes: {
      severity,
      detector,
      tactic: tactics.length > 0 ? tactics : [NEVER_EMPTY],
      cluster: cluster || NEVER_EMPTY,
      account: account || NEVER_EMPTY,
      outcome,
      sample: String(synthetic),
    },
  };
}

function textOf(finding: Finding): string {
  const { actor, actingAs, action, target, sourceIP, story = [], evidence, reasons, queries, attack } = finding;
  const lines: readonly (readonly [string, string | undefined])[] = [
    ["Who", [actor.name, actor.session, actor.accessKeyId].filter(Boolean).join(", ")],
    ["Acting as", actingAs?.name],
    ["What", [action.verb, action.resource, action.argv?.join(" ")].filter(Boolean).join(" ")],
    ["On", target],
    ["From", sourceIP],
    ["Outcome", finding.outcome],
    ["Where", `cluster ${finding.cluster}, account ${finding.account}, ${finding.region}`],
    [
      "When",
      finding.firstSeen === finding.lastSeen ? finding.firstSeen : `${finding.firstSeen} to ${finding.lastSeen}`,
    ],
    ["Events", finding.eventsTotal],
    ["ATT&CK", attack.techniques.map(({ technique, techniqueName }) => `${technique} ${techniqueName}`).join(", ")],
    ["Finding", `${finding.id} (${finding.detector})`],
    ["Config", finding.config],
  ];
  const listed = (title: string, all: readonly string[]): string[] =>
    all.length === 0 ? [] : ["", title, ...all.map((line) => `  ${oneLine(line)}`)];
  return cutBytes(
    [
      oneLine(sentence(finding)),
      "",
      ...lines.filter(([, value]) => value).map(([name, value]) => `${`${name}:`.padEnd(11)}${oneLine(value)}`),
      ...listed(
        "What is known",
        story.map(({ at, about, text }) => `${at ?? ""} ${about} ${text}`.trim()),
      ),
      ...listed(
        "Evidence",
        evidence.map(({ field, value }) => `${field} = ${value}`),
      ),
      ...listed("Reasons", reasons),
      ...listed("First step", finding.firstStep === "" ? [] : [finding.firstStep]),
      ...listed(
        "Queries",
        queries.map(({ title, text }) => `${title}: ${text}`),
      ),
    ].join("\n"),
    BODY_BYTES,
  );
}

/** What an attacker names must not look like another line of ours, nor reach a terminal. */
const oneLine = (value = ""): string => value.toWellFormed().replace(/[\p{Cc}\u2028\u2029]+/gu, " ");

/** A custom notification (aws-plumbing.md §2.5). */
function chatOf(finding: Finding) {
  const { id, detector, severity, cluster, account, region, firstStep, actor, action, target, sourceIP } = finding;
  return {
    version: "1.0",
    source: "custom",
    id,
    content: {
      textType: "client-markdown",
      title: cut(sentence(finding), 250),
      description: cut(
        [
          `*Who* ${actor.name}`,
          `*What* ${action.verb} ${action.resource} on ${target}`,
          ...(sourceIP === undefined ? [] : [`*From* ${sourceIP}`]),
          `*Where* ${cluster}, account ${account}, ${region}`,
          finding.description,
        ].join("\n"),
        8_000,
      ),
      ...(firstStep !== "" && { nextSteps: [cut(firstStep, 256)] }),
      keywords: [severity, detector.split("/")[0] ?? detector],
    },
    metadata: {
      threadId: id,
      summary: cut(finding.title, 250),
      eventType: detector,
      relatedResources: [cut(target || NEVER_EMPTY, 250)],
      additionalContext: {
        ...{ severity, outcome: finding.outcome },
        ...{ cluster: cluster || NEVER_EMPTY, account: account || NEVER_EMPTY },
      },
    },
  };
}

/** Without half a character at its end. */
function cutBytes(text: string, bytes: number): string {
  const all = Buffer.from(text);
  return all.length <= bytes
    ? text
    : `${all
        .subarray(0, bytes)
        .toString("utf8")
        .replace(/\uFFFD+$/, "")}\n...`;
}
