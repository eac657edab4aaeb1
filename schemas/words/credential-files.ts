import { considered } from "./considered.ts";
import { type CredentialSource, RULES } from "./credential-rules.ts";
import { bySureness, type Confidence, cutWord, weaker } from "./mention.ts";
import { globReaches, pathsResolved } from "./paths.ts";
import { rewritings } from "./rewritings.ts";

export interface CredentialRead {
  readonly what: CredentialSource;
  /** The spelling found, at most 200 characters. */
  readonly word: string;
  readonly confidence: Confidence;
}

/** How many different reads are told: the surest. */
const MAX_READS = 32;

/** Tokens, credential files and environments that an exec's argv reads (detections.md A53 and B-15), in the spellings
 * that `rewritings` sees through. The surest first. Meant for commands: the env and the mounts of a pod name such
 * paths on every ordinary day. Whether anything was read, and what a script of the container's own reads, the words
 * do not say. */
export function credentialReads(words: readonly string[]): readonly CredentialRead[] {
  const found = new Map<string, CredentialRead>();
  for (const { text, how } of rewritings(considered(words))) {
    const resolved = pathsResolved(text);
    for (const read of [...named(resolved), ...globbed(resolved)]) {
      const confidence = how === "plain" ? read.confidence : weaker(read.confidence);
      const key = `${read.what} ${read.word}`;
      const known = found.get(key);
      if (known === undefined || bySureness(confidence, known.confidence) < 0) found.set(key, { ...read, confidence });
    }
  }
  return [...found.values()].sort((a, b) => bySureness(a.confidence, b.confidence)).slice(0, MAX_READS);
}

function named(text: string): readonly CredentialRead[] {
  return RULES.flatMap(({ what, confidence, kind, pattern }) =>
    Array.from(text.matchAll(pattern), (match) => ({
      what,
      word: cutWord(kind === "path" ? pathAround(text, match.index, match.index + match[0].length) : match[0]),
      confidence,
    })),
  );
}

/** The whole path that a match is part of: `/proc/1/root/var/run/secrets/...` says more than its end. */
function pathAround(text: string, start: number, end: number): string {
  const before = /[^\s'"`;|&()<>=]*$/.exec(text.slice(Math.max(0, start - 80), start))?.[0] ?? "";
  const after = /^[^\s'"`;|&()<>=]*/.exec(text.slice(end, end + 80))?.[0] ?? "";
  return before + text.slice(start, end) + after;
}

const FILES: readonly (readonly [CredentialSource, string])[] = [
  ["service-account-token", "secrets/kubernetes.io/serviceaccount/token"],
  ["pod-identity-token", "secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token"],
  ["irsa-token", "secrets/eks.amazonaws.com/serviceaccount/token"],
  ["aws-credentials", ".aws/credentials"],
  ["kubelet-credentials", "var/lib/kubelet/pki/kubelet-client-current.pem"],
  ["kubelet-credentials", "var/lib/kubelet/kubeconfig"],
  ["system-secrets", "etc/shadow"],
];

/** Files that a path with wildcards can mean. */
function globbed(text: string): readonly CredentialRead[] {
  return text
    .split(/[\s'"`;|&()<>=]+/)
    .filter((token) => token.length <= 300 && token.includes("/") && /[*?[]/.test(token))
    .flatMap((token) =>
      FILES.filter(([, file]) => globReaches(token, file)).map(
        ([what]): CredentialRead => ({ what, word: cutWord(token), confidence: "medium" }),
      ),
    );
}
