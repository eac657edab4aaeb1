import { canonicalAddress } from "../address.ts";
import { type Confidence, cutWord, type Endpoint, type Mention } from "./mention.ts";

/** Where the two endpoints listen (eks-auto-mode.md §3.3, §5). 169.254.170.2 is left out on purpose: it is the
 * credential endpoint of ECS tasks, and nothing listens there on an EKS node. */
const ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map([
  ["169.254.169.254", "imds"],
  ["fd00:ec2::254", "imds"],
  ["169.254.170.23", "pod-identity-agent"],
  ["fd00:ec2::23", "pod-identity-agent"],
]);

/** The IPv4 endpoints as one number, to reject ordinary numbers without parsing each as an address. */
const WHOLE_NUMBERS: readonly number[] = [0xa9fea9fe, 0xa9feaa17];

/** Every host in the text that is one of the endpoints, whichever way its address is spelled. Linear: a text is cut
 * into tokens once, and only those that can be one of the addresses are parsed. */
export function hostMentions(text: string): readonly Mention[] {
  const mentions: Mention[] = [];
  const ends = new Set<number>();
  for (const match of text.matchAll(/[0-9a-f:.]{8,}/gi)) {
    const found = ipv6(match[0]);
    if (found === undefined) continue;
    mentions.push({ endpoint: found.endpoint, how: "address", word: cutWord(found.word), confidence: "high" });
    ends.add(match.index + found.end);
  }
  for (const match of text.matchAll(/[\w.-]{10,}/g)) {
    // `curl -x169.254.169.254`: an option and its value in one word.
    const start = match.index + (/^-[a-z]\d/i.test(match[0]) ? 2 : 0);
    const end = trimmedEnd(text, start, match.index + match[0].length, "-.");
    const token = text.slice(start, end);
    // The dotted tail of an IPv6 address was judged with its head.
    const mention = ends.has(end) ? undefined : (ipv4(text, token, start) ?? hostName(text, token, start));
    if (mention !== undefined) mentions.push(mention);
  }
  return mentions;
}

/** The IPv6 endpoint that a run of hexadecimal digits, colons and dots ends with. `curl --resolve host:80:ADDRESS`
 * puts other pieces in front, so each piece that such an address can begin with is tried; no spelling is longer than
 * 45 characters. */
function ipv6(run: string): { readonly endpoint: Endpoint; readonly word: string; readonly end: number } | undefined {
  const end = trimmedEnd(run, 0, run.length, ".:");
  const text = run.slice(Math.max(0, end - 45), end);
  if (!/:.*(?:23|254|a9fe|aa17|\.84|\.35)$/i.test(text)) return undefined;
  for (const start of text.matchAll(/(?<![0-9a-f.])(?=fd00:|::|0{1,4}:|0{0,2}64:)/gi)) {
    const word = text.slice(start.index);
    const endpoint = ENDPOINTS.get(canonicalAddress(word) ?? "");
    if (endpoint !== undefined) return { endpoint, word, end };
  }
  return undefined;
}

/** The end of a token without the punctuation of a sentence or the dot of an absolute name. */
function trimmedEnd(text: string, start: number, end: number, marks: string): number {
  let last = end;
  while (last > start && marks.includes(text[last - 1] ?? " ")) last -= 1;
  return last;
}

/** An IPv4 endpoint as inet_aton(3) and the WHATWG host parser read it: one to four parts, each decimal, octal or
 * hexadecimal. */
function ipv4(text: string, token: string, start: number): Mention | undefined {
  if (!/^(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+)){0,3}$/i.test(token) || !canBeEndpoint(token)) return undefined;
  const mention = (endpoint: Endpoint, how: Mention["how"], confidence: Confidence): Mention => ({
    endpoint,
    how,
    word: cutWord(token),
    confidence,
  });
  const read = ENDPOINTS.get(canonicalAddress(token) ?? "");
  if (read === undefined) {
    // Java, older Go and older Python read zero-padded parts as decimal: 169.254.169.0254.
    const padded = ENDPOINTS.get(token.split(".").map(Number).join("."));
    return padded === undefined ? undefined : mention(padded, "number", "low");
  }
  if (ENDPOINTS.has(token)) return mention(read, "address", "high");
  const place = position(text, start, start + token.length);
  if (place === "authority") return mention(read, "number", "high");
  // A bare number can be anything: an id, an amount, a duration. Hexadecimal and dotted ones hardly.
  if (/^\d+$/.test(token)) return place === "word" ? mention(read, "number", "medium") : undefined;
  return mention(read, "number", place === "word" ? "high" : "medium");
}

