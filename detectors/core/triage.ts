import type { Finding } from "../../schemas/findings/finding.ts";
import type { TriageStep } from "./contracts.ts";

/** What a step's queries may refer to, and where it stands in the finding. */
const values = {
  "actor.name": (f: Draft) => f.actor.name,
  "actor.arn": (f: Draft) => f.actor.arn ?? f.actor.name,
  "actor.key": (f: Draft) => f.actor.accessKeyId ?? "",
  "actor.session": (f: Draft) => f.actor.session ?? f.actor.name,
  "actor.role": (f: Draft) => (f.actor.role ?? f.actor.name).replace(/^.*\//, ""),
  "actor.instance": (f: Draft) => f.actor.instanceId ?? "",
  "actor.credential": (f: Draft) => f.actor.credentialId ?? "",
  "actingAs.name": (f: Draft) => f.actingAs?.name ?? "",
  "source.ip": (f: Draft) => f.sourceIP ?? "",
  target: (f: Draft) => f.target,
  "target.namespace": (f: Draft) => f.targetParts.namespace,
  "target.name": (f: Draft) => f.targetParts.name,
  /** As kubectl takes it: `deployments.apps`. */
  "target.resource": (f: Draft) => f.targetParts.resource,
  cluster: (f: Draft) => f.cluster,
  region: (f: Draft) => f.region,
  account: (f: Draft) => f.account,
  event: (f: Draft) => f.events[0] ?? "",
  uri: (f: Draft) => f.action.uri ?? "",
} as const;

export type Placeholder = keyof typeof values;
export const placeholders: readonly string[] = Object.keys(values);

type Draft = Pick<
  Finding,
  "actor" | "actingAs" | "sourceIP" | "target" | "cluster" | "region" | "account" | "events" | "action"
> & {
  readonly targetParts: { readonly resource: string; readonly namespace: string; readonly name: string };
};

const PLACEHOLDER = /\{([a-zA-Z.]+)\}/g;

/** Logs Insights string literal: backslash and quote escaped, control characters dropped. */
const insights = (value: string): string => value.replace(/\p{Cc}/gu, " ").replace(/["\\]/g, "\\$&");

/** Inside single quotes of a POSIX shell. Nothing is named with a dash before it: it would be an option of the command (`--server=…`). */
const shell = (value: string): string =>
  value
    .replace(/\p{Cc}/gu, " ")
    .replace(/^\s*-/, "?-")
    .replaceAll("'", "'\\''");

function fill(template: string, draft: Draft, quote: (value: string) => string): string {
  return template.replace(PLACEHOLDER, (whole, name: string) =>
    Object.hasOwn(values, name) ? quote(values[name as Placeholder](draft)) : whole,
  );
}

/** The queries of a finding, ready to paste. Values stand between double quotes in Logs Insights and between single quotes in a shell:
 * a template must quote its placeholders so, and the contract test checks that it does. */
export function queriesOf(steps: readonly TriageStep[], draft: Draft): Finding["queries"] {
  return steps.flatMap((step) => [
    ...(step.audit
      ? [{ title: step.do, language: "logs-insights" as const, text: fill(step.audit, draft, insights) }]
      : []),
    ...(step.cloudtrail
      ? [{ title: step.do, language: "logs-insights" as const, text: fill(step.cloudtrail, draft, insights) }]
      : []),
    ...(step.cli ? [{ title: step.do, language: "cli" as const, text: fill(step.cli, draft, shell) }] : []),
  ]);
}
