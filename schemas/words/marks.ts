import type { Mention } from "./mention.ts";
import { pathsResolved } from "./paths.ts";

/** What names an endpoint without an address. Compared as text, so a name that is put together at run time is seen
 * only as far as the rewritings of rewritings.ts go. No pattern can be matched in two ways, so each is linear. */
interface Mark extends Omit<Mention, "word"> {
  readonly pattern: RegExp;
}

const MARKS: readonly Mark[] = [
  {
    // /latest, and the dated versions that the service lists at /. No proof: a mirror of the service serves the same under
    // another address.
    endpoint: "imds",
    how: "path",
    confidence: "medium",
    pattern: /\/(?:latest|1\.0|20\d\d-\d\d-\d\d)\/(?:dynamic\/|(?:meta-data|user-data|api\/token)(?![\w-]))/gi,
  },
  {
    endpoint: "imds",
    how: "name",
    confidence: "medium",
    pattern: /x-aws-ec2-metadata-token(?:-ttl-seconds)?/gi,
  },
  {
    // Where the Pod Identity webhook mounts the token that the agent wants to see (eks-auto-mode.md §3.3). The domain
    // alone is an audience and a service principal and says nothing.
    endpoint: "pod-identity-agent",
    how: "path",
    confidence: "high",
    pattern: /(?:(?:\/var)?\/run\/)?secrets\/pods\.eks\.amazonaws\.com(?:\/[\w.-]{1,40}){0,2}|eks-pod-identity-token/gi,
  },
  {
    // A glob that the token's directory is the plain reading of.
    endpoint: "pod-identity-agent",
    how: "path",
    confidence: "medium",
    pattern: /secrets\/pods[\w.]{0,20}[*?[][^\s"'`;|&]{0,80}/gi,
  },
  {
    endpoint: "pod-identity-agent",
    how: "variable",
    confidence: "medium",
    pattern: /AWS_CONTAINER_(?:CREDENTIALS_FULL_URI|AUTHORIZATION_TOKEN(?:_FILE)?)(?![A-Z_])/g,
  },
];

/** Paths, headers and variables that belong to one of the endpoints. */
export function markMentions(text: string): readonly Mention[] {
  const resolved = pathsResolved(text);
  return MARKS.flatMap(({ endpoint, how, confidence, pattern }) =>
    Array.from(resolved.matchAll(pattern), ([word]) => ({ endpoint, how, word, confidence })),
  );
}

/** The agent's own path. Other services have a /v1/credentials too, so it counts only beside another mention of the
 * agent. */
export function agentPath(text: string): Mention | undefined {
  const word = /\/v1\/credentials(?![\w-])/i.exec(pathsResolved(text))?.[0];
  return word === undefined ? undefined : { endpoint: "pod-identity-agent", how: "path", word, confidence: "medium" };
}
