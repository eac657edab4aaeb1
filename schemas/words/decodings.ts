/** Each function reads one encoding wherever the text seems to hold it and puts the plain text in its place, so that
 * what stands around it stays around it; a text without the encoding comes back as it is. All are linear and none
 * makes the text more than twice as long. */

/** `%31%36%39`: URL parsers undo it in a host, and curl does as the WHATWG host parser (URL standard, host parsing). */
export const percentDecoded = (text: string): string =>
  text.replace(/%([0-9a-f]{2})/gi, (_whole, digits) => String.fromCharCode(Number.parseInt(digits, 16)));

/** Full-width digits, the ideographic full stop and the like: IDNA maps them to ASCII before the name is looked up, and
 * drops soft hyphens and what has no width (UTS 46). */
export const asciiFolded = (text: string): string =>
  /[^\0-\u007f]/.test(text)
    ? text
        .normalize("NFKC")
        .replace(/[\u3002\uff0e\uff61]/g, ".")
        .replace(/[\u00ad\u200b-\u200d\u2060\ufeff]/g, "")
    : text;

/** Backwards, as `rev` prints a line and `[::-1]` a string, where something turns text around or a piece of an address
 * stands backwards. */
export const reversed = (text: string): string =>
  /rev|::-1|452|atad/i.test(text) ? text.split("").reverse().join("") : text;

/** Base64 of at least 16 characters, url-safe or not, with or without padding. A slash also separates paths, so a
 * token that makes no text is tried in its parts. */
export function base64Decoded(text: string): string {
  const read = (token: string): string | undefined => {
    const bits = token.replace(/=+$/, "").replaceAll("-", "+").replaceAll("_", "/");
    // One character beyond a multiple of four carries no whole byte; atob refuses it.
    const decoded = atob(bits.length % 4 === 1 ? bits.slice(0, -1) : bits);
    return withoutZeros(decoded);
  };
  return decodedInPlace(text, /[A-Za-z0-9+/_-]{16,}={0,2}/g, (token) => {
    const whole = read(token);
    if (whole === undefined || isText(whole) || !token.includes("/")) return whole;
    const parts = token.split("/").filter((part) => part.length >= 16);
    return parts.map(read).find((part) => part !== undefined && isText(part)) ?? whole;
  });
}

/** Base32 (RFC 4648), where something is named that undoes it: upper-case words and numbers look the same. */
export const base32Decoded = (text: string): string =>
  /b(?:ase)?32/i.test(text) ? decodedInPlace(text, /(?<![\w=])[A-Z2-7]{12,}(?:={0,6})(?!\w)/g, fromBase32) : text;

function fromBase32(token: string): string {
  const bytes: number[] = [];
  let held = 0;
  let bits = 0;
  for (const digit of token.replace(/=+$/, "")) {
    held = ((held << 5) | "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(digit)) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((held >> bits) & 0xff);
  }
  return bytes.map((byte) => String.fromCharCode(byte)).join("");
}

/** Runs of hexadecimal digits, as `xxd -r -p`, `unhex` and `bytes.fromhex` take them: at least seven bytes, `169.254`.
 */
export const hexDecoded = (text: string): string =>
  decodedInPlace(text, /(?<![0-9a-z])(?:0x)?((?:[0-9a-f]{2}){7,})(?![0-9a-z])/gi, (token) =>
    withoutZeros(token.replace(/^0x/i, "").replace(/../g, (pair) => String.fromCharCode(Number.parseInt(pair, 16)))),
  );

/** Characters by decimal number, one beside the other: `chr(49)+chr(54)`, `String.fromCharCode(49,54,57)`,
 * `pack("C*",49,54)`. At least seven of them. */
export const decimalCodesDecoded = (text: string): string => sequences(text, /\d+/g, 10, 10);

/** Characters by hexadecimal number: `31 36 39 2e` for xxd, `0x31,0x36`. At least seven of them. */
export const hexCodesDecoded = (text: string): string =>
  sequences(text, /(?<![0-9a-z])(?:0x)?[0-9a-f]{2}(?![0-9a-z])/gi, 16, 4);

/** Replaces runs of at least seven numbers, each the code of an ASCII character and at most `maxGap` characters from
 * the next. */
function sequences(text: string, number: RegExp, radix: number, maxGap: number): string {
  const out: string[] = [];
  let copied = 0;
  let run = { start: 0, end: 0, spelled: "" };
  const close = (): void => {
    if (run.spelled.length < 7) return;
    out.push(text.slice(copied, run.start), run.spelled);
    copied = run.end;
  };
  for (const match of text.matchAll(number)) {
    const code = Number.parseInt(match[0], radix);
    const printable = (code >= 0x20 && code < 0x7f) || code === 10;
    const joins = printable && run.spelled !== "" && match.index - run.end >= 1 && match.index - run.end <= maxGap;
    const end = match.index + match[0].length;
    if (joins) {
      run = { start: run.start, end, spelled: run.spelled + String.fromCharCode(code) };
      continue;
    }
    close();
    run = { start: match.index, end, spelled: printable ? String.fromCharCode(code) : "" };
  }
  close();
  return copied === 0 ? text : out.join("") + text.slice(copied);
}

/** Puts what is text in its token's place. Anything else goes to the end: it may be a path or a key that only looks
 * encoded, which must stay, or a script with a few bytes of noise, which must be read. */
function decodedInPlace(text: string, pattern: RegExp, decode: (token: string) => string | undefined): string {
  const noisy: string[] = [];
  const plain = text.replace(pattern, (token) => {
    const decoded = decode(token);
    if (decoded !== undefined && isText(decoded)) return decoded;
    if (decoded !== undefined && /[ -~]{7}/.test(decoded)) noisy.push(decoded);
    return token;
  });
  return noisy.length === 0 ? plain : `${plain}\n${noisy.join("\n")}`;
}

const isText = (decoded: string): boolean => /^[\t\n\r -~]+$/.test(decoded);

/** UTF-16, as PowerShell encodes commands, has a zero byte beside each ASCII character. */
const withoutZeros = (decoded: string): string => decoded.replaceAll("\0", "");