/** A cheap look at the first part, so that a text full of numbers costs no address parsing. */
function canBeEndpoint(token: string): boolean {
  const [first = "", ...rest] = token.split(".", 2);
  const radix = first.startsWith("0") ? 8 : 10;
  const value = /^0x/i.test(first) ? Number.parseInt(first, 16) : Number.parseInt(first, radix);
  return rest.length === 0 ? WHOLE_NUMBERS.includes(value) : value === 0xa9 || Number(first) === 0xa9;
}

/** Where a token stands: `authority` of a URL, of bash's /dev/tcp, of curl's --resolve or of socat's TCP:; `word` of
 * its own, maybe with port or path behind, or the value of an option; undefined elsewhere (`id=2852039166`,
 * `[1,2852039166]`, a JSON value). */
function position(text: string, start: number, end: number): "authority" | "word" | undefined {
  const before = text.slice(Math.max(0, start - 44), start);
  if (/(?::\/\/|@|\/dev\/(?:tcp|udp)\/|[\w.]:\d{1,5}:|\b(?:tcp|udp)[46]?(?:-connect)?:)$/i.test(before))
    return "authority";
  const opens = before === "" || /[\s"'`;|&()<>]$/.test(before) || /(?:^|\s)--?[\w-]{1,40}=$/.test(before);
  return opens && /^(?:$|[\s"'`;|&()<>/?#.]|:\d)/.test(text.slice(end, end + 2)) ? "word" : undefined;
}

/** DNS services that answer with the address in the name (nip.io, sslip.io: dots or dashes, anywhere in the name;
 * nip.io and rbndr.us also eight hexadecimal digits). sslip.io documents how to serve one's own zone that way, so
 * other zones count, weakly. */
const WILDCARD_ZONES = /[.](?:nip\.io|sslip\.io|xip\.io|traefik\.me|1u\.ms|rbndr\.us)$/;
const EMBEDDED =
  /(?:^|[.-])(?:(169[.-]254[.-]169[.-]254|a9fea9fe)|169[.-]254[.-]170[.-]23|a9feaa17)(?=[.-])(?:[\w.-]*\.)?[a-z]{2,}$/;

/** Names of the endpoints: EC2's own for IMDS (eks-auto-mode.md §5), and wildcard DNS. */
function hostName(text: string, token: string, start: number): Mention | undefined {
  if (token.length > 253) return undefined;
  const name = token.toLowerCase();
  if (name === "instance-data.ec2.internal") return { endpoint: "imds", how: "name", word: token, confidence: "high" };
  if (name === "instance-data") {
    // Also a fine name for a file or a directory: sure only where a host must stand.
    const place = position(text, start, start + token.length);
    if (place === undefined) return undefined;
    return { endpoint: "imds", how: "name", word: token, confidence: place === "authority" ? "high" : "low" };
  }
  const confidence = WILDCARD_ZONES.test(name) ? "high" : "low";
  const embedded = EMBEDDED.exec(name);
  if (embedded !== null) {
    const endpoint = embedded[1] === undefined ? "pod-identity-agent" : "imds";
    return { endpoint, how: "name", word: cutWord(token), confidence };
  }
  const dashed = /(?:^|[.])([0-9a-f-]{8,39})\.sslip\.io$/.exec(name)?.[1];
  const endpoint =
    dashed === undefined ? undefined : ENDPOINTS.get(canonicalAddress(dashed.replaceAll("-", ":")) ?? "");
  return endpoint === undefined ? undefined : { endpoint, how: "name", word: cutWord(token), confidence };
}
