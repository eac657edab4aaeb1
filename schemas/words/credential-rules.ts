import type { Confidence } from "./mention.ts";

/** Whose secret it is: `kubelet-credentials` are those of the node, or of an administrator, towards the API server;
 * `process-environment` the variables of a process; `system-secrets` password hashes and private keys. */
export type CredentialSource =
  | "service-account-token"
  | "pod-identity-token"
  | "irsa-token"
  | "aws-credentials"
  | "kubelet-credentials"
  | "process-environment"
  | "system-secrets";

interface Rule {
  readonly what: CredentialSource;
  readonly confidence: Confidence;
  /** A `path` is told whole, `words` as they were matched. */
  readonly kind: "path" | "words";
  readonly pattern: RegExp;
}

const path = (what: CredentialSource, confidence: Confidence, pattern: RegExp): Rule => ({
  what,
  confidence,
  kind: "path",
  pattern,
});

const spoken = (what: CredentialSource, confidence: Confidence, pattern: RegExp): Rule => ({
  what,
  confidence,
  kind: "words",
  pattern,
});

/** What is read (detections.md A53, B-15; eks-auto-mode.md §3.3). Paths are resolved first and not anchored at the
 * root: the files of another container are under /proc/PID/root, those of the node under whatever its file system is
 * mounted at. Every repetition is bounded or cannot match in two ways. */
export const RULES: readonly Rule[] = [
  path("pod-identity-token", "high", /secrets\/pods\.eks\.amazonaws\.com/g),
  path("pod-identity-token", "high", /eks-pod-identity-token/g),
  spoken("pod-identity-token", "medium", /AWS_CONTAINER_AUTHORIZATION_TOKEN(?:_FILE)?(?![A-Z_])/g),

  path("irsa-token", "high", /secrets\/eks\.amazonaws\.com/g),
  path("irsa-token", "high", /kubernetes\.io~projected\/aws-iam-token/g),
  spoken("irsa-token", "medium", /AWS_WEB_IDENTITY_TOKEN_FILE/g),

  // Beside the token lie ca.crt and namespace, which are no secrets; `..data` is the link that the kubelet swaps.
  path(
    "service-account-token",
    "high",
    /secrets\/kubernetes\.io\/serviceaccount\/(?:\.\.\w{1,40}\/)?(?:token|\w{0,40}[*?[])/g,
  ),
  path(
    "service-account-token",
    "high",
    /kubernetes\.io~projected\/kube-api-access-[^/\s]{1,40}\/(?:\.\.\w{1,40}\/)?(?:token|[*?[])/g,
  ),
  path("service-account-token", "medium", /secrets\/kubernetes\.io(?:\/serviceaccount)?\/?(?:[*?[]|(?![\w./*?[-]))/g),
  path("service-account-token", "medium", /\/run\/secrets\/?(?:[*?[]|(?![\w./-]))/g),
  spoken("service-account-token", "low", /\bfind\s[^|;]{0,120}-i?name\s{1,4}["']?[\w*.-]{0,20}token/g),

  path("kubelet-credentials", "high", /\/var\/lib\/kubelet\/(?:pki(?![\w.-])|kubeconfig|bootstrap-kubeconfig)/g),
  path("kubelet-credentials", "high", /\/etc\/kubernetes\/(?:[\w.*?-]{1,60}\.conf(?!\w)|pki\/[\w.*?/-]{1,60}\.key)/g),
  path("kubelet-credentials", "high", /\.kube\/config(?![\w.-])/g),
  path("kubelet-credentials", "medium", /\/var\/lib\/kubelet\/?(?:[*?[]|(?![\w./-]))/g),
  path("kubelet-credentials", "medium", /\/etc\/kubernetes\/pki\/?(?:[*?[]|(?![\w./*?[-]))/g),
  path("kubelet-credentials", "low", /\/var\/lib\/kubelet\/pods(?![\w.-])/g),

  path("aws-credentials", "high", /\.aws\/(?:credentials|(?:sso|cli|login)\/cache)(?![\w.-])/g),
  spoken("aws-credentials", "high", /\bconfigure\s{1,4}export-credentials/g),
  path("aws-credentials", "medium", /\/\.aws\/?(?:[*?[]|config(?![\w.-])|(?![\w./*?[-]))/g),
  spoken("aws-credentials", "medium", /AWS_SHARED_CREDENTIALS_FILE/g),
  // Tells whose credentials are at hand without showing them: what a thief runs first, and what an engineer runs daily.
  spoken("aws-credentials", "low", /\bsts\s{1,4}(?:--[\w-]{1,40}[\s=]\S{1,80}\s{1,4}){0,4}get-caller-identity/g),

  path("process-environment", "high", /\/proc\/(?:[^/\s'"]{1,40}\/){1,4}env(?:iron(?!\w)|\w{0,3}[*?])/g),
  spoken(
    "process-environment",
    "medium",
    /(?:\$\{?|printenv\s{1,4}|(?:environ(?:\.get)?[[(]|getenv\(|ENV\[)["']|process\.env\.)AWS_(?:SECRET|SESSION)_\w/g,
  ),
  spoken(
    "process-environment",
    "low",
    /\b(?:env|printenv|set|export)\b[^|;&\n]{0,20}\|\s{0,4}(?:e?grep|awk|sed)\b[^|;&]{0,40}(?:AWS|TOKEN|SECRET|CRED)/gi,
  ),

  path("system-secrets", "high", /\/etc\/g?shadow-?(?![\w.-])/g),
  path("system-secrets", "high", /\.ssh\/id_[a-z0-9]{1,20}(?![\w.-])/g),
  path("system-secrets", "medium", /\/etc\/(?:ssh\/ssh_host_\w{1,20}_key(?![\w.-])|ssl\/private(?![\w.-]))/g),
  path("system-secrets", "low", /\/\.ssh\/?(?:[*?[]|(?![\w./*?[-]))/g),
  path("system-secrets", "low", /(?:privkey|private[\w-]{0,20}|-key)\.pem(?![\w.-])|tls\.key(?![\w.-])/g),
];
