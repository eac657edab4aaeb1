/** Common name and organisation, which the server takes for user and groups. DER: object identifier 2.5.4.3 or 2.5.4.10, a string's tag, its
 * length, its bytes. */
export interface CertificateNames {
  readonly user: readonly string[];
  readonly groups: readonly string[];
}

const ATTRIBUTE = [0x06, 0x03, 0x55, 0x04];
const COMMON_NAME = 0x03;
const ORGANISATION = 0x0a;
/** UTF8String, PrintableString, T61String, IA5String, BMPString. */
const STRINGS: ReadonlySet<number> = new Set([0x0c, 0x13, 0x14, 0x16, 0x1e]);
const WIDE = 0x1e;

/** `content`: the request's bytes, one a character. */
export function namesOf(content: string): CertificateNames {
  const byte = (at: number): number => content.charCodeAt(at);
  const names = { user: [] as string[], groups: [] as string[] };
  const mark = String.fromCharCode(...ATTRIBUTE);
  for (let at = content.indexOf(mark); at >= 0; at = content.indexOf(mark, at + 1)) {
    const type = byte(at + 4);
    const tag = byte(at + 5);
    if ((type !== COMMON_NAME && type !== ORGANISATION) || !STRINGS.has(tag)) continue;
    // A length of 128 and more has a byte before it that counts its bytes.
    const long = byte(at + 6) === 0x81;
    const start = at + (long ? 8 : 7);
    const value = content.slice(start, start + byte(start - 1));
    (type === COMMON_NAME ? names.user : names.groups).push(tag === WIDE ? value.replaceAll("\0", "") : value);
  }
  return names;
}
