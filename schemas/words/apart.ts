import { cutWord, type Endpoint, type Mention } from "./mention.ts";

/** The four bytes of an address, as a language or `printf '%d.%d.%d.%d'` is given them; backwards for tac and for
 * little-endian packing. */
const BYTES: ReadonlyMap<string, Endpoint> = new Map([
  ["169 254 169 254", "imds"],
  ["254 169 254 169", "imds"],
  ["169 254 170 23", "pod-identity-agent"],
  ["23 170 254 169", "pod-identity-agent"],
]);

/** The same bytes as characters, and as hexadecimal digits without a prefix: `inet_ntoa(b'\xa9\xfe\xa9\xfe')`,
 * `bytes.fromhex('a9fea9fe')`. */
const RAW_BYTES = /\u00a9\u00fe(?:\u00a9\u00fe|\u00aa[^ -~])|(?<![\w.:-])a9fea(?:9fe|a17)(?![\w.:-])/gi;

const WHOLE: readonly (readonly [string, Endpoint])[] = [
  ["169.254.169.254", "imds"],
  ["169.254.170.23", "pod-identity-agent"],
];

const SPLIT: readonly (readonly [RegExp, string, Endpoint])[] = WHOLE.map(([address, endpoint]) => [
  splitAnywhere(address),
  address,
  endpoint,
]);

/** An address in pieces: between two string literals anywhere (`"16" + "9.254.169.254"`), between two words only where
 * no piece is one or two digits of the ends, because `ping -c 1 69.254.169.254` means another host. A separator holds
 * no digit or dot: linear. */
function splitAnywhere(address: string): RegExp {
  const literal = "[\"'`][\\s+,]{0,4}[\"'`]";
  const pattern = Array.from(address, (char, index) => {
    const words = index >= 3 && index <= address.length - 3 ? `|["'\`]?[\\s,+]{1,4}["'\`]?` : "";
    return `${index === 0 ? "" : `(?:${literal}${words})?`}${char === "." ? "\\." : char}`;
  }).join("");
  return new RegExp(`(?<![\\w.])${pattern}(?!\\w|\\.\\d)`, "g");
}

/** An address whose parts stand side by side without being one word: `'.'.join(map(str, [169, 254, 169, 254]))`,
 * `printf %s%s 169.254. 169.254`, `echo 169x254x169x254 | tr x .`. What would join them is not looked at, so these
 * are weak. */
export function apartMentions(text: string): readonly Mention[] {
  const found: (readonly [Endpoint, string])[] = [];
  for (const [pattern, address, endpoint] of SPLIT) {
    for (const [word] of text.matchAll(pattern)) if (word !== address) found.push([endpoint, word]);
  }
  for (const [word] of text.matchAll(RAW_BYTES)) {
    found.push([/^(?:\u00a9\u00fe\u00a9|a9fea9)/i.test(word) ? "imds" : "pod-identity-agent", word]);
  }
  found.push(...inNumbers(text));
  return found.map(([endpoint, word]) => ({ endpoint, how: "assembled", word: cutWord(word), confidence: "low" }));
}

const NUMBER = /0x[0-9a-f]{1,8}|\d+/gi;

/** Four numbers one after the other that are the bytes of an endpoint. */
function inNumbers(text: string): readonly (readonly [Endpoint, string])[] {
  const found: (readonly [Endpoint, string])[] = [];
  let last: readonly RegExpExecArray[] = [];
  for (const match of text.matchAll(NUMBER)) {
    const previous = last.at(-1);
    const gap = previous === undefined ? 0 : match.index - previous.index - previous[0].length;
    last = gap >= 1 && gap <= 8 ? [...last.slice(-3), match] : [match];
    const endpoint = last.length < 4 ? undefined : BYTES.get(last.map(([digits]) => Number(digits)).join(" "));
    const word = text.slice(last[0]?.index ?? 0, match.index + match[0].length);
    // Dots alone make one token, and what that is hosts.ts has said.
    const onlyDots = /^\.+$/.test(word.replace(NUMBER, ""));
    if (endpoint !== undefined && !onlyDots) found.push([endpoint, word]);
  }
  return found;
}

/** Part of an IPv4 endpoint, at least two of its numbers, in what was decoded: nobody encodes `169.254` for another
 * reason than to hide the rest. `plain` is the text as it stood: what could be read there was not hidden. */
export function fragmentMentions(text: string, plain: string): readonly Mention[] {
  const mentions: Mention[] = [];
  for (const [token] of text.matchAll(/(?<![\w.])\.?\d{2,3}(?:\.\d{1,3}){1,3}\.?(?![\w.])/g)) {
    const piece = token.replace(/^\.|\.$/g, "");
    const owner = WHOLE.find(([address]) => address !== piece && isPart(address, piece));
    if (owner === undefined || plain.includes(piece)) continue;
    mentions.push({ endpoint: owner[1], how: "encoded", word: token, confidence: "low" });
  }
  return mentions;
}

const isPart = (address: string, piece: string): boolean =>
  piece.length >= 7 && (address.startsWith(`${piece}.`) || address.endsWith(`.${piece}`));
