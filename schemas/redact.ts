import { detached } from "./detached.ts";
import { hideSecrets, namesSecret } from "./secrets.ts";

/** Longest text that is searched for secrets; what lies beyond is cut off, never shown unsearched. */
const MAX_SEARCHED = 16_384;
/** White space to the patterns, and in nobody's words. */
const BETWEEN = "\u2028";
const REDACTED = "[redacted]";
const QUERY = /\?[^\s"'<>]+/g;
/** A URI as the API server logs it, where quotes may stand as well. */
const URI = /^(\/[^\s?]*\?)(\S+)$/;
const ENCODED = /[^\s"'?&=<>]*%[0-9a-f]{2}[^\s"'?&=<>]*/gi;
/** What stands for a secret is for people, and stays readable where everything else is encoded. */
const MARK = /%5B(redacted|token|private%20key)%5D/g;

/** The text without what would let a reader of the finding act as somebody else, also where it is encoded in a URI. Access key ids, JTIs and ARNs
 * stay: they identify. */
export function redact(value: string): string {
  const text = hideSecrets(cut(value, MAX_SEARCHED));
  const [, path, parameters] = URI.exec(text) ?? [];
  const asked =
    path !== undefined && parameters !== undefined
      ? path + redactQuery(parameters)
      : text.replace(QUERY, (query) => `?${redactQuery(query.slice(1))}`);
  return asked.includes("%") ? asked.replace(ENCODED, redactEncoded) : asked;
}

/** The words of a command, redacted one by one and together: a flag may tell that the next word is a secret. */
export const redactWords = (words: readonly string[]): readonly string[] => hideInWords(words).map(redact);

function hideInWords(words: readonly string[]): readonly string[] {
  const together = words.join(BETWEEN);
  const hidden = together.length > MAX_SEARCHED ? [] : hideSecrets(together).split(BETWEEN);
  // Too long, or a secret went over several words.
  return hidden.length === words.length
    ? hidden
    : words.map((word, index) =>
        namesSecret(words[index - 1] ?? "") ? REDACTED : hideSecrets(cut(word, MAX_SEARCHED)),
      );
}

/** The parameters of a URI, which are the words of a command in an exec. */
function redactQuery(query: string): string {
  const parameters = query.split("&").map((text) => {
    const name = text.replace(/=.*$/s, "");
    return { text, name, value: decode(text.slice(name.length + 1)) };
  });
  const hidden = hideInWords(parameters.map(({ value }) => value));
  return parameters
    .map(({ text, name, value }, index) => {
      if (value !== "" && namesSecret(name)) return `${name}=${REDACTED}`;
      return hidden[index] === value ? text : `${name}=${encode(hidden[index] ?? "")}`;
    })
    .join("&");
}

function redactEncoded(run: string): string {
  const decoded = decode(run);
  const hidden = hideSecrets(decoded);
  return hidden === decoded ? run : encode(hidden);
}

/** Never throws, as `decodeURIComponent` does on what is no encoding. */
const decode = (text: string): string => new URLSearchParams(`x=${text.replaceAll("&", "%26")}`).get("x") ?? "";
const encode = (text: string): string =>
  encodeURIComponent(text.toWellFormed()).replace(MARK, (_, mark: string) => `[${decodeURIComponent(mark)}]`);

/** A copy of parsed JSON with secrets redacted, strings cut at `maxText` characters and lists at `maxItems`; depth bounded. */
export function redactJson(value: unknown, maxText = 1_024, maxItems = 50, depth = 12): unknown {
  if (typeof value === "string") return cut(redact(value), maxText);
  if (value === null || typeof value !== "object") return value;
  if (depth === 0) return "[nested]";
  if (Array.isArray(value)) {
    const first: readonly unknown[] = value.slice(0, maxItems);
    const kept = first.every((item) => typeof item === "string")
      ? redactWords(first).map((word) => cut(word, maxText))
      : first.map((item) => redactJson(item, maxText, maxItems, depth - 1));
    return value.length > maxItems ? [...kept, `[${value.length - maxItems} more]`] : kept;
  }
  const about = nameIn(value);
  // Object.fromEntries defines own properties: a key `__proto__` of the log stays a key.
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, maxItems)
      .map(([key, item]) => [
        cut(key, maxText),
        typeof item === "string" && namesSecret(/^value$/i.test(key) ? about : key)
          ? REDACTED
          : redactJson(item, maxText, maxItems, depth - 1),
      ]),
  );
}

/** Findings are kept by the thousands, and a record may have megabytes. */
const MAX_QUOTED = 65_536;
const BRIEFER = [
  { maxText: 1_024, maxItems: 50, depth: 12 },
  { maxText: 256, maxItems: 20, depth: 8 },
  { maxText: 64, maxItems: 8, depth: 3 },
] as const;

/** The record that a finding quotes, as briefly as it has to be. */
export function redactRecord(record: unknown): unknown {
  let quoted: unknown;
  for (const { maxText, maxItems, depth } of BRIEFER) {
    quoted = redactJson(record, maxText, maxItems, depth);
    if (JSON.stringify(quoted).length <= MAX_QUOTED) break;
  }
  return quoted;
}

/** What a `value` is the value of, in a list of variables, headers or tags. */
function nameIn(value: object): string {
  const found = Object.entries(value).find(([key, name]) => /^(?:name|key)$/i.test(key) && typeof name === "string");
  return found === undefined ? "" : String(found[1]);
}

/** Cut at `max` UTF-16 units without splitting a surrogate pair, with a mark. */
export function cut(value: string, max: number): string {
  if (value.length <= max) return value;
  const end = max - 1;
  const code = value.charCodeAt(end - 1);
  return detached(`${value.slice(0, code >= 0xd800 && code <= 0xdbff ? end - 1 : end)}…`);
}
