import { CrosstrailError } from "../../schemas/errors.ts";

/** What a deployment tells the functions, by environment variables. */
export const variables = {
  CROSSTRAIL_TABLE: "name of the DynamoDB table that holds the ledger and the findings",
  CROSSTRAIL_QUARANTINE_BUCKET: "name of the bucket for records that could not be judged",
  CROSSTRAIL_CONFIG_BUCKET: "name of the versioned bucket that holds the configuration",
  CROSSTRAIL_CONFIG_KEY: "key of the configuration in that bucket",
  CROSSTRAIL_HUB_URGENT_QUEUE: "URL of the queue of high and critical findings for Security Hub",
  CROSSTRAIL_HUB_QUEUE: "URL of the queue of all other findings for Security Hub",
  CROSSTRAIL_NOTIFY_QUEUE: "URL of the queue of findings that people are told of",
  CROSSTRAIL_DEAD_LETTER_QUEUE: "URL of the queue of findings that a sink has refused",
  CROSSTRAIL_TOPIC: "ARN of the SNS topic; needed with the queue of findings that people are told of",
  CROSSTRAIL_ACCOUNT: "id of the account that publishes to Security Hub; needed with a queue for it",
  CROSSTRAIL_HUB_ROLES:
    "ARNs of roles in other accounts, one of each, with commas: findings of those accounts are published there, and those of all others in CROSSTRAIL_ACCOUNT",
  CROSSTRAIL_NOTIFY_FORMAT:
    "how people are told: `text` (default, to be read in a mail) or `chat` (Amazon Q Developer in chat applications)",
  CROSSTRAIL_SHADOW:
    "`true`: all detectors are on trial, but those whose status the configuration names; findings are kept, and people are told of none but the pipeline's own",
  CROSSTRAIL_LOG_LEVEL: "of the functions' own log: `info` by default",
  AWS_REGION: "Region that the function runs in",
  AWS_LAMBDA_FUNCTION_NAME: "name of the function",
} as const;

export type Env = Readonly<Record<string, string | undefined>>;
export type Variable = keyof typeof variables;

/** A variable that may be missing or empty: what it stands for is switched off. */
export const optional = (name: Variable, env: Env): string | undefined => env[name] || undefined;

/** Whether something is switched on. Throws E_CONFIG for what is neither yes nor no: who misspells it must not find out by what he is told, or is not. */
export function isOn(name: Variable, env: Env): boolean {
  const value = optional(name, env) ?? "false";
  if (value === "true" || value === "false") return value === "true";
  throw new CrosstrailError("E_CONFIG", `${name} is neither "true" nor "false": "${value}"`, { cause: undefined });
}

/** The variables that a function asks for. Throws E_CONFIG naming all that are missing. */
export function readEnvironment<const V extends Variable>(names: readonly V[], env: Env): Readonly<Record<V, string>> {
  const missing = names.filter((name) => (env[name] ?? "") === "");
  if (missing.length > 0) {
    const what = missing.map((name) => `${name} (${variables[name]})`).join(", ");
    throw new CrosstrailError("E_CONFIG", `environment variables are missing: ${what}`, { cause: undefined });
  }
  return Object.fromEntries(names.map((name) => [name, env[name]])) as Record<V, string>;
}
