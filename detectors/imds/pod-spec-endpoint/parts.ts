/** What of a container's spec may name an address. */
export interface Part {
  readonly field: string;
  /** As they stand in the spec. */
  readonly words: readonly string[];
  /** As they are read: a variable with its name. */
  readonly said?: readonly string[];
}

/** What the Pod Identity webhook sets in every pod of an associated service account (eks-auto-mode.md §3.3): also in
 * people's patches and in the answers that they get. Any other value under these names sends the pod's SDK elsewhere. */
const INJECTED: ReadonlySet<string> = new Set([
  "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://169.254.170.23/v1/credentials",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://[fd00:ec2::23]/v1/credentials",
  "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token",
  "AWS_STS_REGIONAL_ENDPOINTS=regional",
]);

/** The variable's name, where a part is one. */
export const variableIn = (field: string): string | undefined => /\.env\.(.*)$/s.exec(field)?.[1];

/** Undefined for what is harmless. */
export function partOf({ field, words }: Part): Part | undefined {
  const name = variableIn(field);
  if (name === undefined) return { field, words };
  const said = words.map((value) => `${name}=${value}`);
  // A list of hosts that a proxy is not asked for is no use of them.
  return said.every((word) => INJECTED.has(word)) || name.toLowerCase() === "no_proxy"
    ? undefined
    : { field, words, said };
}

/** What a container's parts make together only: Kubernetes puts variables into commands and into each other (`$(A)`),
 * and so does a shell (`$A`). */
export function togetherOf(parts: readonly Part[]): Part[] {
  const said = parts.flatMap((part) => part.said ?? part.words);
  const [first] = parts;
  if (first === undefined || parts.length < 2 || !said.some((word) => word.includes("$"))) return [];
  // Shorter values stand in any patch.
  const words = parts.flatMap((part) => part.words).filter((word) => word.length > 2);
  return [{ field: parts.find(({ field }) => variableIn(field) === undefined)?.field ?? first.field, words, said }];
}
