/** `imds` is the EC2 instance metadata service, which hands out the node role; `pod-identity-agent` hands out the
 * roles of pods. */
export type Endpoint = "imds" | "pod-identity-agent";

export type Confidence = "high" | "medium" | "low";

/** How the words spell what they mention: `address` as anybody would write it, `number` in another base or with fewer
 * parts, `name` a host or header name, `path` on the server or in the file system, `variable` in the environment,
 * `encoded` visible only after decoding, `assembled` only after the shell (or a language) has put it together. */
export type How = "address" | "number" | "name" | "path" | "encoded" | "assembled" | "variable";

export interface Mention {
  readonly endpoint: Endpoint;
  readonly how: How;
  /** The spelling found, at most 200 characters; for `encoded` and `assembled` the one that came out. */
  readonly word: string;
  readonly confidence: Confidence;
}

const WEAKER = { high: "medium", medium: "low", low: "low" } as const;

/** One step less sure: what a rewriting of the words shows need not be what the shell would have made of them. */
export const weaker = (confidence: Confidence): Confidence => WEAKER[confidence];

const RANK = { high: 0, medium: 1, low: 2 } as const;

/** Orders the surer first. */
export const bySureness = (a: Confidence, b: Confidence): number => RANK[a] - RANK[b];

/** Longest spelling that is reported. */
const MAX_WORD_CHARS = 200;

export const cutWord = (word: string): string => word.slice(0, MAX_WORD_CHARS);
