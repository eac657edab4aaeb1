/** Secrets that stand in requests: tokens, keys, passwords, signatures. Each pattern keeps what identifies the field. */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, "[private key]"],
  [/\beyJ[\w-]{5,}\.[\w-]{2,}(?:\.[\w-]*)?/g, "[token]"],
  [/\b(k8s-aws-v1\.)[\w-]{8,}/g, "$1[token]"],
  [/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, "$1 [redacted]"],
  [
    /\b(x-aws-ec2-metadata-token|x-amz-security-token|x-amz-signature|authorization|x-api-key|private-token)(["']?\s*[:=]\s*["']?)(?!bearer|basic)[^\s"'&]{4,}/gi,
    "$1$2[redacted]",
  ],
  [
    /\b(aws_secret_access_key|aws_session_token|secretaccesskey|sessiontoken|client_secret|password|passwd|pwd|secret|token)(["']?\s*[=:]\s*["']?)[^\s"'&;,}]{4,}/gi,
    "$1$2[redacted]",
  ],
  [/(--(?:password|token|secret|secret-key|api-key))(\s+)\S{4,}/gi, "$1$2[redacted]"],
  [/(\b[a-z][\w+.-]{0,20}:\/\/[^\s:/@]*:)[^\s@/]+(@)/gi, "$1[redacted]$2"],
];

/** Longest text that is searched for secrets; what lies beyond is cut off, never shown unsearched. */
const MAX_SEARCHED = 16_384;

/** The text without what would let a reader of the finding act as somebody else. Access key ids, JTIs and ARNs stay: they identify. */
export function redact(value: string): string {
  let out = cut(value, MAX_SEARCHED);
  for (const [pattern, replacement] of SECRETS) out = out.replace(pattern, replacement);
  return out;
}

const SECRET_KEYS = /^(?:token|secret|password|sessionToken|secretAccessKey|authorization|client_secret|private_key)$/i;

/** A copy of parsed JSON with secrets redacted, strings cut at `maxText` characters and lists at `maxItems`; depth bounded. */
export function redactJson(value: unknown, maxText = 1_024, maxItems = 50, depth = 12): unknown {
  if (typeof value === "string") return cut(redact(value), maxText);
  if (value === null || typeof value !== "object") return value;
  if (depth === 0) return "[nested]";
  if (Array.isArray(value)) {
    const kept = value.slice(0, maxItems).map((item) => redactJson(item, maxText, maxItems, depth - 1));
    return value.length > maxItems ? [...kept, `[${value.length - maxItems} more]`] : kept;
  }
  // Object.fromEntries defines own properties: a key `__proto__` of the log stays a key.
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, maxItems)
      .map(([key, item]) => [
        key,
        typeof item === "string" && SECRET_KEYS.test(key)
          ? "[redacted]"
          : redactJson(item, maxText, maxItems, depth - 1),
      ]),
  );
}

/** Cut at `max` UTF-16 units without splitting a surrogate pair, with a mark. */
export function cut(value: string, max: number): string {
  if (value.length <= max) return value;
  const end = max - 1;
  const code = value.charCodeAt(end - 1);
  return `${value.slice(0, code >= 0xd800 && code <= 0xdbff ? end - 1 : end)}…`;
}
