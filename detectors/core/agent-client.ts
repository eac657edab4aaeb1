/** Clients that a person runs; the agent is written in Go (eks-auto-mode.md §3.1). */
const CLI = /\b(?:aws-cli|boto3|botocore)\//i;

/** What exchanges a pod's token, by its own word: it can be forged and changes with the agent. It raises what something else has shown, and clears nothing. */
export function clientIn(userAgent: string, agent: boolean): "agent" | "cli" | "other" {
  if (CLI.test(userAgent)) return "cli";
  return agent ? "agent" : "other";
}

export const CLIENTS: Readonly<Record<string, readonly string[]>> = {
  agent: [],
  cli: ["a command line client or script, not the agent"],
  other: ["the user agent is not the agent's"],
};
