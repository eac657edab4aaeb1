const NAMED: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", "'": "'", '"': '"', "\\": "\\" };

/** `\x31`, `\u0031`, `\u{31}`, `\U00000031`, octal of two or three digits (one digit is a back reference or a split
 * word: `1\69.254`), and `\n`, `\r`, `\t`. A second backslash belongs to an outer layer of quoting. */
const ESCAPE =
  /\\{1,4}(?:([xX]\{?[0-9a-fA-F]{1,2}\}?|u\{?[0-9a-fA-F]{2,6}\}?|U[0-9a-fA-F]{8})|0?([0-7]{2,3})|([nrt]))/g;

/** The text with its escapes put in place: what printf(1), `echo -e` and the string literals of most languages make of
 * it. */
export function unescaped(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(ESCAPE, (whole, hex, octal, named) => {
    if (named !== undefined) return NAMED[named] ?? whole;
    const code = octal === undefined ? Number.parseInt(hex.replace(/\W|^[xu]/gi, ""), 16) : Number.parseInt(octal, 8);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** The inside of bash's `$'...'` (bash(1), QUOTING): the escapes above, of any number of octal digits, and quotes. */
export const ansiQuoted = (inside: string): string =>
  inside.replace(
    /\\(?:x([0-9a-f]{1,2})|u([0-9a-f]{1,4})|([0-7]{1,3})|([\s\S]))/gi,
    (_whole, byte, unit, octal, other) => {
      if (other !== undefined) return NAMED[other] ?? other;
      return String.fromCodePoint(octal === undefined ? Number.parseInt(byte ?? unit, 16) : Number.parseInt(octal, 8));
    },
  );
