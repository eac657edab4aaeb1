import { stripVTControlCharacters, styleText } from "node:util";
import type { Severity } from "../schemas/findings/finding.ts";

/** Characters that make a terminal do something, or that hide what is written: C0 and C1 controls, bidirectional overrides and isolates, zero-width
 * characters, line separators. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const escaped = (char: string): string => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;

/** Text of a log as it may reach a terminal: what is not printable is shown as its escape. Everything printed to people passes here. */
export function safe(text: string): string {
  return text.replace(UNSAFE, (char) => (char === "\t" ? " " : escaped(char)));
}

/** JSON on one line, with what JSON leaves unescaped but a terminal obeys (DEL, C1, bidirectional and zero-width characters) escaped: the same value. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(UNSAFE, (char) =>
    [...new Array(char.length).keys()].map((at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, "0")}`).join(""),
  );
}

export interface Style {
  readonly severity: (severity: Severity, text: string) => string;
  readonly dim: (text: string) => string;
  readonly bold: (text: string) => string;
}

const COLOURS: Readonly<Record<Severity, Parameters<typeof styleText>[0]>> = {
  critical: ["bold", "red"],
  high: "red",
  medium: "yellow",
  low: "cyan",
  informational: "gray",
};

/** Colours, or none: `NO_COLOR`, `--no-color` and anything that is no terminal mean none. */
export function styleOf(colour: boolean): Style {
  const paint = (format: Parameters<typeof styleText>[0], text: string): string =>
    colour ? styleText(format, text, { validateStream: false }) : text;
  return {
    severity: (severity, text) => paint(COLOURS[severity], text),
    dim: (text) => paint("dim", text),
    bold: (text) => paint("bold", text),
  };
}

export function wantsColour(
  stream: { readonly isTTY?: boolean },
  asked: boolean,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  if (!asked || (env.NO_COLOR ?? "") !== "") return false;
  return stream.isTTY === true || (env.FORCE_COLOR ?? "0") !== "0";
}

/** Without escape sequences: what a width is counted on. */
export const plain = (text: string): string => stripVTControlCharacters(text);
